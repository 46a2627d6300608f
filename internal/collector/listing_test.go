package collector_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/wire"
)

const lister = "job:smoke-list/pod-1"

// expecting is a leader that waits for a run's tests, and the epoch that its listing pod speaks in.
func expecting(t *testing.T) (*world, *leader, string) {
	t.Helper()
	w := newWorld(t, 3, interceptor.Funcs{})
	runs := collector.NewRuns(w.api)
	runs.Expect(w.run)
	l := &leader{t: t, runs: runs, http: collector.Handler(runs, byToken{})}
	var reply wire.HelloReply
	hello := wire.Hello{Version: wire.Version}
	if code := l.ask(context.Background(), lister, wire.PathHello, hello, &reply); code != 200 {
		t.Fatalf("hello was answered %d", code)
	}
	wantConfig := wire.Config{
		Mode: "list", RunName: "smoke", RunUID: string(runUID), Slots: 2, RunIgnored: "Default", Threads: 8,
		Suites:        []wire.Suite{{Name: "unit", Harness: "go", Binaries: []string{"/t/*.test"}}},
		ListTimeoutMS: 300_000, GraceMS: 10_000,
	}
	if diff := cmp.Diff(wantConfig, reply.Config); diff != "" {
		t.Errorf("the config: %s", diff)
	}
	return w, l, reply.Epoch
}

func parts(epoch string) (first, last wire.Catalog) {
	first = wire.Catalog{
		Version: 1, Epoch: epoch, Binaries: []wire.Binary{{Suite: "unit", ID: "unit::a", Path: "/t/a.test"}},
		Tests: []wire.Listed{{Name: "Test0002"}, {Name: "Test0000"}},
	}
	last = wire.Catalog{Version: 1, Epoch: epoch, Part: 1, Last: true, Tests: []wire.Listed{{Name: "Test0001"}}}
	return first, last
}

func (l *leader) bring(token string, part wire.Catalog) <-chan int {
	code := make(chan int, 1)
	go func() { code <- l.ask(context.Background(), token, wire.PathCatalog, part, nil) }()
	synctest.Wait()
	return code
}

func TestAListingIsAcknowledgedWhenItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l, epoch := expecting(t)
		defer l.stop()
		first, last := parts(epoch)
		for range 2 { // parts may come twice
			if code := <-l.bring(lister, first); code != 200 {
				t.Fatalf("the first part was answered %d", code)
			}
		}
		if _, ok := l.runs.Listed(runUID); ok {
			t.Error("a part was taken for all")
		}
		began := time.Now()
		if code := <-l.bring(lister, last); code != 503 || time.Since(began) != 20*time.Second {
			t.Errorf("answered %d after %v, and nothing is stored", code, time.Since(began))
		}
		told, ok := l.runs.Listed(runUID)
		if !ok || len(told.Tests) != 3 || len(told.Binaries) != 1 {
			t.Fatalf("told %+v", told)
		}
		waiting := l.bring(lister, last)
		l.live = l.runs.Open(w.run, w.known(), w.facts(), nil)
		if code := <-waiting; code != 200 {
			t.Errorf("answered %d after it was stored", code)
		}
		other := last
		other.Part, other.Tests = 0, []wire.Listed{{Name: "another"}}
		if code := <-l.bring("job:smoke-list/pod-2", other); code != 200 {
			t.Errorf("a second pod was answered %d", code)
		}
	})
}

func TestWhatCannotBeACatalogIsTheListingsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			change func(*wire.Catalog)
			want   string
		}{
			"the listing pod says so": {func(c *wire.Catalog) {
				*c = wire.Catalog{Version: 1, Epoch: c.Epoch, Last: true, Error: "boom"}
			}, "boom"},
			"a test of no binary": {func(c *wire.Catalog) { c.Tests = []wire.Listed{{Binary: 4, Name: "x"}} }, "binary 4"},
		} {
			_, l, epoch := expecting(t)
			first, _ := parts(epoch)
			first.Last = true
			tt.change(&first)
			waiting := l.bring(lister, first)
			told, ok := l.runs.Listed(runUID)
			if !ok || !strings.Contains(told.Error, tt.want) {
				t.Errorf("%s: told %+v", name, told)
			}
			l.runs.Forget(runUID)
			if code := <-waiting; code != 410 {
				t.Errorf("%s: answered %d", name, code)
			}
			l.stop()
		}
	})
}

func TestAListingIsForThisCollectorAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l, epoch := expecting(t)
		defer l.stop()
		_, last := parts(epoch)
		if code := <-l.bring(lister, last); code != 400 {
			t.Errorf("the second part before the first was answered %d", code)
		}
		last.Epoch = "old"
		if code := <-l.bring(lister, last); code != 409 {
			t.Errorf("an old epoch was answered %d", code)
		}
		if code := <-l.bring("smoke-w00000/pod", last); code != 403 {
			t.Errorf("a worker was answered %d", code)
		}
	})
}
