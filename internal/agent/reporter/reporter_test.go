package reporter_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/agent/reporter"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// scene is a reporter that runs, and the test plays its runner.
type scene struct {
	t         *testing.T
	collector *collectortest.Collector
	options   reporter.Options
	terminate context.CancelFunc // SIGTERM
	ended     chan error
	conn      net.Conn
	to        *wire.LineWriter
	from      *wire.LineReader
}

var running = wire.Config{Mode: "run", Slots: 2}

func start(t *testing.T, c *collectortest.Collector) *scene {
	t.Helper()
	if c.Config.Mode == "" {
		c.Config = running
	}
	c.Start(t)
	dir := t.TempDir()
	s := &scene{t: t, collector: c, ended: make(chan error, 1)}
	s.options = reporter.Options{
		Collector: c.URL(), ServerName: "example.com", CA: c.CA(), Batch: "b", TokenPath: filepath.Join(dir, "token"),
		Socket: filepath.Join(dir, "s"), Marker: filepath.Join(dir, "marker"), LastWords: filepath.Join(dir, "words"),
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), StopWithin: 20 * time.Second, Drain: 5 * time.Second,
	}
	s.ok(os.WriteFile(s.options.TokenPath, []byte(collectortest.Token), 0o600))
	return s
}

func (s *scene) report() *scene {
	ctx, stop := context.WithCancel(context.Background())
	s.terminate = stop
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ended <- reporter.Run(ctx, s.options)
	}()
	s.t.Cleanup(func() {
		stop()
		if s.conn != nil {
			_ = s.conn.Close()
		}
		<-done
	})
	return s
}

func (s *scene) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// connect plays the runner up to its configuration.
func (s *scene) connect() *scene {
	s.t.Helper()
	for s.conn == nil {
		s.conn, _ = net.Dial("unix", s.options.Socket)
	}
	s.to, s.from = wire.NewLineWriter(s.conn), wire.NewLineReader(s.conn)
	s.say(wire.ToReporter{Hello: &wire.RunnerHello{Version: wire.Version}})
	return s
}

func (s *scene) say(m wire.ToReporter) {
	s.t.Helper()
	s.ok(s.to.Send(m))
}

func (s *scene) hear() wire.ToRunner {
	s.t.Helper()
	var m wire.ToRunner
	s.ok(s.from.Receive(&m))
	return m
}

// play takes leases until it is told to drain, and gives each attempt the outcome that its ordinal says.
func (s *scene) play(outcomes ...outcome.Outcome) {
	s.t.Helper()
	if s.hear().Config == nil {
		s.t.Fatal("no configuration")
	}
	for {
		m := s.hear()
		if m.Lease == nil || m.Lease.Drain {
			return
		}
		for _, a := range m.Lease.Attempts {
			s.say(wire.ToReporter{Started: &wire.Held{Ordinal: a.Ordinal, Attempt: a.Attempt}})
			if o := outcomes[a.Ordinal]; o != outcome.None {
				s.say(wire.ToReporter{Result: &wire.Result{Row: row(a.Ordinal, o)}})
			}
		}
	}
}

func (s *scene) bye() { s.say(wire.ToReporter{Bye: &wire.Bye{}}) }

func row(ordinal uint32, o outcome.Outcome) outcome.Row {
	return outcome.Row{Ordinal: ordinal, Attempt: 1, Outcome: o}
}

func (s *scene) wantRows(outcomes ...outcome.Outcome) {
	s.t.Helper()
	var want []outcome.Row
	for i, o := range outcomes {
		if o != outcome.None {
			want = append(want, row(uint32(i), o))
		}
	}
	if diff := cmp.Diff(want, s.collector.Rows()); diff != "" {
		s.t.Error(diff)
	}
	if wrong := s.collector.Wrong(); len(wrong) > 0 {
		s.t.Errorf("the reporter broke the contract: %q", wrong)
	}
}

func (s *scene) wantSeal(lost ...wire.Held) {
	s.t.Helper()
	seal := s.collector.Seal()
	if seal == nil {
		s.t.Fatal("no seal")
	}
	rows := s.collector.Rows()
	want := wire.Seal{Count: len(rows), Digest: outcome.Digest(rows), Lost: lost, Died: seal.Died}
	if diff := cmp.Diff(want, *seal); diff != "" {
		s.t.Error(diff)
	}
}

