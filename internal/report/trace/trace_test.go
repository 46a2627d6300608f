package trace_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/reporttest"
	"github.com/podtest/podtest/internal/report/trace"
)

type event struct {
	Name    string         `json:"name"`
	Cat     string         `json:"cat"`
	Phase   string         `json:"ph"`
	Time    *int64         `json:"ts"`
	Length  *int64         `json:"dur"`
	Process *int           `json:"pid"`
	Thread  *int           `json:"tid"`
	Color   string         `json:"cname"`
	Args    map[string]any `json:"args"`
}

func written(t testing.TB, made *reporttest.Made) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := trace.Write(&b, facts.Of(made.Input(t), "podtest")); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checked are the events of a trace that keeps to the rules of its format.
func checked(t testing.TB, text []byte) []event {
	t.Helper()
	var file struct {
		Events []event        `json:"traceEvents"`
		Unit   string         `json:"displayTimeUnit"`
		Other  map[string]any `json:"otherData"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if file.Unit != "ms" {
		t.Errorf("displayTimeUnit is %q", file.Unit)
	}
	named := map[[2]int]bool{}
	owner := map[int]int{}
	for _, e := range file.Events {
		if e.Process == nil || e.Thread == nil || e.Time == nil || *e.Time < 0 || e.Name == "" && e.Phase != "X" {
			t.Fatalf("event %+v lacks something", e)
		}
		switch e.Phase {
		case "M":
			known := []string{"process_name", "process_sort_index", "thread_name", "thread_sort_index"}
			if !slices.Contains(known, e.Name) {
				t.Errorf("metadata is called %s", e.Name)
			}
			if e.Name == "thread_name" {
				named[[2]int{*e.Process, *e.Thread}] = true
				if p, taken := owner[*e.Thread]; taken && p != *e.Process {
					t.Errorf("thread %d is of two processes", *e.Thread)
				}
				owner[*e.Thread] = *e.Process
			}
		case "X":
			if e.Length == nil || *e.Length < 0 || !named[[2]int{*e.Process, *e.Thread}] {
				t.Errorf("event %+v has no length, or is in a row without a name", e)
			}
		case "C":
			for _, v := range e.Args {
				if n, ok := v.(float64); !ok || n < 0 {
					t.Errorf("a counter is %v", v)
				}
			}
		default:
			t.Errorf("phase %q is not of the format", e.Phase)
		}
	}
	apart(t, file.Events)
	return file.Events
}

// apart checks that events of a row do not overlap: viewers would draw them as nested, or drop them.
func apart(t testing.TB, events []event) {
	t.Helper()
	rows := map[int][]event{}
	for _, e := range events {
		if e.Phase == "X" {
			rows[*e.Thread] = append(rows[*e.Thread], e)
		}
	}
	for _, row := range rows {
		slices.SortStableFunc(row, func(a, b event) int { return cmp.Compare(*a.Time, *b.Time) })
		for i := 1; i < len(row); i++ {
			if *row[i-1].Time+*row[i-1].Length > *row[i].Time {
				t.Errorf("%s and %s overlap in a row", row[i-1].Name, row[i].Name)
			}
		}
	}
}

func TestTracesKeepToTheFormat(t *testing.T) {
	for name, story := range reporttest.Stories {
		t.Run(name, func(t *testing.T) {
			text := written(t, story())
			checked(t, text)
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, text, "", " "); err != nil {
				t.Fatal(err)
			}
			if name == "mixed" {
				goldentest.Compare(t, filepath.Join("testdata", name+".json"), pretty.Bytes())
			}
		})
	}
}

func TestEveryAttemptIsAnEventAndCountersEndWithTheVerdicts(t *testing.T) {
	attempts, counters := 0, map[string]float64{}
	for _, e := range checked(t, written(t, reporttest.Many(2000, 4))) {
		if e.Phase == "X" && *e.Process > 1 && e.Cat != "pod" {
			attempts++
		}
		if e.Phase == "C" {
			for name, v := range e.Args {
				counters[name] = v.(float64)
			}
		}
	}
	if attempts != 2000 {
		t.Errorf("%d attempts, want 2000", attempts)
	}
	if counters["passed"] != 1980 || counters["failed"] != 20 || counters["running"] != 0 {
		t.Errorf("the counters end with %v", counters)
	}
}

func FuzzAnyBytesGiveATrace(f *testing.F) {
	f.Add(reporttest.Evil)
	f.Fuzz(func(t *testing.T, name string) {
		made := reporttest.Green()
		made.Row(0, outcome.Row{Ordinal: made.Test(name), Attempt: 1, Outcome: outcome.Passed}, 0, 1)
		checked(t, written(t, made))
	})
}
