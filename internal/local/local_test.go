package local_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/local"
	"github.com/podtest/podtest/internal/report"
)

// TestMain lets this program be the runner too, as podtest is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "runner" {
		os.Exit(agent.RunOn(slog.New(slog.NewTextHandler(os.Stderr, nil)), "1.2.3", local.Descriptor))
	}
	os.Exit(m.Run())
}

// stage is a folder with a suite of shell scripts, one a test.
type stage struct {
	t         *testing.T
	dir       string
	run       *v1alpha1.TestRun
	interrupt chan os.Signal
	shown     strings.Builder
	seen      func(report.Event)
	slots     int
}

func newStage(t *testing.T, tests map[string]string) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), interrupt: make(chan os.Signal, 2), slots: 4}
	var names []string
	for name, script := range tests {
		s.write("tests/"+name, "#!/bin/sh\n"+script+"\n")
		names = append(names, name)
	}
	slices.Sort(names)
	s.write("list", "#!/bin/sh\nprintf '%s\\n' "+strings.Join(names, " ")+"\n")
	s.run = &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	s.run.Spec.Suites = []v1alpha1.Suite{{Name: "own", Exec: &v1alpha1.ExecHarness{
		List: v1alpha1.ExecList{Command: []string{"./list"}},
		Run:  v1alpha1.ExecRun{Command: []string{"/bin/sh", "-c", `exec "./tests/$0"`, "{id}"}}, WorkingDir: ".",
	}}}
	return s
}

func (s *stage) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// play runs the run, and returns what has become of it: the exit code, and a line for each test.
func (s *stage) play() (report.Input, []string) {
	s.t.Helper()
	temp := s.t.TempDir()
	s.t.Setenv("TMPDIR", temp)
	printer := report.NewPrinter(report.Options{})
	in, err := local.Run(local.Options{
		Run: s.run, Slots: s.slots, Dir: s.dir, Environ: os.Environ(), Runner: []string{"/proc/self/exe", "runner"},
		Interrupt: s.interrupt, Now: time.Now,
		Print: func(e report.Event) error {
			s.shown.Write(printer.Print(e))
			if s.seen != nil {
				s.seen(e)
			}
			return nil
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		s.t.Errorf("left behind: %s", left)
	}
	var lines []string
	if in.Book == nil {
		return in, nil
	}
	in.Book.Selected(func(ordinal uint32, e report.Entry, decided bool) {
		_, name := in.Book.Names(ordinal)
		line := fmt.Sprintf("%s: %s, %d", name, e.Row.Outcome, e.Attempts)
		if e.Flaky {
			line += ", flaky"
		}
		if e.Row.Leaky {
			line += ", leaky"
		}
		if !decided {
			line = name + ": no verdict"
		}
		lines = append(lines, line)
	})
	return in, lines
}

func seconds(n float64) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(n * float64(time.Second))}
}

func TestTestsEndAsInAPod(t *testing.T) {
	s := newStage(t, map[string]string{
		"passes": "true", "fails": "echo why; echo wrong >&2; exit 3", "skips": "exit 77", "dies": "kill -9 $$",
		"hangs":  "sleep 100",
		"leaks":  "sleep 100 & exit 0",
		"flakes": `echo x >> "$0.tries"; test $(wc -l < "$0.tries") -ge 2`,
	})
	s.run.Spec.Retries = &v1alpha1.Retries{Count: 2, Delay: seconds(0.01)}
	s.run.Spec.SlowTimeout = &v1alpha1.SlowTimeout{Period: seconds(0.3), TerminateAfter: 1}
	s.run.Spec.Overrides = []v1alpha1.Override{{Filter: "test(hangs) or test(dies)", Retries: &v1alpha1.Retries{}}}
	in, got := s.play()
	want := []string{
		"dies: crashed, 1", "fails: failed, 3", "flakes: passed, 2, flaky", "hangs: timedOut, 1", "leaks: passed, 1, leaky",
		"passes: passed, 1", "skips: skipped, 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if code := *in.Run.Status.ExitCode; code != v1alpha1.ExitTestsFailed {
		t.Errorf("exit code %d: %s", code, s.shown.String())
	}
	t.Log(s.shown.String())
}

