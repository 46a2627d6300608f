package report

import (
	"encoding/json"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// Event is something that happened in a run: Begun, Note, Listed, Skipped, Slow, Attempt, Cancelling, Progress or
// Ended. Events hold what they tell as it is; the printer makes Text of it.
type Event interface {
	kind() string
	render(p *Printer) string
}

// Micros is a duration in microseconds.
type Micros int64

// Since is how long something has taken.
func Since(began, now time.Time) Micros { return micros(now.Sub(began)) }

func micros(d time.Duration) Micros { return Micros(d.Microseconds()) }

// Seconds is the duration in seconds.
func (m Micros) Seconds() float64 { return float64(m) / 1e6 }

// Name is a test as it names itself.
type Name struct {
	Binary string `json:"binary"`
	Name   string `json:"name"`
}

// String is "<binary id> <test name>", neutral.
func (n Name) String() string { return n.text().String() }

func (n Name) text() Test { return Test{Binary: Line(n.Binary), Name: Line(n.Name)} }

// Test is a test as people are shown it.
type Test struct{ Binary, Name Text }

// String is "<binary id> <test name>".
func (t Test) String() string { return t.Binary.s + " " + t.Name.s }

// Begun is the first word on a run.
type Begun struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid,omitempty"`
	Image     string `json:"image,omitempty"`
}

// Note is a plain sentence about the run: what it waits for, what went wrong.
type Note struct {
	Word    string `json:"word"` // such as "Listing" or "PENDING"
	Reason  string `json:"reason,omitempty"`
	Batch   string `json:"batch,omitempty"` // whose end it tells of
	Elapsed Micros `json:"elapsedUs"`
	Text    string `json:"text"`
}

// Listed tells that the tests are known.
type Listed struct {
	Tests       int64            `json:"tests"`
	Binaries    int64            `json:"binaries"`
	Selected    int64            `json:"selected"`
	NotSelected int64            `json:"notSelected"`
	LeftOut     map[string]int64 `json:"leftOut,omitempty"` // by what: ignored, filter, defaultFilter, partition, rerun
	Workers     int64            `json:"workers,omitempty"` // at most so many; 0 if nothing is run
	Slots       int64            `json:"slots,omitempty"`   // of each
}

// Skipped is a test that is not selected.
type Skipped struct {
	Test Name   `json:"test"`
	By   string `json:"by"` // ignored, filter, defaultFilter, partition
}

// Running is an attempt that runs.
type Running struct {
	Test    Name   `json:"test"`
	Attempt int32  `json:"attempt"`
	Elapsed Micros `json:"elapsedUs"`
	Slow    bool   `json:"slow"`
	Pod     string `json:"pod,omitempty"`
}

// Slow is an attempt that still runs when its slow period is over, once more.
type Slow struct {
	Running
	// Terminating: it is ended for it.
	Terminating bool  `json:"terminating"`
	Of          int64 `json:"of"`
}

// Attempt is an attempt of a test that has ended.
type Attempt struct {
	Test    Name        `json:"test"`
	Row     outcome.Row `json:"-"`       // in JSON, its fields are those of the event
	Allowed int         `json:"allowed"` // attempts that the test may have in all
	Final   bool        `json:"final"`   // the test has its verdict with it
	Done    int64       `json:"done"`    // tests that have theirs
	Of      int64       `json:"of"`      // tests to run
	Pod     string      `json:"pod"`     //
	Node    string      `json:"node"`    //
	Why     string      `json:"why"`     // it failed, in a sentence
	Excerpt string      `json:"excerpt"` // the end of what it printed, if that is all there is
	Output  *Output     `json:"output"`  // what it printed
	// Show is when that is shown: the run's failureOutput or successOutput.
	Show  v1alpha1.OutputPolicy `json:"show"`
	Logs  string                `json:"logs"`  // command that shows it later
	Repro string                `json:"repro"` // command that runs the test once more, alone
}

// Output is what an attempt printed.
type Output struct {
	Stdout Stream `json:"stdout"`
	Stderr Stream `json:"stderr"`
}

// Stream is what is kept of one stream.
type Stream struct {
	Head string `json:"head"`
	Cut  int64  `json:"cutBytes"` // after head; then comes tail
	Tail string `json:"tail"`
}

