package controllers_test

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// failing makes the tests of these names fail.
func failing(names ...string) func(wire.Assignment) outcome.Outcome {
	return func(a wire.Assignment) outcome.Outcome {
		if slices.Contains(names, a.Name) {
			return outcome.Failed
		}
		return outcome.Passed
	}
}

// again goes on with another run of the same namespace, one that runs the last one again.
func (w *world) again(name string, which v1alpha1.RerunTests, change ...func(*v1alpha1.TestRun)) {
	w.t.Helper()
	parent := w.run.Name
	w.run = testRun(w.run.Namespace)
	w.run.Name, w.run.Spec.Rerun = name, &v1alpha1.Rerun{Name: parent, Tests: which}
	for _, f := range change {
		f(w.run)
	}
	w.must(w.api.Create(w.ctx, w.run))
	clear(w.started)
	w.lead(interceptor.Funcs{})
}

func TestARerunRunsWhatHasNotPassedAndWhatIsNew(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	w.ends = failing("Test0001", "Test0003")
	w.settle()

	w.told, w.ends = tests(5), failing("Test0003")
	w.again("second", v1alpha1.RerunOutstanding)
	w.settle()
	got, c := w.verdict(), w.status().Tests
	if got.Exit != 100 || c.Selected != 3 || c.Passed != 2 || c.Failed != 1 || w.status().NotSelected.Rerun != 2 {
		t.Errorf("%+v, %+v, %+v", got, c, w.status().NotSelected)
	}

	// What a rerun knows of the runs before does not go with them.
	first := testRun(w.run.Namespace)
	w.must(w.api.Delete(w.ctx, first))
	w.ends = failing()
	w.again("third", v1alpha1.RerunFailed)
	w.settle()
	got, c = w.verdict(), w.status().Tests
	if got.Exit != 0 || c.Selected != 1 || c.Passed != 1 {
		t.Errorf("%+v, %+v", got, c)
	}

	w.again("fourth", v1alpha1.RerunOutstanding)
	w.settle()
	got, c = w.verdict(), w.status().Tests
	if got.Exit != 0 || got.Result != v1alpha1.ResultPassed || c.Selected != 0 {
		t.Errorf("nothing is outstanding, which is a success: %+v, %+v", got, c)
	}
}

func TestARerunThatLeavesOutstandingTestsOutSaysSoByItsExitCode(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	w.ends = failing("Test0001", "Test0003")
	w.settle()
	w.ends = failing()
	w.again("second", v1alpha1.RerunOutstanding, func(run *v1alpha1.TestRun) { run.Spec.Filter = "test(0001)" })
	w.settle()
	got := w.verdict()
	if got.Exit != 5 || got.Result != v1alpha1.ResultPassed || !strings.Contains(got.Message, "1 test of the runs before") {
		t.Errorf("%+v", got)
	}
}

func TestRerunsOfWhatCannotBeRunAgainAreRefused(t *testing.T) {
	cases := map[string]struct {
		parent func(*world)
		want   string
	}{
		"there is none":     {func(w *world) { w.must(w.api.Delete(w.ctx, w.run)) }, "TestRun smoke does not exist"},
		"it goes on":        {func(*world) {}, "TestRun smoke has not ended yet"},
		"it was not listed": {func(w *world) { w.told.Error = "no such file"; w.settle() }, "never knew its tests"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2, interceptor.Funcs{})
			c.parent(w)
			w.again("second", "")
			w.settle()
			if got := w.verdict(); got.Exit != 96 || !strings.Contains(got.Message, c.want) {
				t.Errorf("%+v, want %q", got, c.want)
			}
		})
	}
}

func TestAStressRunIsRunAgainWhereAnyRoundHasFailed(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{}, func(run *v1alpha1.TestRun) { run.Spec.Stress = &v1alpha1.Stress{Count: 3} })
	w.ends = func(a wire.Assignment) outcome.Outcome {
		if a.Name == "Test0002" && a.Round == 1 {
			return outcome.Failed
		}
		return outcome.Passed
	}
	w.settle()
	w.ends = failing()
	w.again("second", v1alpha1.RerunFailed)
	w.settle()
	if got, c := w.verdict(), w.status().Tests; got.Exit != 0 || c.Selected != 1 {
		t.Errorf("%+v, %+v", got, c)
	}
}

func TestTestsLeftWithoutAVerdictAreRunAgainByThemselves(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{}, func(run *v1alpha1.TestRun) { run.Spec.Worker.MaxTests = 1 })
	w.ends = func(wire.Assignment) outcome.Outcome {
		if !w.stored().Spec.Cancel {
			w.spec(func(s *v1alpha1.TestRunSpec) { s.Cancel = true })
		}
		return outcome.Failed
	}
	w.settle()
	if c := w.status().Tests; c.Failed == 0 || c.NotRun == 0 {
		t.Fatalf("the story needs a run that is cut short: %+v", c)
	}
	left := w.status().Tests.NotRun
	w.ends = failing()
	w.again("second", v1alpha1.RerunNotRun)
	w.settle()
	if got, c := w.verdict(), w.status().Tests; got.Exit != 5 || c.Selected != left || c.Passed != left {
		t.Errorf("%+v, %+v", got, c)
	}
}
