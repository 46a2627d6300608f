package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/harness/check"
	"github.com/podtest/podtest/internal/harness/exec"
	"github.com/podtest/podtest/internal/wire"
)

const goodRun = `case $1 in adds|takes) exit 0;; skips) exit 77;; *) echo "no test $1" >&2; exit 2;; esac`

func TestWhatIsWrongIsSaid(t *testing.T) {
	const goodList = `printf '%s\n' adds takes skips`
	for name, c := range map[string]struct{ list, run string }{
		"good":                      {goodList, goodRun},
		"unknown-tests-pass":        {goodList, "exit 0"},
		"unknown-tests-are-skipped": {goodList, "exit 77"},
		"another-list-each-time":    {`echo adds; echo t$$`, "exit 1"},
		"another-order-each-time":   {`if test -e been; then printf '%s\n' takes adds; else echo > been; printf '%s\n' adds takes; fi`, goodRun},
		"a-test-twice":              {`printf '%s\n' adds adds`, goodRun},
		"no-tests":                  {`true`, goodRun},
		"a-list-that-fails":         {`echo adds; echo broken >&2; exit 3`, goodRun},
		"names-in-colour":           {`printf '\033[1madds\n'`, goodRun},
		"names-not-in-utf-8":        {`printf 'a\377\n'`, goodRun},
		"a-name-that-is-too-long":   {`head -c 5000 /dev/zero | tr '\0' a`, goodRun},
		"a-name-in-spaces":          {`echo ' adds'`, `echo no >&2; exit 1`},
		"chatter":                   {`echo reading the list >&2; ` + goodList, goodRun},
		"a-child-is-left":           {goodList, `sleep 100 & ` + goodRun},
		"a-missing-program":         {goodList, `/no/such/program "$1"`},
		"it-does-not-end":           {goodList, `sleep 100`},
		"a-failure-without-a-word":  {goodList, `exit 1`},
		"another-end-each-time":     {`echo adds`, `if test $1 = adds; then mkdir been; exit; fi; ` + goodRun},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), checked(t, wire.Suite{
				Name: "own", Harness: "exec", WorkingDir: dir, ListFormat: "Lines",
				List: []string{"/bin/sh", "-c", c.list}, Run: []string{"/bin/sh", "-c", c.run, "run", "{id}"},
			}))
		})
	}
}

func TestTheNameOfTheTestIsAnArgument(t *testing.T) {
	for name, run := range map[string][]string{
		"part-of-an-argument": {"/bin/sh", "-c", goodRun, "run", "--test={id}"},
		"no-argument":         {"/bin/sh", "-c", "exit 0"},
	} {
		t.Run(name, func(t *testing.T) {
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), checked(t, wire.Suite{
				Name: "own", Harness: "exec", List: []string{"echo", "adds"}, Run: run,
			}))
		})
	}
}

var pids = regexp.MustCompile(`pid \d+|"t\d+"`)

func checked(t *testing.T, s wire.Suite) []byte {
	t.Helper()
	found, err := check.Check(t.Context(), check.Options{
		Suite: s, Harness: exec.New(), Sample: 2, Limit: time.Second, Environ: os.Environ(),
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s: %s\n", f.Level, f.What)
		if f.Do != "" {
			fmt.Fprintf(&b, "  %s\n", f.Do)
		}
	}
	return pids.ReplaceAll([]byte(b.String()), []byte("N"))
}
