package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/podtest/podtest/internal/wire"
)

// Limits of what a request may bring, in bytes.
const (
	maxHello   = 8 << 20
	maxReport  = 4 << 20
	maxLease   = 64 << 10
	maxOutput  = 8 << 20
	maxCatalog = 8 << 20
)

// Handler is the collector's HTTP side. It answers nobody whom auth does not know.
func Handler(runs *Runs, auth Authenticator) http.Handler {
	e := endpoint{runs: runs, auth: auth}
	mux := http.NewServeMux()
	handle(mux, e, wire.PathHello, maxHello, e.hello)
	handle(mux, e, wire.PathReport, maxReport, e.report)
	handle(mux, e, wire.PathLease, maxLease, e.lease)
	handle(mux, e, wire.PathOutput, maxOutput, e.output)
	handle(mux, e, wire.PathCatalog, maxCatalog, e.catalog)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, "other", nil, &refusal{http.StatusNotFound, "there is nothing here"})
	})
	return mux
}

type endpoint struct {
	runs *Runs
	auth Authenticator
}

// handle serves one path: who is it, then what do they say, then f.
func handle[T any](
	mux *http.ServeMux, e endpoint, path string, most int64, f func(context.Context, Caller, T) (any, error),
) {
	mux.HandleFunc(path, func(w http.ResponseWriter, req *http.Request) {
		reply, err := func() (any, error) {
			if req.Method != http.MethodPost {
				return nil, &refusal{http.StatusMethodNotAllowed, "only POST is answered"}
			}
			caller, err := e.authenticate(req)
			if err != nil {
				return nil, err
			}
			var body T
			if err := read(w, req, most, &body); err != nil {
				return nil, err
			}
			return f(req.Context(), caller, body)
		}()
		respond(w, path, reply, err)
	})
}

func (e endpoint) authenticate(req *http.Request) (Caller, error) {
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return Caller{}, unauthorized("there is no bearer token")
	}
	c, err := e.auth.Authenticate(req.Context(), token)
	if err != nil {
		return Caller{}, err
	}
	if batch := req.Header.Get(wire.HeaderBatch); batch != c.Batch {
		return Caller{}, forbidden("this token is of batch %s, not of %.253q", c.Batch, batch)
	}
	return c, nil
}

// read takes in a body of known size that is one JSON value of known fields and nothing else.
func read(w http.ResponseWriter, req *http.Request, most int64, body any) error {
	if enc := req.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return &refusal{http.StatusUnsupportedMediaType, "compressed bodies are not accepted"}
	}
	if req.ContentLength > most {
		return &refusal{http.StatusRequestEntityTooLarge, "the body is too large"}
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, req.Body, most))
	dec.DisallowUnknownFields()
	if err := dec.Decode(body); err != nil {
		return bodyError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body goes on after its end")
	}
	return nil
}

func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &refusal{http.StatusRequestEntityTooLarge, "the body is too large"}
	}
	return badRequest("the body is not what it should be: " + err.Error())
}

// respond writes an answer, and an error as its JSON.
func respond(w http.ResponseWriter, path string, reply any, err error) {
	code := http.StatusOK
	if err != nil {
		code, reply = codeOf(err), wire.ErrorReply{Error: err.Error()}
		if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
	}
	if reply == nil {
		reply = struct{}{}
	}
	requests.WithLabelValues(path, strconv.Itoa(code)).Inc()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(reply) // whoever has gone asks again
}

// codeOf is the status of an error. What is not the caller's fault heals: it may ask again.
func codeOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.code
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, errReopened) {
		log.Info("a request could not be answered", "error", err.Error())
	}
	return http.StatusServiceUnavailable
}

func checkVersion(version int) error {
	if version != wire.Version {
		return badRequest(fmt.Sprintf("protocol version %d is not known here, only %d", version, wire.Version))
	}
	return nil
}
