package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report/attach"
	"github.com/podtest/podtest/internal/wire"
)

// agents answer for the pods: what each is to say.
type agents struct {
	lines map[string][]wire.LiveOutput
	err   error
	asked []attach.Test
}

func (a *agents) Look(_ context.Context, t attach.Test, see func(wire.LiveOutput) error) error {
	a.asked = append(a.asked, t)
	for _, o := range a.lines[t.Pod] {
		if err := see(o); err != nil {
			return err
		}
	}
	return a.err
}

// runsOn makes the run one that goes on, in which these tests run.
func (s *shell) runsOn(t *testing.T, tests ...v1alpha1.RunningTest) {
	t.Helper()
	run := &v1alpha1.TestRun{}
	succeeds(t, s.cluster.Get(t.Context(), client.ObjectKey{Namespace: "ci", Name: "shop"}, run))
	run.Status.Result, run.Status.ExitCode, run.Status.CompletionTime = "", nil, nil
	run.Status.Running = tests
	run.Status.Tests.Running = int64(len(tests))
	succeeds(t, s.cluster.Status().Update(t.Context(), run))
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func printing(text string) []wire.LivePiece { return []wire.LivePiece{{Text: []byte(text)}} }

func TestLogsOfATestThatRuns(t *testing.T) {
	const title = "--- attempt 2: running, pod shop-w00007\n"
	lost := v1alpha1.RunningTest{Ordinal: 3, Attempt: 2, Test: "unit::pay TestLost", Pod: "shop-w00007", StartTime: metav1.NowMicro()}
	says := func(last wire.LiveOutput) map[string][]wire.LiveOutput {
		return map[string][]wire.LiveOutput{"shop-w00007": {
			{Attempt: 2, Stdout: printing("one \x1b[31mred\x1b[0m\x07\n")}, {Attempt: 2, Stderr: printing("trouble\n")}, last,
		}}
	}
	row := &outcome.Row{Ordinal: 3, Attempt: 2, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 3, Duration: 5_000_000}
	const shown = title + "--- stdout\none red\\x07\n--- stderr\ntrouble\n"
	cases := map[string]struct {
		args    []string
		agents  agents
		code    int
		out     string
		err     string
		follows bool
	}{
		"what it has printed": {
			args: []string{"TestLost"}, agents: agents{lines: says(wire.LiveOutput{Attempt: 2, End: wire.LiveRunning})},
			out: shown, err: "unit::pay TestLost still runs; --follow shows what it goes on to print\n",
		},
		"until it has ended": {
			args:   []string{"TestLost", "-f"},
			agents: agents{lines: says(wire.LiveOutput{Attempt: 2, End: wire.LiveEnded, Row: row})},
			out:    shown + "--- attempt 2: failed, exit code 3, 5.000s, pod shop-w00007\n", follows: true,
		},
		"it is ended from outside": {
			args: []string{"TestLost", "-f"}, agents: agents{lines: says(wire.LiveOutput{Attempt: 2, End: wire.LiveStopped})},
			out: shown + "--- attempt 2: ended from outside, it has no result\n", follows: true,
		},
		"without the right to ask the pod": {
			args: []string{"TestLost"}, agents: agents{err: fmt.Errorf("%w in namespace ci", attach.ErrForbidden)}, code: 96,
			err: "error: no right to create pods/exec in namespace ci\n  what a test prints while it runs is asked of its pod: ask for the " +
				"ClusterRole edit in the namespace, or for a Role that allows create on pods/exec; or wait until the test has ended\n",
		},
		"one that does not run": {
			args: []string{"unit::pay", "TestSame"}, out: "--- attempt 1: passed, 0.000s, pod shop-w00000\n",
			err: "what it printed is not kept, for it did not fail\n",
		},
		"of an attempt that has ended": {
			args: []string{"TestBad", "--attempt", "1"},
			out:  "--- attempt 1: failed, exit code 1, 0.030s, pod shop-w00000\n--- stderr\nno cart\n",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.withRun(t)
			s.runsOn(t, lost)
			s.agents = &c.agents
			code := s.podtest(t, append([]string{"logs", "shop", "-n", "ci"}, c.args...)...)
			if code != c.code || s.out.String() != c.out || s.err.String() != c.err {
				t.Errorf("exit code %d\nout  %q\nwant %q\nerr  %q\nwant %q", code, s.out.String(), c.out, s.err.String(), c.err)
			}
			if len(c.agents.asked) > 0 {
				want := attach.Test{
					Namespace: "ci", Pod: "shop-w00007", Container: "tests", RunUID: "u1", Ordinal: 3, Attempt: 2, Follow: c.follows,
				}
				if c.agents.asked[0] != want {
					t.Errorf("asked was %+v", c.agents.asked[0])
				}
			}
		})
	}
}

func TestLogsAskWorkersForATestThatTheStatusHasNoRoomFor(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	s.runsOn(t)
	run := &v1alpha1.TestRun{}
	succeeds(t, s.cluster.Get(t.Context(), client.ObjectKey{Namespace: "ci", Name: "shop"}, run))
	run.Status.Tests.Running = 17
	succeeds(t, s.cluster.Status().Update(t.Context(), run))
	s.agents = &agents{lines: map[string][]wire.LiveOutput{"shop-w00000": {
		{Attempt: 1, Stdout: printing("here\n")}, {Attempt: 1, End: wire.LiveRunning},
	}}}
	if code := s.podtest(t, "logs", "shop", "TestLost", "-n", "ci"); code != 0 || !strings.Contains(s.out.String(), "here\n") {
		t.Errorf("exit code %d: %s%s", code, s.out.String(), s.err.String())
	}
}

func TestLogsOfAllThatFailed(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	const want = "=== unit::cart TestBad\n--- attempt 1: failed, exit code 1, 0.030s, pod shop-w00000\n--- stderr\nno cart\n" +
		"--- attempt 2: timedOut, took too long, 2.000s, pod shop-w00000\n"
	if code := s.podtest(t, "logs", "shop", "--failed", "-n", "ci"); code != 0 || s.out.String() != want {
		t.Errorf("exit code %d\ngot  %q\nwant %q", code, s.out.String(), want)
	}
	if code := s.podtest(t, "logs", "shop", "TestBad", "--failed", "-n", "ci"); code != 96 {
		t.Errorf("a test beside --failed has exit code %d", code)
	}
	if code := s.podtest(t, "logs", "shop", "TestBad", "--attempt", "3", "-n", "ci"); code != 96 ||
		!strings.Contains(s.err.String(), "has no attempt 3: the last one is 2") {
		t.Errorf("of an attempt that was not made: exit code %d, %s", code, s.err.String())
	}
}
