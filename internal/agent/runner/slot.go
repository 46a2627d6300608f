package runner

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// slot runs one attempt at a time.
type slot struct {
	runner  *runner
	temp    tempDir
	oom     oomCounter
	environ environ
	process process.Runner
}

// serve runs one attempt after the other. A result goes out in one line-up with the start that follows it, if that
// follows at once: the reporter is woken once for both.
func (s *slot) serve(q *queue) {
	w, more := q.next()
	var result *wire.Result
	for more && s.started(w, result) == nil {
		result = s.attempt(w)
		q.ended(w)
		if result == nil {
			return // stopped
		}
		var now bool
		if w, now = q.tryNext(); !now {
			if s.runner.send(wire.ToReporter{Result: result}) != nil {
				return
			}
			result = nil
			w, more = q.next()
		}
	}
}

// started is told before the process exists, so that what kills the whole container has suspects.
func (s *slot) started(w work, before *wire.Result) error {
	held := wire.ToReporter{Started: &wire.Held{Ordinal: w.Ordinal, Attempt: w.Attempt, Started: true}}
	if before == nil {
		return s.runner.send(held)
	}
	return s.runner.send(wire.ToReporter{Result: before}, held)
}

// attempt runs one attempt. One that was stopped from outside has no result: it is lost, not failed.
func (s *slot) attempt(w work) *wire.Result {
	w.artifacts = s.environ.artifacts.make(s.runner.config.RunName, w)
	shown := s.runner.live.begins(w, &s.process)
	result, finished := s.run(w, s.temp.ready())
	if !finished {
		result = nil
	}
	s.runner.live.ends(shown, result)
	s.temp.clean()
	s.environ.artifacts.clean(w.artifacts)
	return result
}

func (s *slot) run(w work, temp string) (r *wire.Result, finished bool) {
	suite, h := s.runner.suiteOf(w.binary)
	if h == nil {
		return s.notStarted(w, fmt.Errorf("this agent knows no suite %q", w.binary.Suite)), true
	}
	attempt := h.Attempt(harness.Target{Suite: suite, Binary: w.binary}, w.Assignment)
	var spent spent
	for {
		kills := s.oom.count()
		end, err := s.start(w, attempt, temp)
		spent.add(end)
		if err != nil {
			return s.notStarted(w, err), true
		}
		if end.Stopped {
			return nil, false
		}
		verdict, again := s.judge(w, attempt, end, kills)
		if !again {
			return s.result(w, spent, verdict), true
		}
	}
}

// start is where all processes of tests get their wrapper, their extra arguments and their environment.
func (s *slot) start(w work, a harness.Attempt, temp string) (process.End, error) {
	c := a.Command()
	return s.process.Run(process.Command{
		Argv: slices.Concat(w.settings.Wrapper, c.Argv, w.settings.Args), Dir: c.Dir,
		Env: s.environ.of(w, temp, c.Env), Mark: s.environ.mark(w, temp), Watch: a.Watch(),
	}, limits(w.settings))
}

func limits(s *wire.TestSettings) process.Limits {
	return process.Limits{Terminate: ms(s.TerminateMS), Grace: ms(s.GraceMS), Leak: ms(s.LeakMS)}
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func (r *runner) suiteOf(b wire.Binary) (wire.Suite, harness.Harness) {
	for _, s := range r.config.Suites {
		if s.Name == b.Suite {
			return s, r.harnesses[s.Harness]
		}
	}
	return wire.Suite{}, nil
}

// spent is what all starts of one attempt took together.
type spent struct {
	process.End
	started bool
}

func (s *spent) add(e process.End) {
	if !s.started {
		s.End, s.started = e, true
		return
	}
	e.Start = s.Start
	e.Duration += s.Duration
	e.CPU += s.CPU
	e.PeakRSS = max(e.PeakRSS, s.PeakRSS)
	s.End = e
}

func (s *slot) notStarted(w work, err error) *wire.Result {
	row := outcome.Row{
		Ordinal: w.Ordinal, Attempt: w.Attempt, Outcome: outcome.Failed, Reason: outcome.NotStarted,
		Start: time.Now().UnixMicro(),
	}
	return &wire.Result{Row: row, Excerpt: excerpt(err.Error(), nil)}
}

func (s *slot) result(w work, spent spent, v harness.Verdict) *wire.Result {
	row := outcome.Row{
		Ordinal: w.Ordinal, Attempt: w.Attempt, Outcome: v.Outcome, Reason: v.Reason,
		Code: code(spent.Status), Leaky: spent.Leaky, Slow: slow(w, spent.End),
		Start: spent.Start.UnixMicro(), Duration: uint64(spent.Duration.Microseconds()),
		CPU: uint64(spent.CPU.Microseconds()), PeakRSS: spent.PeakRSS,
	}
	r := &wire.Result{Row: row}
	if !v.Outcome.Good() {
		r.Excerpt = excerpt(v.Why, s.lastPrinted())
	}
	if !v.Outcome.Good() || w.settings.KeepOutput {
		r.Output = &wire.Output{
			Ordinal: w.Ordinal, Attempt: w.Attempt, Stdout: kept(&s.process.Stdout), Stderr: kept(&s.process.Stderr),
		}
	}
	return r
}

func slow(w work, e process.End) bool {
	period := ms(w.settings.SlowPeriodMS)
	return e.TimedOut || period > 0 && e.Duration > period
}

// lastPrinted is the end of standard error, or else of standard output.
func (s *slot) lastPrinted() []byte {
	if s.process.Stderr.Len() > 0 {
		return s.process.Stderr.End(excerptSize)
	}
	return s.process.Stdout.End(excerptSize)
}

func kept(s *process.Stream) wire.Stream {
	return wire.Stream{Head: s.Head(), Tail: s.Tail(), Dropped: s.Dropped()}
}

func code(status syscall.WaitStatus) uint8 {
	if status.Signaled() {
		return uint8(status.Signal())
	}
	return uint8(status.ExitStatus())
}
