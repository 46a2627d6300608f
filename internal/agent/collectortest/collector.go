// Package collectortest is a collector for the agent's tests: it serves HTTPS, keeps what it is told, and misbehaves
// as asked.
package collectortest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// Token is the one that is let in.
const Token = "the-token"

// Collector answers a reporter. Set the fields before it is used; What it was told is read with the methods.
type Collector struct {
	Config wire.Config
	// Leases are handed out one a request; then the reporter waits until all results are in, and is told to drain.
	Leases []wire.Lease
	// Results is how many must be in before Drain; 0: as many as the leases hold.
	Results int
	// Refuse says with which status a request is refused; 0: not. n counts the requests to the path, from 1. It may
	// wait: other requests are answered meanwhile.
	Refuse func(path string, n int) int
	// Durable says up to which number messages are acknowledged, given the last that came and whether the reporter waits.
	Durable func(last int64, wait bool) int64
	// Told is called, if set, with each result as it comes.
	Told func(outcome.Row)

	server *httptest.Server
	mu     sync.Mutex
	change *sync.Cond
	epoch  int
	seen   map[string]int
	// messages of this batch by number: what is durable survives a change of the collector, the rest does not.
	messages map[int64]wire.Message
	acked    int64
	hellos   []wire.Hello
	asked    []wire.LeaseRequest
	outputs  []wire.Output
	parts    []wire.Catalog
	wrong    []string
	given    int
	leasing  bool
	closed   bool
}

// Start serves until the test ends.
func (c *Collector) Start(t testing.TB) *Collector {
	c.change = sync.NewCond(&c.mu)
	c.seen, c.messages, c.epoch = map[string]int{}, map[int64]wire.Message{}, 1
	if c.Results == 0 {
		for _, l := range c.Leases {
			c.Results += len(l.Attempts)
		}
	}
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(c.serve))
	c.server.StartTLS()
	t.Cleanup(c.stop)
	return c
}

func (c *Collector) stop() {
	c.mu.Lock()
	c.closed = true
	c.change.Broadcast()
	c.mu.Unlock()
	c.server.CloseClientConnections()
	c.server.Close()
}

// URL is where it serves.
func (c *Collector) URL() string { return c.server.URL }

// CA is the certificate it shows, as PEM.
func (c *Collector) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw})
}

// TakeOver puts another collector in its place, which knows only what is durable.
func (c *Collector) TakeOver() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takeOver()
}

func (c *Collector) takeOver() {
	c.epoch++
	for seq := range c.messages {
		if seq > c.acked {
			delete(c.messages, seq)
		}
	}
	c.parts = nil
	c.change.Broadcast()
}

func (c *Collector) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+Token || r.Header.Get(wire.HeaderBatch) == "" {
		refuse(w, http.StatusUnauthorized)
		return
	}
	c.seen[r.URL.Path]++
	if c.Refuse != nil {
		n := c.seen[r.URL.Path]
		c.mu.Unlock()
		status := c.Refuse(r.URL.Path, n)
		c.mu.Lock()
		if status != 0 {
			if status == http.StatusConflict {
				c.takeOver()
			}
			refuse(w, status)
			return
		}
	}
	switch r.URL.Path {
	case wire.PathHello:
		c.hello(w, r)
	case wire.PathReport:
		c.report(w, r)
	case wire.PathLease:
		c.lease(w, r)
	case wire.PathOutput:
		c.output(w, r)
	case wire.PathCatalog:
		c.catalog(w, r)
	default:
		refuse(w, http.StatusNotFound)
	}
}