func lease(from, to uint32) wire.Lease {
	l := wire.Lease{Binaries: []wire.Binary{{Suite: "s", ID: "s::b"}}, Settings: []wire.TestSettings{{Weight: 1}}}
	for o := from; o < to; o++ {
		l.Attempts = append(l.Attempts, wire.Assignment{Ordinal: o, Attempt: 1, Name: "t"})
	}
	return l
}

func leases() []wire.Lease { return []wire.Lease{lease(0, 2), lease(2, 3)} }

var three = []outcome.Outcome{outcome.Passed, outcome.Failed, outcome.Passed}

func TestTroubleOfTheCollectorChangesNoResult(t *testing.T) {
	first := func(n, status int, paths ...string) func(string, int) int {
		return func(path string, i int) int {
			for _, p := range paths {
				if p == path && i <= n {
					return status
				}
			}
			return 0
		}
	}
	cases := map[string]*collectortest.Collector{
		"there is no trouble":                                         {},
		"the collector is not there at first":                         {Refuse: first(3, 503, wire.PathHello)},
		"reports fail and are sent again":                             {Refuse: first(2, 500, wire.PathReport)},
		"leases fail and are asked again":                             {Refuse: first(2, 500, wire.PathLease)},
		"another collector takes over with each of the first reports": {Refuse: first(3, 409, wire.PathReport)},
		"another collector takes over with the first leases":          {Refuse: first(2, 409, wire.PathLease)},
		"only what is waited for is durable": {Durable: func(last int64, wait bool) int64 {
			if wait {
				return last
			}
			return 0
		}},
		"it is not durable at once even then": {Durable: slowly()},
		"all is lost once, when all has come": {
			Durable: func(last int64, wait bool) int64 {
				if wait {
					return last
				}
				return 0
			},
			Refuse: func(path string, n int) int {
				if path == wire.PathLease && n == 3 {
					return 409
				}
				return 0
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.Leases = leases()
			s := start(t, c).report().connect()
			s.play(three...)
			s.bye()
			s.ok(<-s.ended)
			s.wantRows(three...)
			s.wantSeal()
			if _, err := os.Stat(s.options.LastWords); !errors.Is(err, os.ErrNotExist) {
				t.Error("all was acknowledged, and yet there are last words")
			}
		})
	}
}

// slowly acknowledges three messages more each time it is waited for.
func slowly() func(int64, bool) int64 {
	var durable int64
	return func(last int64, wait bool) int64 {
		if wait && durable < last {
			durable = min(last, durable+3)
		}
		return durable
	}
}

func TestARunThatIsOverEndsTheRunner(t *testing.T) {
	for name, path := range map[string]string{
		"told at hello": wire.PathHello, "told at a lease": wire.PathLease, "told at a report": wire.PathReport,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &collectortest.Collector{Leases: leases(), Refuse: func(p string, n int) int {
				if p == path && (n > 1 || p != wire.PathLease) {
					return 410
				}
				return 0
			}}).report().connect()
			for m := s.hear(); m.Done == nil; m = s.hear() {
				if m.Lease != nil {
					s.say(wire.ToReporter{Started: &wire.Held{Ordinal: 0, Attempt: 1}})
				}
			}
			_ = s.conn.Close()
			s.ok(<-s.ended)
		})
	}
}

func TestWhatRanWhenTheRunnerDiedIsLost(t *testing.T) {
	s := start(t, &collectortest.Collector{Leases: []wire.Lease{lease(0, 2)}, Results: 1}).report().connect()
	s.play(outcome.Passed, outcome.None)
	s.ok(s.conn.Close())
	s.ok(<-s.ended)
	s.wantRows(outcome.Passed)
	s.wantSeal(wire.Held{Ordinal: 1, Attempt: 1, Started: true})
	if s.collector.Seal().Died == "" {
		t.Error("the seal does not say how the runner died")
	}
}

