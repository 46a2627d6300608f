package agent_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// beLooker is `agent output`.
func beLooker() error {
	var o agent.OutputOptions
	if err := json.Unmarshal([]byte(os.Getenv(envOptions)), &o); err != nil {
		return err
	}
	os.Exit(agent.Output(os.Stdout, o))
	return nil
}

// runUIDOf is another one for each test: sockets are named after it.
func runUIDOf(t *testing.T) string { return fmt.Sprintf("%s-%d", t.Name(), os.Getpid()) }

// look starts `agent output` beside the runner.
func look(t *testing.T, o agent.OutputOptions) *wire.LineReader {
	t.Helper()
	text, err := json.Marshal(o)
	must(t, err)
	c := part(t, "looker", string(text))
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	t.Cleanup(func() { _, _ = io.Copy(io.Discard, out); _ = c.Wait() })
	return wire.NewLineReader(out)
}

// printed is what was shown of an attempt so far.
type printed struct {
	stdout, stderr string
	last           wire.LiveOutput
}

// until reads on until enough was shown, or all.
func (p *printed) until(t *testing.T, r *wire.LineReader, enough func(*printed) bool) {
	t.Helper()
	for !enough(p) && p.last.End == "" {
		var o wire.LiveOutput
		must(t, r.Receive(&o))
		if o.Error != "" {
			t.Fatal(o.Error)
		}
		p.stdout, p.stderr, p.last = p.stdout+text(o.Stdout), p.stderr+text(o.Stderr), o
	}
}

func text(pieces []wire.LivePiece) string {
	all := ""
	for _, p := range pieces {
		if p.Cut > 0 {
			all += fmt.Sprintf("<%d>", p.Cut)
		}
		all += string(p.Text)
	}
	return all
}

func never(*printed) bool { return false }

func TestWhatARunningTestPrintsIsShownToThoseBesideItsRunner(t *testing.T) {
	begun, on := fifo(t), fifo(t)
	script := fmt.Sprintf("echo out; echo err >&2; echo > %s; cat %s >/dev/null; echo more; printf '\\377'; exit 3", begun, on)
	c := &collectortest.Collector{
		Config: shellSuite(wire.Config{Slots: 1}), Leases: []wire.Lease{leaseOf(shellBinary, script, "echo next; sleep 0.3")},
	}
	c.Config.RunUID = runUIDOf(t)
	c.Start(t)
	options, role := reporterOptions(t, c)
	var both sync.WaitGroup
	both.Go(func() { play(t, part(t, "reporter", role)) })
	both.Go(func() { play(t, part(t, "runner", options.Socket)) })
	_, err := os.ReadFile(begun)
	must(t, err)

	var seen, once, other printed
	follower := look(t, agent.OutputOptions{Run: c.Config.RunUID, Follow: true})
	seen.until(t, follower, func(p *printed) bool { return p.stdout == "out\n" && p.stderr == "err\n" })
	once.until(t, look(t, agent.OutputOptions{Run: c.Config.RunUID, Attempt: 1}), never)
	want := wire.LiveOutput{Attempt: 1, End: wire.LiveRunning}
	if diff := cmp.Diff(want, once.last); diff != "" || once.stdout != "out\n" || once.stderr != "err\n" {
		t.Errorf("who does not follow is shown %+v", once)
	}
	other.until(t, look(t, agent.OutputOptions{Run: c.Config.RunUID, Ordinal: 1}), never)
	if other.last.End != wire.LiveAbsent {
		t.Errorf("of a test that does not run there is %+v", other)
	}

	must(t, os.WriteFile(on, nil, 0))
	seen.until(t, follower, never)
	both.Wait()
	if seen.stdout != "out\nmore\n\xff" || seen.stderr != "err\n" {
		t.Errorf("it is shown %q, %q", seen.stdout, seen.stderr)
	}
	if seen.last.End != wire.LiveEnded || seen.last.Row == nil || seen.last.Row.Outcome != outcome.Failed ||
		!strings.Contains(seen.last.Excerpt, "exit code 3") {
		t.Errorf("its end is %+v", seen.last)
	}
}

func TestATestIsNotShownWhatOthersPrint(t *testing.T) {
	uid := runUIDOf(t)
	options, err := json.Marshal(agent.OutputOptions{Run: uid})
	must(t, err)
	self, err := os.Executable()
	must(t, err)
	looker := fmt.Sprintf("%s=looker %s='%s' %s", envRole, envOptions, options, self)
	c := &collectortest.Collector{
		Config: shellSuite(wire.Config{Slots: 1}), Leases: []wire.Lease{leaseOf(shellBinary, looker+" >&2; exit 1")},
	}
	c.Config.RunUID = uid
	p := startPod(t, c)
	p.end(t)
	outputs := p.collector.Outputs()
	if len(outputs) != 1 {
		t.Fatalf("%d outputs", len(outputs))
	}
	if got := string(outputs[0].Stderr.Head); !strings.Contains(got, "tests are not shown") {
		t.Errorf("it is shown %q", got)
	}
}
