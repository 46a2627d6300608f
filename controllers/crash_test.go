package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

var (
	errDead = errors.New("this leader is dead")
	errLost = errors.New("there was no answer")
)

// mortal is a leader whose n-th write is sent and not answered; of that it dies, unless it survives. To die before
// the next write is sent would leave the same behind.
type mortal struct {
	n        int
	survives bool // it only takes the write for failed
	seen     []string
	dead     bool
	last     string // the write that was not answered
}

func (m *mortal) write(what string, do func() error) error {
	if m.dead {
		return errDead
	}
	m.seen = append(m.seen, what)
	if len(m.seen) != m.n {
		return do()
	}
	m.dead, m.last = !m.survives, what
	_ = do() // nobody hears the answer
	return errLost
}

func (m *mortal) hooks() interceptor.Funcs {
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if m.dead {
				return errDead
			}
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if m.dead {
				return errDead
			}
			return c.List(ctx, list, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			return m.write(fmt.Sprintf("create %T", obj), func() error { return c.Create(ctx, obj, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			return m.write(fmt.Sprintf("delete %T", obj), func() error { return c.Delete(ctx, obj, opts...) })
		},
		SubResourcePatch: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, p client.Patch, opts ...client.SubResourcePatchOption,
		) error {
			return m.write(fmt.Sprintf("patch %T", obj), func() error { return c.SubResource(sub).Patch(ctx, obj, p, opts...) })
		},
		SubResourceUpdate: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, opts ...client.SubResourceUpdateOption,
		) error {
			return m.write(fmt.Sprintf("update %T", obj), func() error { return c.SubResource(sub).Update(ctx, obj, opts...) })
		},
	}
}

// smallRun is a run with all that a small one can have: a test that is flaky, one that fails, a worker that is lost with
// a report only in its last words and a test that was running.
func smallRun(t *testing.T, m *mortal) *world {
	w := newWorld(t, 6, m.hooks(), func(run *v1alpha1.TestRun) {
		run.Spec.Parallelism, run.Spec.Worker.Slots = 2, 2
		run.Spec.Retries = &v1alpha1.Retries{Count: 1}
	})
	w.evict = true
	w.ends = func(a wire.Assignment) outcome.Outcome {
		if a.Ordinal == 4 || (a.Ordinal == 3 && a.Attempt == 1) {
			return outcome.Failed
		}
		return outcome.Passed
	}
	return w
}

// outlive lets all go on until nothing changes any more; in the place of a leader that dies there comes another one.
func (w *world) outlive(m *mortal) (made map[string]int) {
	w.t.Helper()
	made = map[string]int{}
	for range 40 {
		was := w.versionsAtTheEnd()
		_, err := w.tryRun()
		if err == nil {
			err = w.tryBatches()
		}
		w.saveAgain()
		w.control()
		w.kubelet()
		w.work()
		w.pass(time.Second)
		switch {
		case m.dead:
			sum(made, w.leader.writes.made)
			*m = mortal{last: m.last}
			w.lead(m.hooks())
		case err != nil && !errors.Is(err, errLost):
			w.t.Fatal(err)
		case was != nil && maps.Equal(was, w.versions()):
			sum(made, w.leader.writes.made)
			return made
		}
	}
	w.t.Fatalf("after %s the run does not come to rest: %+v", m.last, w.status())
	return nil
}

func TestWhicheverWriteIsNotAnsweredTheRunComesToTheSameEnd(t *testing.T) {
	m := &mortal{}
	w := smallRun(t, m)
	w.outlive(m)
	want := w.status()
	wantTests := v1alpha1.TestCounts{Listed: 6, Selected: 6, Passed: 5, Failed: 1, Unsuccessful: 1, Flaky: 1, Retried: 2, Interrupted: 1}
	if diff := cmp.Diff(wantTests, want.Tests); diff != "" || want.Result != v1alpha1.ResultFailed {
		t.Fatalf("with all answers the run is %s: %s\n%+v", want.Result, diff, want.Conditions)
	}
	for i, what := range m.seen {
		t.Run(fmt.Sprintf("write %d is not answered and the leader dies", i+1), func(t *testing.T) {
			t.Parallel()
			m := &mortal{n: i + 1}
			smallRun(t, m).wantEnd(m, want)
		})
		if slices.Contains(m.seen[:i], what) && slices.Contains(m.seen[i+1:], what) {
			continue // the first of a kind and the last one may do
		}
		t.Run(fmt.Sprintf("write %d is not answered and the leader tries again", i+1), func(t *testing.T) {
			t.Parallel()
			m := &mortal{n: i + 1, survives: true}
			smallRun(t, m).wantEnd(m, want)
		})
	}
}

// wantEnd has a run with a mortal leader come to its end, which has to be as if nothing had gone wrong.
func (w *world) wantEnd(m *mortal, want v1alpha1.TestRunStatus) {
	w.t.Helper()
	made := w.outlive(m)
	if diff := cmp.Diff(want, w.status(), timeless, whoeverDidIt); diff != "" {
		w.t.Errorf("after %s the status is another: %s", m.last, diff)
	}
	for what, n := range made {
		if n > 1 {
			w.t.Errorf("after %s: made %d times: %s", m.last, n, what)
		}
	}
	w.checkLedgers()
}

// timeless leaves out what is no function of what has happened.
var timeless = cmp.Options{
	cmpopts.IgnoreFields(v1alpha1.TestRunStatus{}, "Duration", "StartTime", "TestsStartTime", "CompletionTime"),
	cmpopts.IgnoreTypes(metav1.Time{}),
}

// whoeverDidIt leaves out by how many workers, and by which, the tests were run.
var whoeverDidIt = cmp.Options{
	cmpopts.IgnoreFields(v1alpha1.Failure{}, "Pod"),
	cmpopts.IgnoreFields(v1alpha1.TestRunStatus{}, "Workers"),
}

// saveAgain does what the collector does in the background: a ledger that could not be written is written again.
func (w *world) saveAgain() {
	if live := w.leader.runs.Get(w.run.UID); live != nil {
		_ = live.Flush(w.ctx) // and again if this fails
	}
}

func sum(into, from map[string]int) {
	for k, n := range from {
		into[k] += n
	}
}

// checkLedgers counts anew: no attempt was started twice or is told twice, and the ledgers hold what the status says.
func (w *world) checkLedgers() {
	w.t.Helper()
	for at, n := range w.started {
		if n > 1 {
			w.t.Errorf("attempt %d of test %d was started %d times", at[1], at[0], n)
		}
	}
	byTest := map[uint32][]outcome.Row{}
	for _, b := range w.batches() {
		rows, err := outcome.Decode(b.Status.Ledger)
		w.must(err)
		for _, row := range rows {
			if slices.ContainsFunc(byTest[row.Ordinal], func(r outcome.Row) bool { return r.Attempt == row.Attempt }) {
				w.t.Errorf("attempt %d of test %d is told twice", row.Attempt, row.Ordinal)
			}
			byTest[row.Ordinal] = append(byTest[row.Ordinal], row)
		}
	}
	var tally outcome.Tally
	for _, rows := range byTest {
		if final, decided, flaky := outcome.Fold(rows, outcome.Rule{MaxAttempts: manifest.Settings(w.run).MaxAttempts}); decided {
			tally.Add(final, flaky)
		}
	}
	c := w.status().Tests
	told := outcome.Tally{Passed: int(c.Passed), Failed: int(c.Failed), Flaky: int(c.Flaky)}
	if diff := cmp.Diff(tally, told); diff != "" {
		w.t.Errorf("the status does not tell what the ledgers hold: %s", diff)
	}
}