func TestWhatIsNotAcknowledgedWhenTimeIsUpAreTheLastWords(t *testing.T) {
	c := &collectortest.Collector{
		Leases: []wire.Lease{lease(0, 3)}, Results: 2, Durable: func(int64, bool) int64 { return 0 },
	}
	s := start(t, c)
	s.options.StopWithin = time.Millisecond
	s.report().connect()
	s.play(outcome.Passed, outcome.Failed, outcome.None)
	s.ok(s.conn.Close())
	s.terminate()
	if err := <-s.ended; !errors.Is(err, reporter.ErrUnacknowledged) {
		t.Errorf("got %v", err)
	}
	message, err := os.ReadFile(s.options.LastWords)
	s.ok(err)
	got, err := wire.ParseLastWords(message)
	s.ok(err)
	want := wire.LastWords{
		Rows: []outcome.Row{row(1, outcome.Failed), row(0, outcome.Passed)},
		Lost: []wire.Held{{Ordinal: 2, Attempt: 1, Started: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestANewCollectorIsToldWhatIsHeld(t *testing.T) {
	s := start(t, &collectortest.Collector{
		Leases: []wire.Lease{lease(0, 4)}, Results: 4,
		Durable: func(int64, bool) int64 { return 0 },
	})
	s.options.StopWithin = time.Millisecond
	s.report().connect()
	s.hear()
	s.hear()
	s.say(wire.ToReporter{Started: &wire.Held{Ordinal: 0, Attempt: 1}})
	s.say(wire.ToReporter{Started: &wire.Held{Ordinal: 1, Attempt: 1}})
	s.collector.TakeOver()
	s.say(wire.ToReporter{Result: &wire.Result{Row: row(0, outcome.Failed)}})
	for len(s.collector.Hellos()) < 2 {
		time.Sleep(time.Millisecond) // the reporter's own pause decides when
	}
	want := []wire.Held{
		{Ordinal: 0, Attempt: 1, Started: true},
		{Ordinal: 1, Attempt: 1, Started: true},
		{Ordinal: 2, Attempt: 1},
		{Ordinal: 3, Attempt: 1},
	}
	if diff := cmp.Diff(want, s.collector.Hellos()[1].Held); diff != "" {
		t.Error(diff)
	}
}

func TestAnAttemptThatIsHeldIsNotHandedOnTwice(t *testing.T) {
	s := start(t, &collectortest.Collector{Leases: []wire.Lease{lease(0, 1), lease(0, 2)}, Results: 2}).report().connect()
	s.hear()
	if got := len(s.hear().Lease.Attempts); got != 1 {
		t.Fatalf("first lease has %d attempts", got)
	}
	if got := s.hear().Lease.Attempts; len(got) != 1 || got[0].Ordinal != 1 {
		t.Errorf("second lease: %+v", got)
	}
}

func TestOnlyTheFirstConnectionSpeaks(t *testing.T) {
	s := start(t, &collectortest.Collector{Leases: leases()}).report().connect()
	s.hear()
	if _, err := net.Dial("unix", s.options.Socket); err == nil {
		t.Error("a second connection was taken")
	}
	if _, err := os.Stat(s.options.Socket); !errors.Is(err, os.ErrNotExist) {
		t.Error("the socket is still there")
	}
}

func TestAResultOfATestThatWasNotHandedOutIsIgnored(t *testing.T) {
	s := start(t, &collectortest.Collector{Leases: leases()}).report().connect()
	s.say(wire.ToReporter{Result: &wire.Result{Row: row(7, outcome.Passed)}})
	s.play(three...)
	s.bye()
	s.ok(<-s.ended)
	s.wantRows(three...)
}

func TestAReporterThatWasRestartedDoesNotServe(t *testing.T) {
	s := start(t, &collectortest.Collector{Leases: leases()}).report().connect()
	s.play(three...)
	s.bye()
	s.ok(<-s.ended)
	if err := reporter.Run(context.Background(), s.options); !errors.Is(err, reporter.ErrRestarted) {
		t.Errorf("got %v", err)
	}
}

func TestAPodWithoutARunnerSealsAnEmptyBatch(t *testing.T) {
	s := start(t, &collectortest.Collector{})
	s.report()
	for len(s.collector.Hellos()) == 0 {
		time.Sleep(time.Millisecond)
	}
	s.terminate()
	s.ok(<-s.ended)
	s.wantSeal()
}

func TestACatalogIsBroughtAgainFromItsBeginningToANewCollector(t *testing.T) {
	s := start(t, &collectortest.Collector{
		Config: wire.Config{Mode: "list"},
		Refuse: func(path string, n int) int {
			if path == wire.PathCatalog && n == 2 {
				return 409
			}
			return 0
		},
	}).report().connect()
	s.hear()
	for part := range 3 {
		s.say(wire.ToReporter{Catalog: &wire.Catalog{Part: part, Last: part == 2}})
	}
	if s.hear().Done == nil {
		t.Error("the runner was not told that the catalog is stored")
	}
	s.bye()
	s.ok(<-s.ended)
	var parts []int
	for _, p := range s.collector.Parts() {
		parts = append(parts, p.Part)
	}
	if diff := cmp.Diff([]int{0, 1, 2}, parts); diff != "" {
		t.Error(diff)
	}
	if s.collector.Seal() != nil {
		t.Error("a listing has no seal")
	}
}