func refuse(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(wire.ErrorReply{Error: "as asked"})
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (c *Collector) name() string { return fmt.Sprint("epoch-", c.epoch) }

// read reads a body, and refuses one of another epoch.
func (c *Collector) read(w http.ResponseWriter, r *http.Request, v any, epoch *string) bool {
	c.mu.Unlock()
	err := json.NewDecoder(r.Body).Decode(v)
	c.mu.Lock()
	if err != nil {
		c.wrong = append(c.wrong, err.Error())
		refuse(w, http.StatusBadRequest)
		return false
	}
	if epoch != nil && *epoch != c.name() {
		refuse(w, http.StatusConflict)
		return false
	}
	return true
}

func (c *Collector) hello(w http.ResponseWriter, r *http.Request) {
	var h wire.Hello
	if c.read(w, r, &h, nil) {
		c.hellos = append(c.hellos, h)
		answer(w, wire.HelloReply{Epoch: c.name(), Acked: c.acked, Config: c.Config})
	}
}

func (c *Collector) report(w http.ResponseWriter, r *http.Request) {
	var body wire.Report
	if !c.read(w, r, &body, &body.Epoch) {
		return
	}
	for _, m := range body.Messages {
		_, again := c.messages[m.Seq]
		c.messages[m.Seq] = m
		if m.Row != nil && !again && c.Told != nil {
			c.Told(*m.Row)
		}
	}
	last := c.acked
	for {
		if _, here := c.messages[last+1]; !here {
			break
		}
		last++
	}
	if c.Durable != nil {
		last = c.Durable(last, body.Wait)
	}
	c.acked = max(c.acked, last)
	c.change.Broadcast()
	answer(w, wire.ReportReply{Acked: c.acked})
}

func (c *Collector) lease(w http.ResponseWriter, r *http.Request) {
	var body wire.LeaseRequest
	if !c.read(w, r, &body, &body.Epoch) {
		return
	}
	c.asked = append(c.asked, body)
	if c.leasing {
		c.wrong = append(c.wrong, "two lease requests at once")
	}
	c.leasing = true
	defer func() { c.leasing = false }()
	if c.given < len(c.Leases) {
		c.given++
		answer(w, c.Leases[c.given-1])
		return
	}
	for len(c.rows()) < c.Results && body.Epoch == c.name() && !c.closed && r.Context().Err() == nil {
		c.change.Wait()
	}
	switch {
	case body.Epoch != c.name():
		refuse(w, http.StatusConflict)
	default:
		answer(w, wire.Lease{Drain: true})
	}
}

func (c *Collector) output(w http.ResponseWriter, r *http.Request) {
	var body wire.OutputReport
	if c.read(w, r, &body, &body.Epoch) {
		c.outputs = append(c.outputs, body.Outputs...)
		answer(w, struct{}{})
	}
}

func (c *Collector) catalog(w http.ResponseWriter, r *http.Request) {
	var body wire.Catalog
	if c.read(w, r, &body, &body.Epoch) {
		if body.Part != len(c.parts) {
			c.wrong = append(c.wrong, fmt.Sprintf("part %d after %d parts", body.Part, len(c.parts)))
		}
		c.parts = append(c.parts, body)
		answer(w, struct{}{})
	}
}

func (c *Collector) rows() []outcome.Row {
	rows := map[[2]uint32]outcome.Row{}
	for _, m := range c.messages {
		if m.Row != nil {
			rows[[2]uint32{m.Row.Ordinal, uint32(m.Row.Attempt)}] = *m.Row
		}
	}
	var all []outcome.Row
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b outcome.Row) int { return int(a.Ordinal) - int(b.Ordinal) })
	return all
}

// Rows are the results that came, by ordinal.
func (c *Collector) Rows() []outcome.Row { return locked(c, c.rows) }

// Excerpts are the excerpts that came, by ordinal.
func (c *Collector) Excerpts() map[uint32]string {
	return locked(c, func() map[uint32]string {
		excerpts := map[uint32]string{}
		for _, m := range c.messages {
			if m.Row != nil && m.Excerpt != "" {
				excerpts[m.Row.Ordinal] = m.Excerpt
			}
		}
		return excerpts
	})
}

// Seal is the seal that came, or nil.
func (c *Collector) Seal() *wire.Seal {
	return locked(c, func() *wire.Seal {
		for _, m := range c.messages {
			if m.Seal != nil {
				return m.Seal
			}
		}
		return nil
	})
}

// Started are the attempts that were told as started, by ordinal.
func (c *Collector) Started() []wire.Held {
	return locked(c, func() []wire.Held {
		var all []wire.Held
		for _, m := range c.messages {
			all = append(all, m.Started...)
		}
		slices.SortFunc(all, func(a, b wire.Held) int { return int(a.Ordinal) - int(b.Ordinal) })
		return all
	})
}

// Hellos are all that were said.
func (c *Collector) Hellos() []wire.Hello {
	return locked(c, func() []wire.Hello { return slices.Clone(c.hellos) })
}

// Asked are all questions for work.
func (c *Collector) Asked() []wire.LeaseRequest {
	return locked(c, func() []wire.LeaseRequest { return slices.Clone(c.asked) })
}

// Outputs are those that came.
func (c *Collector) Outputs() []wire.Output {
	return locked(c, func() []wire.Output { return slices.Clone(c.outputs) })
}

// Parts are the parts of the catalog.
func (c *Collector) Parts() []wire.Catalog {
	return locked(c, func() []wire.Catalog { return slices.Clone(c.parts) })
}

// Wrong is what the reporter did against the contract.
func (c *Collector) Wrong() []string {
	return locked(c, func() []string { return slices.Clone(c.wrong) })
}

func locked[T any](c *Collector, f func() T) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f()
}
