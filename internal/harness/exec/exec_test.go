package exec_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/exec"
	"github.com/podtest/podtest/internal/harness/harnesstest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

func suite(format string) harness.Target {
	return harness.Target{Suite: wire.Suite{
		Name: "own", List: []string{"/l"}, Run: []string{"/r", "{id}", "x{id}", "{attempt}"}, ListFormat: format,
	}}
}

func TestListsOfEachFormat(t *testing.T) {
	cases := map[string]struct {
		format, stdout string
		want           []harness.Test
	}{
		"lines": {exec.Lines, "a\n b c \n--x\n", []harness.Test{
			{Name: "a", Line: 1}, {Name: " b c ", Line: 2}, {Name: "--x", Line: 3},
		}},
		"lines are the default": {"", "a", []harness.Test{{Name: "a", Line: 1}}},
		"libtest":               {exec.Libtest, "a: test\n", []harness.Test{{Name: "a", Line: 1}}},
		"json": {exec.JSON, `{"id":"a"}` + "\n" + `{"v":1,"id":"b","ignored":true,"tags":["x"],"weight":2}`, []harness.Test{
			{Name: "a", Line: 1}, {Name: "b", Ignored: true, Line: 2},
		}},
		"json may hold any name but of two lines": {exec.JSON, `{"id":"\u001b\t\u202e"}`, []harness.Test{{Name: "\x1b\t\u202e", Line: 1}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := exec.New().List(t.Context(), suite(c.format), harnesstest.Printed{Stdout: c.stdout}.Run)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListsThatCannotBeMeantAreRefused(t *testing.T) {
	cases := map[string]struct{ format, stdout, want string }{
		"an empty line":              {exec.Lines, "a\n\nb\n", "list line 2: empty test name"},
		"a colour":                   {exec.Lines, "\x1b[1ma\n", "list line 1: "},
		"invalid UTF-8 in lines":     {exec.Lines, "a\xff\n", "not UTF-8 at byte 2"},
		"invalid UTF-8 in json":      {exec.JSON, "{\"id\":\"a\xff\"}\n", "not UTF-8 at byte 9"},
		"a line break in a name":     {exec.JSON, `{"id":"a\nb"}`, "line break"},
		"a NUL in a name":            {exec.JSON, `{"id":"a\u0000b"}`, "NUL"},
		"json without an id":         {exec.JSON, `{"name":"a"}`, `no "id"`},
		"an id that is no string":    {exec.JSON, `{"id":7}`, `"id": `},
		"an id that is null":         {exec.JSON, `{"id":null}`, "empty test name"},
		"a member that stands twice": {exec.JSON, `{"id":"a","id":"b"}`, "stands twice"},
		"a member of another shape":  {exec.JSON, `{"id":"a","ignored":"no"}`, `"ignored"`},
		"something after it":         {exec.JSON, `{"id":"a"} {}`, "something follows"},
		"half an object":             {exec.JSON, `{"id":"a"`, "does not end"},
		"no object":                  {exec.JSON, `["a"]`, "not a JSON object"},
		"depth":                      {exec.JSON, `{"id":` + strings.Repeat("[", 20_000), "list line 1"},
		"an unknown format":          {"XML", "", `unknown list format "XML"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := exec.New().List(t.Context(), suite(c.format), harnesstest.Printed{Stdout: c.stdout}.Run)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestOnlyWholeElementsArePlaceholders(t *testing.T) {
	got := exec.New().Attempt(suite(""), wire.Assignment{Name: "$(id)", Attempt: 3}).Command().Argv
	if diff := cmp.Diff([]string{"/r", "$(id)", "x{id}", "3"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheExitCodeIsTheVerdict(t *testing.T) {
	for code, want := range map[int]outcome.Outcome{
		0: outcome.Passed, 77: outcome.Skipped, 1: outcome.Failed, 137: outcome.Failed, 255: outcome.Failed,
	} {
		v, _ := exec.New().Attempt(suite(""), wire.Assignment{Name: "a"}).Judge(harness.Exit{Code: code})
		if v.Outcome != want {
			t.Errorf("exit code %d: got %s, want %s", code, v.Outcome, want)
		}
	}
}

func FuzzListsAreReadOrRefused(f *testing.F) {
	f.Add(`{"id":"a"}`)
	f.Add(`{"id":"a","ignored":true,"estimate":"1s"}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []string{exec.Lines, exec.JSON} {
			tests, err := exec.New().List(t.Context(), suite(format), harnesstest.Printed{Stdout: text}.Run)
			for _, test := range tests {
				if err == nil && harness.CheckName(test.Name) != nil {
					t.Errorf("%q came out of %q", test.Name, text)
				}
			}
		}
	})
}
