package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// SecretName is the Secret with the collector's certificates, in the manager's namespace.
const SecretName = "podtest-collector-tls"

// certificates are the collector's, kept in a Secret that the leader makes and renews.
type certificates struct {
	client client.Client
	live   client.Reader
	key    types.NamespacedName
	names  []string
	lives  lives
	now    func() time.Time

	mu   sync.Mutex
	have *authority
}

func newCertificates(c client.Client, live client.Reader, namespace string, names []string) *certificates {
	return &certificates{
		client: c, live: live, names: names, lives: defaultLives, now: time.Now,
		key: types.NamespacedName{Namespace: namespace, Name: SecretName},
	}
}

// get is the certificate for a new connection.
func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.have == nil {
		return nil, errors.New("there is no certificate yet")
	}
	return c.have.serving.tls(), nil
}

// bundle is what reporters are to trust.
func (c *certificates) bundle(ctx context.Context) ([]byte, error) {
	c.mu.Lock()
	have := c.have
	c.mu.Unlock()
	if have == nil {
		if err := c.ensure(ctx); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.have.bundle(), nil
}

// ensure reads the Secret, makes or renews what is missing or old, and keeps the result.
func (c *certificates) ensure(ctx context.Context) error {
	const tries = 5 // another leader may write at the same time
	var err error
	for range tries {
		if err = c.try(ctx); !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("keeping the collector's certificates in Secret %s: %w", c.key, err)
	}
	return nil
}

func (c *certificates) try(ctx context.Context) error {
	secret := &corev1.Secret{}
	err := c.live.Get(ctx, c.key, secret)
	absent := apierrors.IsNotFound(err)
	if err != nil && !absent {
		return err
	}
	a, changed, err := readAuthority(secret.Data).renewed(c.lives, c.names, c.now())
	if err != nil {
		return err
	}
	if changed {
		if err := c.write(ctx, secret, a, absent); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.have = &a
	return nil
}

func (c *certificates) write(ctx context.Context, secret *corev1.Secret, a authority, absent bool) error {
	data, err := a.data()
	if err != nil {
		return err
	}
	secret.Data = data
	if !absent {
		return c.client.Update(ctx, secret)
	}
	secret.ObjectMeta = metav1.ObjectMeta{
		Name: c.key.Name, Namespace: c.key.Namespace,
		Labels: map[string]string{"app.kubernetes.io/managed-by": "podtest"},
	}
	secret.Type = corev1.SecretTypeTLS
	return c.client.Create(ctx, secret)
}

// lookAgain is how often the Secret is looked at: renewal is due months ahead, but somebody may change it by hand.
const lookAgain = time.Hour

// keepFresh renews the certificates until ctx is done.
func (c *certificates) keepFresh(ctx context.Context) {
	for sleep(ctx, lookAgain) {
		if err := c.ensure(ctx); err != nil && ctx.Err() == nil {
			log.Error(err, "certificates could not be renewed, and will be again in an hour")
		}
	}
}
