package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// fakeCollector hands out no-op tests as the real one would, half of what is left at a time, and counts what comes
// back.
type fakeCollector struct {
	server *httptest.Server
	noop   string // path of the program, as the runner sees it
	atWork func() // called before the first test is handed out
	atRest func() // called when all results are there, while both agents still live

	mu         sync.Mutex
	handed     int
	passed     int
	bad        string
	received   int64 // last number
	durable    int64
	checkpoint time.Time
	news       chan struct{}
	rest       sync.Once
}

const (
	leaseMost = 1000
	// checkpointEvery is about how long results wait until they are durable, and are acknowledged.
	checkpointEvery = 500 * time.Millisecond
	serverName      = "example.com" // what httptest's certificate is for
)

func newFakeCollector(noop string) *fakeCollector {
	c := &fakeCollector{noop: noop, news: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc(wire.PathHello, func(w http.ResponseWriter, _ *http.Request) { answer(w, c.hello()) })
	mux.HandleFunc(wire.PathReport, func(w http.ResponseWriter, r *http.Request) { answer(w, c.report(r)) })
	mux.HandleFunc(wire.PathLease, func(w http.ResponseWriter, r *http.Request) { answer(w, c.lease(r)) })
	mux.HandleFunc(wire.PathOutput, func(w http.ResponseWriter, _ *http.Request) { answer(w, struct{}{}) })
	c.server = httptest.NewTLSServer(mux)
	return c
}

func (c *fakeCollector) certificate() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw}))
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (c *fakeCollector) hello() wire.HelloReply {
	return wire.HelloReply{Epoch: "bench", Config: wire.Config{
		Mode: "run", RunName: "bench", RunUID: "bench", Slots: atATime, RunIgnored: "Default",
		Suites: []wire.Suite{{
			Name: "noop", Harness: "exec", ListFormat: "Lines",
			List: []string{c.noop, "list", fmt.Sprint(processes)}, Run: []string{c.noop, "run", "{id}"},
		}},
		GraceMS: 10_000,
	}}
}

func (c *fakeCollector) report(r *http.Request) wire.ReportReply {
	var report wire.Report
	err := json.NewDecoder(r.Body).Decode(&report)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.bad = err.Error()
	}
	for _, m := range report.Messages {
		c.take(m)
	}
	if now := time.Now(); report.Wait || now.Sub(c.checkpoint) >= checkpointEvery {
		c.durable, c.checkpoint = c.received, now
	}
	select {
	case c.news <- struct{}{}:
	default:
	}
	return wire.ReportReply{Acked: c.durable}
}

// take counts a message once, however often it comes. Call with mu held.
func (c *fakeCollector) take(m wire.Message) {
	if m.Seq != c.received+1 {
		return
	}
	c.received = m.Seq
	switch {
	case m.Row != nil && m.Row.Outcome == outcome.Passed:
		c.passed++
	case m.Row != nil:
		c.bad = fmt.Sprintf("test %d %s: %s", m.Row.Ordinal, m.Row.Outcome, m.Excerpt)
	case m.Seal != nil && m.Seal.Died != "":
		c.bad = m.Seal.Died
	}
}

func (c *fakeCollector) lease(r *http.Request) wire.Lease {
	var request wire.LeaseRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	if lease := c.some(request.Queued == 0 && request.Running == 0); len(lease.Attempts) > 0 {
		return lease
	}
	for c.missing() {
		select {
		case <-c.news:
		case <-r.Context().Done():
			return wire.Lease{}
		}
	}
	c.rest.Do(c.atRest)
	return wire.Lease{Drain: true}
}

func (c *fakeCollector) missing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed < processes && c.bad == ""
}

func (c *fakeCollector) some(first bool) wire.Lease {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(max((processes-c.handed)/2, 2*atATime), leaseMost, processes-c.handed)
	if first && c.handed == 0 { // nothing is known of the tests yet
		c.atWork()
		n = 2 * atATime
	}
	lease := wire.Lease{Binaries: []wire.Binary{{Suite: "noop", ID: "noop"}}}
	for range n {
		lease.Attempts = append(lease.Attempts, wire.Assignment{
			Ordinal: uint32(c.handed), Attempt: 1, Name: fmt.Sprintf("noop/%06d", c.handed+1),
		})
		c.handed++
	}
	return lease
}

// verdict is what went wrong.
func (c *fakeCollector) verdict() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bad != "" || c.passed != processes {
		return fmt.Errorf("%d of %d tests passed; %s", c.passed, processes, c.bad)
	}
	return nil
}
