package collector

import "net/http"

// refusal is an answer to a reporter that is not 200.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return r.text }

// What reporters are told. After errHello they say Hello, after errOver they stop, after errNotYet they ask again.
var (
	errHello  = &refusal{http.StatusConflict, "this collector does not know you: say hello"}
	errGap    = &refusal{http.StatusConflict, "messages before these are missing: say hello, send what is not acked"}
	errOver   = &refusal{http.StatusGone, "the run or the batch is over"}
	errNotYet = &refusal{http.StatusServiceUnavailable, "the run is not open here yet: ask again"}
)

func badRequest(text string) error { return &refusal{http.StatusBadRequest, text} }
