package controllers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/wire"
)

func TestTheStatusTellsWhichTestsRunAndCostsNoWriteForIt(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{})
	w.underway()
	a := w.agentOf(0)
	a.hello()
	lease, _ := a.lease()
	w.pass(time.Second)
	began := w.clock.Now()
	a.starts(lease.Attempts[0])
	a.send(false)
	if n := w.writesOf(func() { w.passRun() }); n != 1 {
		t.Errorf("when a test begins there are %d writes", n)
	}
	want := []v1alpha1.RunningTest{{
		Ordinal: 0, Attempt: 1, Test: "unit::a Test0000", Pod: a.pod.Name, StartTime: metav1.NewMicroTime(began),
	}}
	if diff := cmp.Diff(want, w.status().Running); diff != "" {
		t.Error(diff)
	}

	hooks := interceptor.Funcs{}
	w.pass(time.Minute)
	w.lead(hooks)
	w.passRun()
	a.hello() // 409 or not: the next leader does not know it
	w.pass(time.Second)
	w.passRun()
	if diff := cmp.Diff(want, w.status().Running); diff != "" {
		t.Errorf("with another leader: %s", diff)
	}
	w.settleRest(a, lease)
	if got := w.status().Running; got != nil {
		t.Errorf("at the end %+v run", got)
	}
	w.wantRest()
}

// settleRest ends the attempts that run, and the run.
func (w *world) settleRest(a *agent, lease wire.Lease) {
	w.t.Helper()
	for _, x := range lease.Attempts {
		a.result(x)
	}
	a.send(true)
	w.settle()
}

func TestAStatusWithLongNamesOfTestsThatRunStaysSmall(t *testing.T) {
	w := newWorld(t, 16, interceptor.Funcs{}, func(run *v1alpha1.TestRun) { run.Spec.Worker.Slots = 16 })
	for i := range w.told.Tests {
		w.told.Tests[i].Name = fmt.Sprintf("%02d%s", i, strings.Repeat("\x01", 600))
	}
	w.underway()
	a := w.agentOf(0)
	a.hello()
	for range 16 {
		lease, _ := a.lease()
		for _, x := range lease.Attempts {
			a.starts(x)
		}
		a.send(false)
	}
	w.pass(time.Second)
	w.passRun()
	running := w.status().Running
	text, err := json.Marshal(running)
	w.must(err)
	if len(text) > 8<<10 || len(running) == 0 || running[0].Ordinal != 0 {
		t.Errorf("%d tests in %d bytes", len(running), len(text))
	}
}
