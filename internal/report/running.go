package report

import (
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
)

// wordCancelling is that of Progress while a run starts no more tests.
const wordCancelling = "Cancelling"

// Progress is where the run stands.
func (f *Follower) Progress(now time.Time) Progress {
	word := "Running"
	switch {
	case f.book == nil:
		word = "Listing"
	case f.draining:
		word = wordCancelling
	case f.run.Spec.Suspend:
		word = "Suspended"
	}
	p := Progress{Word: word, Elapsed: f.elapsed(now), Tests: f.counts()}
	f.running(func(r *v1alpha1.RunningTest) {
		p.Running = append(p.Running, f.runningOf(r, now))
	})
	return p
}

// counts are our own where verdicts are concerned, for status is up to a second behind what has been printed.
func (f *Follower) counts() v1alpha1.TestCounts {
	if f.book == nil {
		return v1alpha1.TestCounts{}
	}
	c, t := f.run.Status.Tests, f.book.Tally
	c.Passed, c.Failed, c.Flaky, c.TimedOut = int64(t.Passed), int64(t.Failed), int64(t.Flaky), int64(t.TimedOut)
	c.Crashed, c.OOMKilled, c.Skipped = int64(t.Crashed), int64(t.OOMKilled), int64(t.Skipped)
	c.Unsuccessful = int64(t.Bad())
	c.Running = min(c.Running, c.Selected-done(c))
	return c
}

// running calls see with the attempts that run as far as we know: the status may be behind the ledgers.
func (f *Follower) running(see func(*v1alpha1.RunningTest)) {
	if f.book == nil || f.Complete() {
		return
	}
	for i := range f.run.Status.Running {
		r := &f.run.Status.Running[i]
		if f.book.selected(uint32(r.Ordinal)) && !f.book.knows(tryOf(r)) {
			see(r)
		}
	}
}

func tryOf(r *v1alpha1.RunningTest) Try {
	return Try{Ordinal: uint32(r.Ordinal), Attempt: uint16(r.Attempt)}
}

func (f *Follower) runningOf(r *v1alpha1.RunningTest, now time.Time) Running {
	took := max(0, now.Sub(r.StartTime.Time))
	period := f.book.Settings(uint32(r.Ordinal)).SlowPeriod
	return Running{
		Test: f.book.name(uint32(r.Ordinal)), Attempt: r.Attempt, Elapsed: micros(took), Pod: r.Pod,
		Slow: period > 0 && took >= period,
	}
}

// Tick takes in that time goes by.
func (f *Follower) Tick(now time.Time) []Event {
	events := f.release(now)
	if f.Complete() {
		return events
	}
	if note, ok := f.neglected(now); ok {
		events = append(events, note)
	}
	events = append(events, f.slow(now)...)
	if e, ok := f.cancelling(now); ok {
		events = append(events, e)
	}
	return events
}

// slow are the tests that have run for one slow period more since it was asked last.
func (f *Follower) slow(now time.Time) []Event {
	var events []Event
	still := map[Try]int64{}
	f.running(func(r *v1alpha1.RunningTest) {
		set := f.book.Settings(uint32(r.Ordinal))
		running := f.runningOf(r, now)
		if !running.Slow {
			return
		}
		periods := int64(running.Elapsed / micros(set.SlowPeriod))
		if set.Terminate > 0 {
			periods = min(periods, int64(set.Terminate/set.SlowPeriod))
		}
		still[tryOf(r)] = periods
		if periods <= f.periods[tryOf(r)] {
			return
		}
		after := time.Duration(periods) * set.SlowPeriod
		running.Elapsed = micros(after)
		events = append(events, Slow{
			Running: running, Terminating: set.Terminate > 0 && after >= set.Terminate, Of: f.run.Status.Tests.Selected,
		})
	})
	f.periods = still
	return events
}

// byRequest is the reason of a run whose spec.cancel is true.
const byRequest = "cancellation"

// cancelling tells, once, that the run starts no more tests, and why.
func (f *Follower) cancelling(now time.Time) (Cancelling, bool) {
	if f.draining || f.book == nil || f.WantsOutputs() || f.Complete() {
		return Cancelling{}, false
	}
	spec, started := &f.run.Spec, f.run.Status.TestsStartTime
	why := ""
	switch {
	case spec.Cancel:
		why = byRequest
	case spec.FailFast != nil && f.book.Tally.Bad() >= int(max(1, spec.FailFast.MaxFail)):
		why = "test failure"
	case spec.GlobalTimeout != nil && started != nil && !now.Before(started.Add(spec.GlobalTimeout.Duration)):
		why = "global timeout"
	default:
		return Cancelling{}, false
	}
	f.draining = true
	return Cancelling{Reason: why, Running: f.counts().Running}, true
}

// patience is how long a run may be without anyone looking at it.
const patience = 10 * time.Second

// neglected says, once, that nobody looks at the run.
func (f *Follower) neglected(now time.Time) (Note, bool) {
	if len(f.run.Status.Conditions) > 0 || f.noted != "" || f.elapsed(now) < micros(patience) {
		return Note{}, false
	}
	f.noted = "neglected"
	text := "nobody has looked at the run yet: is podtest installed, and does its manager run?"
	return Note{Word: "PENDING", Elapsed: f.elapsed(now), Text: text}, true
}

// knows reports whether an attempt has ended.
func (b *Book) knows(try Try) bool {
	a := b.tests[try.Ordinal]
	if a == nil {
		return false
	}
	_, ended := a.attempts[try.Attempt]
	return ended
}

// name is the test of an ordinal, for an event.
func (b *Book) name(ordinal uint32) Name {
	binary, name := b.Names(ordinal)
	return Name{Binary: unicoded(binary), Name: unicoded(name)}
}
