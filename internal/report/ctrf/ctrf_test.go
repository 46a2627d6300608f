package ctrf_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report/ctrf"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/reporttest"
)

func written(t testing.TB, made *reporttest.Made) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ctrf.Write(&b, facts.Of(made.Input(t), "podtest")); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rule is what the format says of a value: what it may be, and whether it must be there.
type rule struct {
	must  bool
	check func(t testing.TB, at string, v any)
}

func text(t testing.TB, at string, v any) {
	t.Helper()
	if _, ok := v.(string); !ok {
		t.Errorf("%s is %v, want a string", at, v)
	}
}

func name(t testing.TB, at string, v any) {
	t.Helper()
	if s, ok := v.(string); !ok || s == "" {
		t.Errorf("%s is %v, want a string that is not empty", at, v)
	}
}

func whole(t testing.TB, at string, v any) {
	t.Helper()
	n, ok := v.(json.Number)
	if _, err := n.Int64(); !ok || err != nil {
		t.Errorf("%s is %v, want an integer", at, v)
	}
}

func yesNo(t testing.TB, at string, v any) {
	t.Helper()
	if _, ok := v.(bool); !ok {
		t.Errorf("%s is %v, want true or false", at, v)
	}
}

func anything(t testing.TB, at string, v any) {
	t.Helper()
	if _, ok := v.(map[string]any); !ok {
		t.Errorf("%s is %v, want an object", at, v)
	}
}

func like(pattern string) func(testing.TB, string, any) {
	return func(t testing.TB, at string, v any) {
		t.Helper()
		if s, ok := v.(string); !ok || !regexp.MustCompile("^(?:"+pattern+")$").MatchString(s) {
			t.Errorf("%s is %v, want it like %s", at, v, pattern)
		}
	}
}

func list(least int, of func(testing.TB, string, any)) func(testing.TB, string, any) {
	return func(t testing.TB, at string, v any) {
		t.Helper()
		all, ok := v.([]any)
		if !ok || len(all) < least {
			t.Errorf("%s is %v, want a list of at least %d", at, v, least)
		}
		for _, one := range all {
			of(t, at+"[]", one)
		}
	}
}

// object has the fields that are told and no other, as all objects of the format but extra.
func object(fields map[string]rule) func(testing.TB, string, any) {
	return func(t testing.TB, at string, v any) {
		t.Helper()
		o, ok := v.(map[string]any)
		if !ok {
			t.Errorf("%s is %v, want an object", at, v)
		}
		for field, value := range o {
			r, known := fields[field]
			if !known {
				t.Errorf("%s.%s is not of the format", at, field)
				continue
			}
			r.check(t, at+"."+field, value)
		}
		for field, r := range fields {
			if _, there := o[field]; r.must && !there {
				t.Errorf("%s.%s must be there", at, field)
			}
		}
	}
}

const moment = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`

var (
	status  = like("passed|failed|skipped|pending|other")
	attempt = object(map[string]rule{
		"attempt": {true, whole}, "status": {true, status}, "duration": {false, whole}, "message": {false, text},
		"trace": {false, text}, "stdout": {false, list(0, text)}, "stderr": {false, list(0, text)}, "start": {false, whole},
		"stop": {false, whole}, "extra": {false, anything},
	})
	test = object(map[string]rule{
		"name": {true, name}, "status": {true, status}, "duration": {true, whole}, "start": {false, whole},
		"stop": {false, whole}, "suite": {false, list(1, text)}, "message": {false, text}, "trace": {false, text},
		"rawStatus": {false, text}, "retries": {false, whole}, "retryAttempts": {false, list(0, attempt)},
		"flaky": {false, yesNo}, "stdout": {false, list(0, text)}, "stderr": {false, list(0, text)},
		"threadId": {false, text}, "extra": {false, anything},
	})
	document = object(map[string]rule{
		"reportFormat": {true, like("CTRF")}, "specVersion": {true, like(`\d+\.\d+\.\d+`)}, "timestamp": {false, like(moment)},
		"generatedBy": {false, text}, "extra": {false, anything},
		"results": {true, object(map[string]rule{
			"tool": {true, object(map[string]rule{"name": {true, name}})}, "tests": {true, list(0, test)},
			"summary": {true, object(map[string]rule{
				"tests": {true, whole}, "passed": {true, whole}, "failed": {true, whole}, "skipped": {true, whole},
				"pending": {true, whole}, "other": {true, whole}, "flaky": {false, whole}, "suites": {false, whole},
				"start": {true, whole}, "stop": {true, whole}, "duration": {false, whole},
			})},
		})},
	})
)

func checked(t testing.TB, text []byte) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	document(t, "report", v)
}

func TestReportsKeepToTheFormat(t *testing.T) {
	for name, story := range reporttest.Stories {
		t.Run(name, func(t *testing.T) {
			text := written(t, story())
			checked(t, text)
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, text, "", " "); err != nil {
				t.Fatal(err)
			}
			if name == "mixed" || name == "goes-on" || name == "infrastructure" {
				goldentest.Compare(t, filepath.Join("testdata", name+".json"), pretty.Bytes())
			}
		})
	}
}

func TestTheSummaryIsThatOfTheTests(t *testing.T) {
	var report struct {
		Results struct {
			Summary map[string]int64
			Tests   []struct{ Status string }
		}
	}
	for name, story := range reporttest.Stories {
		t.Run(name, func(t *testing.T) {
			if err := json.Unmarshal(written(t, story()), &report); err != nil {
				t.Fatal(err)
			}
			counts := map[string]int64{}
			for _, test := range report.Results.Tests {
				counts[test.Status]++
			}
			for _, status := range []string{"passed", "failed", "skipped", "pending", "other"} {
				if report.Results.Summary[status] != counts[status] {
					t.Errorf("%d %s, want %d", report.Results.Summary[status], status, counts[status])
				}
			}
		})
	}
}

func FuzzAnyBytesGiveAReport(f *testing.F) {
	f.Add(reporttest.Evil, "")
	f.Fuzz(func(t *testing.T, name, printed string) {
		made := reporttest.Green()
		o := made.Test(name)
		for i := range uint16(3) {
			made.Row(0, outcome.Row{Ordinal: o, Attempt: i + 1, Outcome: outcome.Failed, Reason: outcome.ExitCode}, 0, 1)
			made.Print(o, i+1, printed, printed)
		}
		checked(t, written(t, made))
	})
}
