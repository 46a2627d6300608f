package controllers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// agent plays runner and reporter of a pod. Its memory is its own: it outlives leaders, and speaks to whichever leads.
type agent struct {
	w        *world
	pod      *corev1.Pod
	caller   collector.Caller
	epoch    string
	acked    int64
	messages []wire.Message // all of them, from 1
	rows     []outcome.Row
	held     map[[2]int]wire.Held
	sealed   bool
	done     bool
}

func newAgent(w *world, pod *corev1.Pod) *agent {
	owner := metav1.GetControllerOf(pod)
	return &agent{
		w: w, pod: pod.DeepCopy(), held: map[[2]int]wire.Held{},
		caller: collector.Caller{
			Run: w.key(), RunUID: w.run.UID, Batch: owner.Name, Listing: owner.Kind == "Job",
			Pod: v1alpha1.BatchPod{Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName},
		},
	}
}

// believer takes a token for what it says.
type believer struct{}

func (believer) Authenticate(_ context.Context, token string) (c collector.Caller, err error) {
	return c, json.Unmarshal([]byte(token), &c)
}

// impatient is a context that is over as soon as somebody waits for it, and not before: a question is answered at
// once, or not at all.
type impatient struct{ context.Context }

func (impatient) Done() <-chan struct{} {
	over := make(chan struct{})
	close(over)
	return over
}

func (a *agent) ask(ctx context.Context, path string, body, reply any) int {
	a.w.t.Helper()
	text, err := json.Marshal(body)
	a.w.must(err)
	token, err := json.Marshal(a.caller)
	a.w.must(err)
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(text))
	req.Header.Set("Authorization", "Bearer "+string(token))
	req.Header.Set(wire.HeaderBatch, a.caller.Batch)
	rec := httptest.NewRecorder()
	a.w.leader.http.ServeHTTP(rec, req)
	if rec.Code == http.StatusOK && reply != nil {
		a.w.must(json.Unmarshal(rec.Body.Bytes(), reply))
	}
	if rec.Code == http.StatusBadRequest || rec.Code == http.StatusForbidden {
		a.w.t.Fatalf("%s was answered %d: %s", path, rec.Code, rec.Body)
	}
	return rec.Code
}

// work goes on until the leader says that all is done, or does not answer.
func (a *agent) work() {
	a.w.t.Helper()
	code := http.StatusOK
	for (code == http.StatusOK || code == http.StatusConflict) && !a.done {
		switch {
		case a.epoch == "" || code == http.StatusConflict:
			code = a.hello()
		case a.caller.Listing:
			code = a.list()
			a.done = code == http.StatusOK
		case a.acked < int64(len(a.messages)):
			code = a.send(true)
		case a.sealed:
			a.done = true
		default:
			code = a.runAll()
		}
	}
	if code == http.StatusGone {
		a.done = true
	}
}

func (a *agent) hello() int {
	a.w.t.Helper()
	h := wire.Hello{Version: wire.Version}
	for _, one := range a.held {
		h.Held = append(h.Held, one)
	}
	var reply wire.HelloReply
	code := a.ask(a.w.ctx, wire.PathHello, h, &reply)
	if code == http.StatusOK {
		a.epoch = reply.Epoch
		a.confirm(reply.Acked)
	}
	return code
}

func (a *agent) confirm(acked int64) {
	a.acked = max(a.acked, acked)
	for _, m := range a.messages[:a.acked] {
		if m.Row != nil {
			delete(a.held, [2]int{int(m.Row.Ordinal), int(m.Row.Attempt)})
		}
	}
}

// list tells the tests. The answer is 503 until they are stored.
func (a *agent) list() int {
	a.w.t.Helper()
	told := a.w.told
	told.Version, told.Epoch = wire.Version, a.epoch
	return a.ask(impatient{a.w.ctx}, wire.PathCatalog, told, nil)
}

// lease asks for work; there is none unless it is there already.
func (a *agent) lease() (lease wire.Lease, code int) {
	a.w.t.Helper()
	req := wire.LeaseRequest{Version: wire.Version, Epoch: a.epoch}
	code = a.ask(impatient{a.w.ctx}, wire.PathLease, req, &lease)
	for _, x := range lease.Attempts {
		a.held[[2]int{int(x.Ordinal), int(x.Attempt)}] = wire.Held{Ordinal: x.Ordinal, Attempt: x.Attempt}
	}
	return lease, code
}

func (a *agent) say(m wire.Message) {
	m.Seq = int64(len(a.messages)) + 1
	a.messages = append(a.messages, m)
}

// starts starts an attempt.
func (a *agent) starts(x wire.Assignment) {
	at := [2]int{int(x.Ordinal), int(x.Attempt)}
	a.w.started[at]++
	h := wire.Held{Ordinal: x.Ordinal, Attempt: x.Attempt, Started: true}
	a.held[at] = h
	a.say(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{h}})
}

// ran runs an attempt.
func (a *agent) ran(x wire.Assignment) {
	a.starts(x)
	a.result(x)
}

// result ends an attempt that was started.
func (a *agent) result(x wire.Assignment) {
	row := outcome.Row{
		Ordinal: x.Ordinal, Attempt: x.Attempt, Outcome: a.w.ends(x), Start: 1_000_000 * int64(x.Ordinal),
		Duration: 1000 * uint64(x.Ordinal+1),
	}
	m := wire.Message{Kind: wire.KindResult, Row: &row}
	if !row.Outcome.Good() {
		row.Reason, row.Code = outcome.ExitCode, 1
		m.Excerpt = "exited with code 1: " + x.Name
	}
	a.rows = append(a.rows, row)
	a.say(m)
}

// send tells what is not acknowledged.
func (a *agent) send(wait bool) int {
	a.w.t.Helper()
	req := wire.Report{Version: wire.Version, Epoch: a.epoch, Wait: wait, Messages: a.messages[a.acked:]}
	var reply wire.ReportReply
	code := a.ask(a.w.ctx, wire.PathReport, req, &reply)
	if code == http.StatusOK {
		a.confirm(reply.Acked)
	}
	return code
}

func (a *agent) seal() {
	a.sealed = true
	a.say(wire.Message{Kind: wire.KindSeal, Seal: &wire.Seal{Count: len(a.rows), Digest: outcome.Digest(a.rows)}})
}

// runAll runs what it gets, one after the other, and seals when there is nothing more to get.
func (a *agent) runAll() int {
	a.w.t.Helper()
	lease, code := a.lease()
	if code != http.StatusOK {
		return code
	}
	if a.w.evict && a.w.victim == "" && len(lease.Attempts) == 2 {
		a.evicted(lease.Attempts)
		return http.StatusGone
	}
	for _, x := range lease.Attempts {
		a.ran(x)
	}
	if lease.Drain {
		a.seal()
	}
	return code
}

// evicted ends the pod when the first of two attempts has ended and the second one runs; nothing of it was reported.
func (a *agent) evicted(two []wire.Assignment) {
	a.w.t.Helper()
	a.w.victim = a.pod.Name
	a.ran(two[0])
	a.starts(two[1])
	lost := a.held[[2]int{int(two[1].Ordinal), int(two[1].Attempt)}]
	words := wire.LastWords{Rows: a.rows, Lost: []wire.Held{lost}}
	a.w.ended(a.pod, 143, string(words.Encode(wire.LastWordsLimit)), evicted)
}
