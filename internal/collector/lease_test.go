package collector_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// poll asks for work in the background.
func poll(p *reporter, l *leader, queued, running int) <-chan wire.Lease {
	answer := make(chan wire.Lease, 1)
	go func() { answer <- p.lease(l, queued, running) }()
	synctest.Wait()
	return answer
}

// busy is a worker with the only test there is: when it asks for more, it waits, for the test may fail.
func busy(t *testing.T) (*leader, *reporter, wire.Assignment) {
	t.Helper()
	w := newWorld(t, 1, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	a := p.lease(l, 0, 0).Attempts
	if len(a) != 1 {
		t.Fatalf("it got %v", a)
	}
	p.say(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{{Ordinal: a[0].Ordinal, Attempt: 1}}})
	p.send(l, false)
	return l, p, a[0]
}

func TestAQuestionWaitsForWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, _ := busy(t)
		defer l.stop()
		began := time.Now()
		if lease := p.lease(l, 0, 1); len(lease.Attempts) > 0 || lease.Drain {
			t.Fatalf("it got %+v", lease)
		}
		if waited := time.Since(began); waited != 20*time.Second {
			t.Errorf("it waited %v", waited)
		}
	})
}

func TestWhoWaitsIsToldToDrainAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, a := busy(t)
		defer l.stop()
		began := time.Now()
		answer := poll(p, l, 0, 1)
		p.ran(a, outcome.Passed)
		p.send(l, false)
		if lease := <-answer; !lease.Drain || time.Since(began) > 0 {
			t.Errorf("it was told %+v after %v", lease, time.Since(began))
		}
	})
}

func TestAFailedAttemptIsTriedAgainThoughItsWorkerHadAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, a := busy(t)
		defer l.stop()
		began := time.Now()
		answer := poll(p, l, 0, 1)
		p.ran(a, outcome.Failed)
		p.send(l, false)
		lease := <-answer
		if len(lease.Attempts) != 1 || lease.Attempts[0].Attempt != 2 {
			t.Errorf("the worker got %+v", lease)
		}
		if waited := time.Since(began); waited > 0 {
			t.Errorf("it waited %v", waited)
		}
	})
}

func TestASecondQuestionTakesThePlaceOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, _ := busy(t)
		defer l.stop()
		first := poll(p, l, 0, 1)
		began := time.Now()
		second := poll(p, l, 0, 1)
		if lease := <-first; len(lease.Attempts) > 0 || lease.Drain || time.Since(began) > 0 {
			t.Errorf("the first question was answered %+v after %v", lease, time.Since(began))
		}
		p.hello(l) // and a hello takes the place of any
		if <-second; time.Since(began) > 0 {
			t.Error("the second question outlived a hello")
		}
	})
}

func TestWorkThatWasLostOnItsWayIsHandedOutAgain(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	lost := p.lease(l, 0, 0).Attempts
	clear(p.held) // it never came
	p.hello(l)
	if again := p.lease(l, 0, 0).Attempts; len(again) < len(lost) {
		t.Errorf("got %v, and %v was lost", again, lost)
	}
}

func TestWorkersOfARunThatIsForgottenAreToldToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, _ := busy(t)
		defer l.stop()
		code := make(chan int, 1)
		go func() {
			req := wire.LeaseRequest{Version: wire.Version, Epoch: p.epoch, Running: 1}
			code <- l.ask(context.Background(), p.token, wire.PathLease, req, nil)
		}()
		synctest.Wait()
		l.runs.Forget(runUID)
		if got := <-code; got != http.StatusServiceUnavailable {
			t.Errorf("who waited was answered %d", got)
		}
		if got := p.send(l, false); got != http.StatusGone {
			t.Errorf("a report was answered %d", got)
		}
	})
}