func TestAnInterruptLetsTestsEndAndASecondKillsThem(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		twice  bool
	}{
		"the first one is SIGTERM":         {script: "trap 'echo > ended; exit 0' TERM; echo > begun; while :; do sleep 0.01; done"},
		"the second one ends what did not": {script: "trap '' TERM; echo > begun; while :; do sleep 0.01; done", twice: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, map[string]string{"waits": c.script, "waits-too": "sleep 100"})
			s.run.Spec.SlowTimeout = &v1alpha1.SlowTimeout{GracePeriod: seconds(100)}
			sent := 0
			s.seen = func(report.Event) {
				_, err := os.Stat(filepath.Join(s.dir, "begun"))
				if err == nil && (sent == 0 || sent == 1 && c.twice) {
					sent++
					s.interrupt <- os.Interrupt
				}
			}
			in, got := s.play()
			if diff := cmp.Diff([]string{"waits: no verdict", "waits-too: no verdict"}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if code := *in.Run.Status.ExitCode; code != v1alpha1.ExitTestsFailed {
				t.Errorf("exit code %d", code)
			}
			if _, err := os.Stat(filepath.Join(s.dir, "ended")); (err == nil) == c.twice {
				t.Errorf("it could end by itself: %v", err == nil)
			}
			s.nothingLeft()
		})
	}
}

// nothingLeft looks for processes that were started in the folder of the stage.
func (s *stage) nothingLeft() {
	s.t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, link := range links {
		if dir, _ := os.Readlink(link); dir == s.dir {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "cmdline"))
			s.t.Errorf("left behind: %q", line)
		}
	}
}

