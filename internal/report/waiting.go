package report

import (
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// outputPatience is how long the line of an attempt waits for what the attempt printed. Others do not wait for it.
const outputPatience = 2 * time.Second

// held is an attempt that was not told yet.
type held struct {
	Entry
	printed bool // it printed something, and that is wanted
	until   time.Time
}

func (h held) try() Try { return Try{Ordinal: h.Row.Ordinal, Attempt: h.Row.Attempt} }

// waiting are attempts that wait for their output, and output that waits for its attempt.
type waiting struct {
	attempts []held
	tries    map[Try]bool // of attempts
	outputs  map[Try]*wire.Output
}

func (w *waiting) add(h held) {
	if w.tries == nil {
		w.tries = map[Try]bool{}
	}
	w.attempts = append(w.attempts, h)
	w.tries[h.try()] = true
}

// ready takes out what can be told, in order. Attempts of one test stay in theirs.
func (w *waiting) ready(now time.Time) []held {
	var ready, rest []held
	stuck := map[uint32]bool{}
	for _, h := range w.attempts {
		if stuck[h.Row.Ordinal] || h.printed && w.outputs[h.try()] == nil && now.Before(h.until) {
			stuck[h.Row.Ordinal] = true
			rest = append(rest, h)
			continue
		}
		ready = append(ready, h)
		delete(w.tries, h.try())
	}
	w.attempts = rest
	return ready
}

// WantsOutputs is true while attempts wait for what they printed.
func (f *Follower) WantsOutputs() bool { return len(f.waiting.attempts) > 0 }

// Outputs takes in what attempts printed.
func (f *Follower) Outputs(outputs []wire.Output, now time.Time) []Event {
	if f.waiting.outputs == nil {
		f.waiting.outputs = map[Try]*wire.Output{}
	}
	for i := range outputs {
		o := &outputs[i]
		try := Try{Ordinal: o.Ordinal, Attempt: o.Attempt}
		if f.book == nil || f.waiting.tries[try] || !f.book.knows(try) {
			f.waiting.outputs[try] = o
		}
	}
	return f.release(now)
}

// Late tells attempts without what they printed: it will not come.
func (f *Follower) Late(now time.Time) []Event { return f.release(now.Add(outputPatience)) }

func (f *Follower) release(now time.Time) []Event {
	var events []Event
	for _, h := range f.waiting.ready(now) {
		if h.Decided {
			f.done++
			if !h.Row.Outcome.Good() || h.Flaky {
				if f.numbers == nil {
					f.numbers = map[uint32]int64{}
				}
				f.numbers[h.Row.Ordinal] = f.done
			}
		}
		events = append(events, f.attempt(h.Entry, f.waiting.outputs[h.try()]))
		delete(f.waiting.outputs, h.try())
	}
	return events
}

// printed reports whether an attempt printed something that is to be shown, so that to wait for it is worth while. Of
// one that failed, the excerpt tells: it is missing if it is of no attempt, or of one too many.
func (f *Follower) printed(e Entry) bool {
	set := f.book.Settings(e.Row.Ordinal)
	if e.Row.Outcome.Good() {
		kept := set.JUnit.StoreSuccess || shown("", set.SuccessOutput)
		return kept && shown(f.SuccessOutput, set.SuccessOutput)
	}
	if !shown(f.FailureOutput, set.FailureOutput) {
		return false
	}
	if e.Row.Reason == outcome.NotStarted || e.Row.Reason == outcome.KilledItsPod {
		return false
	}
	return e.Excerpt == "" || strings.Contains(e.Excerpt, "\n")
}

// shown reports whether a policy shows output at all.
func shown(asked, set v1alpha1.OutputPolicy) bool {
	if asked != "" {
		set = asked
	}
	return set != "" && set != v1alpha1.OutputNever
}

func outputOf(o *wire.Output) *Output {
	if o == nil {
		return nil
	}
	return &Output{Stdout: streamOf(o.Stdout), Stderr: streamOf(o.Stderr)}
}

func streamOf(s wire.Stream) Stream {
	return Stream{Head: unicoded(string(s.Head)), Cut: s.Dropped, Tail: unicoded(string(s.Tail))}
}
