package collector_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// request is what a table changes of a good report.
type request struct {
	method, path, token, batch, body string
	header                           map[string]string
}

func (r request) do(l *leader) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(context.Background(), r.method, r.path, strings.NewReader(r.body))
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	req.Header.Set(wire.HeaderBatch, r.batch)
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	l.http.ServeHTTP(rec, req)
	return rec
}

func TestWhatIsNotAReportIsRefused(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	result := `{"seq":%d,"kind":"result","row":{"Ordinal":0,"Attempt":1,"Outcome":1}}`
	report := func(fields string) string { return fmt.Sprintf(`{"version":1,"epoch":%q,%s}`, p.epoch, fields) }
	one := func(seq int) string { return `"messages":[` + fmt.Sprintf(result, seq) + `]` }
	for name, tt := range map[string]struct {
		change func(*request)
		want   int
	}{
		"a good one is taken":           {func(*request) {}, 200},
		"no token":                      {func(r *request) { r.token = "" }, 401},
		"the name of another's batch":   {func(r *request) { r.batch = "other" }, 403},
		"a pod that is not the batch's": {func(r *request) { r.token = b.Name + "/other-pod" }, 403},
		"a pod that lists tests":        {func(r *request) { r.token, r.batch = "job:smoke-list/p", "smoke-list" }, 403},
		"a batch that is not known yet": {func(r *request) { r.token, r.batch = "new/p", "new" }, 503},
		"a path that is not there":      {func(r *request) { r.path = "/v1/results" }, 404},
		"a question for what is stored": {func(r *request) { r.method = http.MethodGet }, 405},
		"a compressed body": {func(r *request) {
			r.header = map[string]string{"Content-Encoding": "gzip"}
		}, 415},
		"a body that is too large":         {func(r *request) { r.body = strings.Repeat(" ", 5<<20) }, 413},
		"an unknown version":               {func(r *request) { r.body = `{"version":2}` }, 400},
		"an unknown field":                 {func(r *request) { r.body = report(`"messages":[],"more":1`) }, 400},
		"two bodies in one":                {func(r *request) { r.body += r.body }, 400},
		"no JSON":                          {func(r *request) { r.body = "hello" }, 400},
		"no body":                          {func(r *request) { r.body = "" }, 400},
		"the epoch of another collector":   {func(r *request) { r.body = `{"version":1,"epoch":"x","messages":[]}` }, 409},
		"messages before these are not in": {func(r *request) { r.body = report(one(7)) }, 409},
		"a message without a number":       {func(r *request) { r.body = report(one(0)) }, 400},
		"a hole between messages": {func(r *request) {
			r.body = report(`"messages":[` + fmt.Sprintf(result, 1) + "," + fmt.Sprintf(result, 3) + `]`)
		}, 400},
		"a result without a row":       {func(r *request) { r.body = report(`"messages":[{"seq":1,"kind":"result"}]`) }, 400},
		"a message of an unknown kind": {func(r *request) { r.body = report(`"messages":[{"seq":1,"kind":"x"}]`) }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := request{http.MethodPost, wire.PathReport, p.token, b.Name, report(`"messages":[]`), nil}
			tt.change(&r)
			rec := r.do(l)
			if rec.Code != tt.want {
				t.Errorf("answered %d %s, want %d", rec.Code, rec.Body, tt.want)
			}
			if rec.Code != 200 && !bytes.HasPrefix(rec.Body.Bytes(), []byte(`{"error":"`)) {
				t.Errorf("the answer is %s", rec.Body)
			}
			if rec.Code == 503 && rec.Header().Get("Retry-After") != "1" {
				t.Error("it does not say when to ask again")
			}
		})
	}
	if c := counts(l); c.Passed+c.Discarded != 0 {
		t.Errorf("something was counted: %+v", c)
	}
}

func TestOnlyWhoIsKnownIsListenedTo(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	l := w.leader()
	body := &touched{}
	for _, tt := range []struct {
		err  error
		want int
	}{{errors.New("the API server is away"), 503}} {
		l.http = collector.Handler(l.runs, refusing{tt.err})
		req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, wire.PathReport, body)
		req.Header.Set("Authorization", "Bearer x")
		rec := httptest.NewRecorder()
		l.http.ServeHTTP(rec, req)
		if rec.Code != tt.want || body.read {
			t.Errorf("answered %d, body read: %v", rec.Code, body.read)
		}
	}
}

type refusing struct{ err error }

func (r refusing) Authenticate(context.Context, string) (collector.Caller, error) {
	return collector.Caller{}, r.err
}

type touched struct{ read bool }

func (b *touched) Read([]byte) (int, error) {
	b.read = true
	return 0, errors.New("read")
}

func TestARunThatIsNotOpenIsAskedForAgain(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	b := w.batch(0)
	runs := collector.NewRuns(w.api)
	l := &leader{t: t, runs: runs, http: collector.Handler(runs, byToken{})}
	p := newReporter(t, b.Name)
	hello := wire.Hello{Version: wire.Version}
	if code := l.ask(context.Background(), p.token, wire.PathHello, hello, nil); code != 503 {
		t.Errorf("before it is open: %d", code)
	}
	if err := w.api.Delete(context.Background(), w.run.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	if code := l.ask(context.Background(), p.token, wire.PathHello, hello, nil); code != 410 {
		t.Errorf("after it is deleted: %d", code)
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"version":1,"epoch":"x","messages":[{"seq":1,"kind":"seal","seal":{"count":1,"digest":""}}]}`))
	f.Add([]byte(`{"version":1,"messages":[{"seq":9223372036854775807,"kind":"started"}]}`))
	w := newWorld(f, 2, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(f, b.Name)
	p.hello(l)
	f.Fuzz(func(t *testing.T, body []byte) {
		w.t, l.t = t, t
		text := strings.Replace(string(body), `"epoch":"x"`, fmt.Sprintf(`"epoch":%q`, p.epoch), 1)
		request{http.MethodPost, wire.PathReport, p.token, b.Name, text, nil}.do(l)
		if err := l.live.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, row := range w.rows(b.Name) {
			if row.Ordinal > 1 || row.Attempt == 0 || !row.Outcome.Told() || row.Outcome == outcome.NotRun {
				t.Fatalf("row %+v was recorded", row)
			}
		}
	})
}