func TestFailFastEndsTheRun(t *testing.T) {
	s := newStage(t, map[string]string{"a": "exit 1", "b": "true", "c": "true"})
	s.slots = 1
	s.run.Spec.FailFast = &v1alpha1.FailFast{MaxFail: 1}
	in, got := s.play()
	if diff := cmp.Diff([]string{"a: failed, 1", "b: no verdict", "c: no verdict"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if e := *in.Run.Status.ExitCode; e != v1alpha1.ExitTestsFailed || in.Run.Status.Tests.NotRun != 2 {
		t.Errorf("exit code %d, %+v", e, in.Run.Status.Tests)
	}
}

func TestGroupsAndWeightsHold(t *testing.T) {
	// Each test fails if it finds another of its kind at work.
	alone := `mkdir "lock-$1" || exit 1; sleep 0.03; rmdir "lock-$1"`
	tests := map[string]string{}
	for i := range 6 {
		tests[fmt.Sprintf("db_%d", i)] = strings.ReplaceAll(alone, "$1", "db")
		tests[fmt.Sprintf("heavy_%d", i)] = strings.ReplaceAll(alone, "$1", "heavy")
	}
	s := newStage(t, tests)
	s.run.Spec.Groups = []v1alpha1.Group{{Name: "db", MaxParallel: 1}}
	s.run.Spec.Overrides = []v1alpha1.Override{
		{Filter: "test(/^db/)", Group: "db"},
		{Filter: "test(heavy)", Weight: 3, Isolation: v1alpha1.IsolationPod},
	}
	in, got := s.play()
	if *in.Run.Status.ExitCode != 0 {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

func TestARetryWaitsForItsBackOff(t *testing.T) {
	s := newStage(t, map[string]string{"flakes": `echo x >> "$0.tries"; test $(wc -l < "$0.tries") -ge 3`})
	s.run.Spec.Retries = &v1alpha1.Retries{
		Count: 2, Backoff: v1alpha1.BackoffExponential, Delay: seconds(0.1), In: v1alpha1.RetryInNewPod,
	}
	in, got := s.play()
	if diff := cmp.Diff([]string{"flakes: passed, 3, flaky"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var began []time.Time
	for _, e := range in.Book.Attempts(0) {
		began = append(began, time.UnixMicro(e.Row.Start))
	}
	if len(began) != 3 || began[1].Sub(began[0]) < 100*time.Millisecond || began[2].Sub(began[1]) < 200*time.Millisecond {
		t.Errorf("began at %v", began)
	}
}

func TestATestThatKillsItsRunnerIsFound(t *testing.T) {
	s := newStage(t, map[string]string{"murders": `kill -9 $PPID; sleep 100`, "a": "true", "b": "true"})
	s.run.Spec.InfraRetries = new(int32(1))
	in, got := s.play()
	if diff := cmp.Diff([]string{"a: passed, 1", "b: passed, 1", "murders: no verdict"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if code := *in.Run.Status.ExitCode; code != v1alpha1.ExitInfrastructure {
		t.Errorf("exit code %d", code)
	}
}

func TestWhatCannotBeRunIsSaidBefore(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*stage)
		wantCode int32
		want     string
	}{
		"a filterset that is none": {
			func(s *stage) { s.run.Spec.Filter = "tset(a)" }, v1alpha1.ExitFilter, "spec.filter: ",
		},
		"two harnesses in a suite": {
			func(s *stage) { s.run.Spec.Suites[0].Go = &v1alpha1.BinariesHarness{} }, v1alpha1.ExitSetup, "set exactly one of",
		},
		"no binary where one should be": {
			func(s *stage) {
				s.run.Spec.Suites[0] = v1alpha1.Suite{Name: "go", Go: &v1alpha1.BinariesHarness{Binaries: []string{"./*.test"}}}
			},
			v1alpha1.ExitListFailed, "matches no executable file: are the test binaries on this machine, and executable?",
		},
		"a list command that fails": {
			func(s *stage) { s.write("list", "#!/bin/sh\necho no >&2; exit 4\n") }, v1alpha1.ExitListFailed, "exit code 4",
		},
		"no test selected": {
			func(s *stage) { s.run.Spec.Filter = "none()" }, v1alpha1.ExitNoTests, "the binaries list no tests",
		},
		"a service that nobody has started": {
			func(s *stage) {
				s.run.Spec.Fixtures = []v1alpha1.Fixture{{Name: "my-db", Service: &v1alpha1.FixtureService{Port: 5432}}}
			},
			v1alpha1.ExitFixtureFailed, "PODTEST_SERVICE_MY_DB_HOST=127.0.0.1 PODTEST_SERVICE_MY_DB_PORT=5432",
		},
		"a setup that fails": {
			func(s *stage) {
				s.run.Spec.Fixtures = []v1alpha1.Fixture{{Name: "db", Setup: &v1alpha1.FixtureCommand{Command: []string{"false"}}}}
			},
			v1alpha1.ExitFixtureFailed, "setup of fixture db: exit code 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, map[string]string{"a": "echo > ran"})
			c.change(s)
			in, _ := s.play()
			if *in.Run.Status.ExitCode != c.wantCode || !strings.Contains(s.shown.String(), c.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s", *in.Run.Status.ExitCode, c.wantCode, c.want, s.shown.String())
			}
			if _, err := os.Stat(filepath.Join(s.dir, "ran")); err == nil {
				t.Error("the test was run")
			}
		})
	}
}

func TestFixturesAreCommandsOfThisMachine(t *testing.T) {
	s := newStage(t, map[string]string{"a": `test "$WHO" = me && test "$PODTEST_SERVICE_DB_HOST" = here`})
	t.Setenv("PODTEST_SERVICE_DB_HOST", "here")
	gone := filepath.Join(s.dir, "gone")
	s.run.Spec.Fixtures = []v1alpha1.Fixture{
		{Name: "db", Service: &v1alpha1.FixtureService{}},
		{
			Name:     "who",
			Setup:    &v1alpha1.FixtureCommand{Command: []string{"sh", "-c", `echo WHO=me >> "$NEXTEST_ENV"`}},
			Teardown: &v1alpha1.FixtureCommand{Command: []string{"sh", "-c", `echo $WHO > "$0"`, gone}},
		},
	}
	in, got := s.play()
	if *in.Run.Status.ExitCode != 0 {
		t.Errorf("%s\n%s", strings.Join(got, "\n"), s.shown.String())
	}
	if text, _ := os.ReadFile(gone); string(text) != "me\n" {
		t.Errorf("the teardown left %q", text)
	}
}