// Cancelling tells that a run starts no more tests.
type Cancelling struct {
	Reason  string `json:"reason"` // such as "test failure"
	Running int64  `json:"running"`
}

// Progress is where the run stands.
type Progress struct {
	Word    string              `json:"word"` // such as "Listing" or "Running"
	Elapsed Micros              `json:"elapsedUs"`
	Tests   v1alpha1.TestCounts `json:"tests"`
	// Running are the first of the tests that run.
	Running []Running `json:"running,omitempty"`
}

// Ended is the last word on a run.
type Ended struct {
	Result   string              `json:"result"` // v1alpha1.Result
	Reason   string              `json:"reason"`
	Message  string              `json:"message"`
	ExitCode int32               `json:"exitCode"`
	Elapsed  Micros              `json:"elapsedUs"`
	Tests    v1alpha1.TestCounts `json:"tests"`
	Slow     int64               `json:"slow"`  // passed, but slowly
	Leaky    int64               `json:"leaky"` // passed, but left something behind
	Workers  int64               `json:"workers"`
	// Repeated are the deciding attempts of failed and flaky tests, in the order of the catalog.
	Repeated []Attempt `json:"repeated,omitempty"`
	Results  string    `json:"results,omitempty"` // command that shows all results
	Rerun    string    `json:"rerun,omitempty"`   // command that runs what failed once more
}

func (Begun) kind() string      { return "begun" }
func (Note) kind() string       { return "note" }
func (Listed) kind() string     { return "listed" }
func (Skipped) kind() string    { return "skipped" }
func (Slow) kind() string       { return "slow" }
func (Attempt) kind() string    { return "attempt" }
func (Cancelling) kind() string { return "cancelling" }
func (Progress) kind() string   { return "progress" }
func (Ended) kind() string      { return "ended" }

// rowFields are those of a row, in JSON.
type rowFields struct {
	Ordinal    uint32    `json:"ordinal"`
	Attempt    uint16    `json:"attempt"`
	Outcome    string    `json:"outcome"`
	Reason     string    `json:"reason"`
	Code       uint8     `json:"code"`
	Slow       bool      `json:"slow"`
	Leaky      bool      `json:"leaky"`
	StartTime  time.Time `json:"startTime,omitzero"`
	DurationUs uint64    `json:"durationUs"`
	CPUUs      uint64    `json:"cpuUs"`
	PeakRSSKiB uint64    `json:"peakRssKiB"`
}

// attemptFields are all of an attempt but the row.
type attemptFields Attempt

// MarshalJSON writes the fields of the row beside the others.
func (e Attempt) MarshalJSON() ([]byte, error) {
	r := e.Row
	row := rowFields{
		Ordinal: r.Ordinal, Attempt: r.Attempt, Outcome: r.Outcome.String(), Reason: reasons[r.Reason], Code: r.Code,
		Slow: r.Slow, Leaky: r.Leaky, DurationUs: r.Duration, CPUUs: r.CPU, PeakRSSKiB: r.PeakRSS,
	}
	if r.Start != 0 {
		row.StartTime = time.UnixMicro(r.Start).UTC()
	}
	return JSON(struct {
		rowFields
		attemptFields
	}{row, attemptFields(e)}, "")
}

// UnmarshalJSON is the way back. Words that are not known yet are taken for none.
func (e *Attempt) UnmarshalJSON(data []byte) error {
	var all struct {
		rowFields
		attemptFields
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*e = Attempt(all.attemptFields)
	r := all.rowFields
	e.Row = outcome.Row{
		Ordinal: r.Ordinal, Attempt: r.Attempt, Outcome: outcomeOf(r.Outcome), Reason: reasonOf(r.Reason), Code: r.Code,
		Slow: r.Slow, Leaky: r.Leaky, Duration: r.DurationUs, CPU: r.CPUUs, PeakRSS: r.PeakRSSKiB,
	}
	if !r.StartTime.IsZero() {
		e.Row.Start = r.StartTime.UnixMicro()
	}
	return nil
}

func outcomeOf(word string) outcome.Outcome {
	for o := outcome.None; o <= outcome.NotRun; o++ {
		if o.String() == word {
			return o
		}
	}
	return outcome.None
}

func reasonOf(word string) outcome.Reason {
	for r, name := range reasons {
		if name == word {
			return r
		}
	}
	return outcome.NoReason
}
