package junit_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/junit"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

const hostile = "\x1b[31mred\x1b[0m ]]></system-out> & \x00\xff\ufffe\r\nnext\tcolumn\n"

// names are the tests of the story, by ordinal; five of each binary.
var names = []string{
	"passes", "fails", "flaky", "slow", "hostile \x1b[2J<\"&\x00\xff>",
	"ignored", "left out", "lost", "leaks", "skips",
}

func ran(ordinal uint32, attempt uint16, o outcome.Outcome, why outcome.Reason) outcome.Row {
	return outcome.Row{
		Ordinal: ordinal, Attempt: attempt, Outcome: o, Reason: why, Duration: 250_000, PeakRSS: 4096,
		Start: start.Add(time.Duration(ordinal)*time.Minute + time.Duration(attempt)*time.Second).UnixMicro(),
	}
}

var exited = func(r outcome.Row) outcome.Row { r.Code = 101; return r }

var rows = []outcome.Row{
	ran(0, 1, outcome.Passed, outcome.NoReason),
	exited(ran(1, 1, outcome.Failed, outcome.ExitCode)),
	{Ordinal: 1, Attempt: 2, Outcome: outcome.Crashed, Reason: outcome.Signal, Code: 11},
	exited(ran(2, 1, outcome.Failed, outcome.ExitCode)), ran(2, 2, outcome.Passed, outcome.NoReason),
	ran(3, 1, outcome.TimedOut, outcome.SlowTimeout), ran(3, 2, outcome.TimedOut, outcome.SlowTimeout),
	exited(ran(4, 1, outcome.Failed, outcome.ExitCode)), ran(4, 2, outcome.OOMKilled, outcome.KilledItsPod),
	ran(8, 1, outcome.Failed, outcome.Leaked), ran(8, 2, outcome.Failed, outcome.NotStarted),
	ran(9, 1, outcome.Skipped, outcome.NoReason),
}

// outputs are those of attempts of all kinds, also of one that passed.
var outputs = map[report.Try]wire.Output{
	{Ordinal: 0, Attempt: 1}: {Stdout: wire.Stream{Head: []byte("all is well\n")}},
	{Ordinal: 1, Attempt: 1}: {Stderr: wire.Stream{
		Head: []byte("\nthread 'fails' (7) panicked at src/lib.rs:20:5:\nno\n"), Dropped: 7, Tail: []byte("end"),
	}},
	{Ordinal: 4, Attempt: 1}: {Stdout: wire.Stream{Head: []byte(hostile)}, Stderr: wire.Stream{Head: []byte(hostile)}},
}

func written(t *testing.T, said v1alpha1.TestSettings, change func(*v1alpha1.TestRun)) []byte {
	t.Helper()
	said.Retries, said.DefaultFilter = &v1alpha1.Retries{Count: 1}, "not test(=left out)"
	run := &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", UID: "u1", CreationTimestamp: metav1.NewTime(start)},
		Spec:       v1alpha1.TestRunSpec{TestSettings: said, RunIgnored: v1alpha1.RunIgnoredDefault},
	}
	if change != nil {
		change(run)
	}
	cat := &catalog.Catalog{}
	for i, name := range names {
		if i%5 == 0 {
			cat.Binaries = append(cat.Binaries, wire.Binary{Suite: "s", ID: []string{"unit::cart", "unit::<pay>"}[i/5]})
		}
		cat.Tests = append(cat.Tests, wire.Listed{Binary: i / 5, Name: name, Ignored: name == "ignored"})
	}
	set, err := settings.Resolve(&run.Spec, settings.Provenance{}, cat)
	if err != nil {
		t.Fatal(err)
	}
	book := report.NewBook(cat, set)
	batch := &v1alpha1.TestBatch{ObjectMeta: metav1.ObjectMeta{Name: "shop-w00000"}}
	batch.Status.Ledger = outcome.Encode(rows)
	batch.Status.Failures = []v1alpha1.BatchFailure{{Ordinal: 4, Attempt: 1, Message: hostile}}
	if _, err := book.Read(batch); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = junit.Write(&b, report.Input{Run: run, Book: book, Outputs: outputs, Now: start.Add(90 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func policy(p v1alpha1.JUnitPolicy) v1alpha1.TestSettings { return v1alpha1.TestSettings{JUnit: &p} }

func ended(run *v1alpha1.TestRun) {
	run.Status.StartTime = new(metav1.NewTime(start.Add(time.Second)))
	run.Status.CompletionTime = new(metav1.NewTime(start.Add(13 * time.Second)))
	run.Status.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInfrastructure},
	}
}

func TestWrite(t *testing.T) {
	flakyFails := policy(v1alpha1.JUnitPolicy{ReportSkipped: v1alpha1.JUnitSkippedIgnored})
	flakyFails.FlakyResult = v1alpha1.Fail
	flakySucceeds := policy(v1alpha1.JUnitPolicy{FlakyFailStatus: v1alpha1.JUnitFlakySuccess})
	flakySucceeds.FlakyResult = v1alpha1.Fail
	for name, tt := range map[string]struct {
		said   v1alpha1.TestSettings
		change func(*v1alpha1.TestRun)
	}{
		"by-default":              {change: ended},
		"of-a-run-that-goes-on":   {},
		"flaky-fails-and-ignored": {flakyFails, ended},
		"flaky-fail-is-success":   {flakySucceeds, ended},
		"all-that-may-be-stored": {
			policy(v1alpha1.JUnitPolicy{StoreSuccessOutput: new(true), ReportSkipped: v1alpha1.JUnitSkippedAll}), ended,
		},
		"no-output": {policy(v1alpha1.JUnitPolicy{StoreFailureOutput: new(false)}), ended},
	} {
		t.Run(name, func(t *testing.T) {
			got := written(t, tt.said, tt.change)
			parses(t, got)
			validates(t, got)
			goldentest.Compare(t, filepath.Join("testdata", name+".xml"), got)
		})
	}
}

// parses checks what encoding/xml is strict about: elements that match, names, characters that XML allows.
func parses(t *testing.T, text []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = true
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

func FuzzWhatTestsPrintIsAlwaysValid(f *testing.F) {
	f.Add([]byte(hostile), "a")
	f.Fuzz(func(t *testing.T, printed []byte, message string) {
		was := outputs[report.Try{Ordinal: 1, Attempt: 1}]
		defer func() { outputs[report.Try{Ordinal: 1, Attempt: 1}] = was }()
		outputs[report.Try{Ordinal: 1, Attempt: 1}] = wire.Output{Stderr: wire.Stream{Head: printed, Tail: []byte(message)}}
		parses(t, written(t, v1alpha1.TestSettings{}, ended))
	})
}
