package collector

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// How long answers about tokens hold, how many are kept, and how often the API server is asked for new ones.
const (
	validFor      = time.Minute
	refusedFor    = 10 * time.Second
	maxTokens     = 50_000
	reviewsPerSec = 100
	reviewsBurst  = 400
)

// What one pod may ask of the collector. A reporter asks about ten times a second, more while tests fail.
const (
	requestsPerSec = 100
	requestsBurst  = 300
)

type tokenHash [sha256.Size]byte

// answerFor is what is known of a token.
type answerFor struct {
	caller Caller
	err    error
	until  time.Time
	budget *rate.Limiter
}

// tokens remembers who tokens are from, for a short time and by their hash.
type tokens struct {
	ask Authenticator
	now func() time.Time

	mu      sync.Mutex
	known   map[tokenHash]*answerFor
	reviews *rate.Limiter
}

// NewAuthenticator asks the API server, and remembers its answers for a minute. live reads past c's cache.
func NewAuthenticator(c client.Client, live client.Reader) Authenticator {
	return remember(&reviewer{client: c, live: live}, time.Now)
}

func remember(a Authenticator, now func() time.Time) *tokens {
	return &tokens{
		ask: a, now: now, known: map[tokenHash]*answerFor{},
		reviews: rate.NewLimiter(reviewsPerSec, reviewsBurst),
	}
}

// Authenticate implements Authenticator.
func (t *tokens) Authenticate(ctx context.Context, token string) (Caller, error) {
	hash := sha256.Sum256([]byte(token))
	known := t.lookUp(hash)
	if known == nil {
		if err := t.reviews.Wait(ctx); err != nil {
			return Caller{}, err
		}
		known = &answerFor{until: t.now().Add(validFor), budget: rate.NewLimiter(requestsPerSec, requestsBurst)}
		known.caller, known.err = t.ask.Authenticate(ctx, token)
		if known.err != nil {
			known.until = t.now().Add(refusedFor)
			if r := (*refusal)(nil); !errors.As(known.err, &r) {
				return Caller{}, known.err // it could not be found out
			}
		}
		t.keep(hash, known)
	}
	if !known.budget.AllowN(t.now(), 1) {
		return Caller{}, &refusal{http.StatusTooManyRequests, "too many requests: ask again in a second"}
	}
	return known.caller, known.err
}

func (t *tokens) lookUp(hash tokenHash) *answerFor {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.known[hash]; known != nil && t.now().Before(known.until) {
		return known
	}
	return nil
}

func (t *tokens) keep(hash tokenHash, a *answerFor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTokens {
		now := t.now()
		for h, old := range t.known {
			if !now.Before(old.until) || len(t.known) >= maxTokens {
				delete(t.known, h)
			}
		}
	}
	t.known[hash] = a
}

// namespaceOf is the namespace of a service account's user name.
func namespaceOf(user string) (string, bool) {
	rest, ok := strings.CutPrefix(user, userPrefix)
	namespace, _, ok2 := strings.Cut(rest, ":")
	return namespace, ok && ok2 && namespace != ""
}
