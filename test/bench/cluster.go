package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/podtest/podtest/api/v1alpha1"
)

// cluster is the node, a namespace of our own on it, and an eye on that namespace. Times are those at which an informer
// saw a thing: the objects' own are whole seconds.
type cluster struct {
	client.Client
	ns    string
	cache cache.Cache
	stop  context.CancelFunc

	mu       sync.Mutex
	watched  map[string]bool // kinds
	watchers map[string]*watcher
}

// connect is made once, for all benches that need a cluster.
func (s *session) connect(ctx context.Context) (*cluster, error) {
	if s.cluster != nil {
		return s.cluster, nil
	}
	ctrllog.SetLogger(zap.New())
	config, err := clusterConfig(ctx)
	if err != nil {
		return nil, err
	}
	c := &cluster{watched: map[string]bool{}, watchers: map[string]*watcher{}}
	if err := c.open(ctx, config); err != nil {
		return nil, err
	}
	s.cluster = c
	noop, err := s.noopProgram(ctx)
	if err != nil {
		return nil, err
	}
	root := strings.TrimSuffix(noop, "/tests/noop")
	return c, command(ctx, "hack/cluster/image", "dir", noopImage, root)
}

func clusterConfig(ctx context.Context) (*rest.Config, error) {
	if os.Getenv("KUBECONFIG") == "" {
		out, err := exec.CommandContext(ctx, "bash", "-c", `eval "$(hack/cluster/env)" && echo "$KUBECONFIG"`).Output()
		if err != nil {
			return nil, fmt.Errorf("hack/cluster/env: %w", err)
		}
		if err := os.Setenv("KUBECONFIG", strings.TrimSpace(string(out))); err != nil {
			return nil, err
		}
	}
	config, err := ctrl.GetConfig()
	if err == nil {
		config.QPS = -1 // a client's own limit would be what is measured
	}
	return config, err
}

func (c *cluster) open(ctx context.Context, config *rest.Config) error {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	var err error
	if c.Client, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if err := c.makeNamespace(ctx); err != nil {
		return err
	}
	c.cache, err = cache.New(config, cache.Options{
		Scheme: scheme, DefaultNamespaces: map[string]cache.Config{c.ns: {}},
	})
	if err != nil {
		return err
	}
	ctx, c.stop = context.WithCancel(ctx)
	go func() {
		if err := c.cache.Start(ctx); err != nil {
			log.Print("the informers ended: ", err)
		}
	}()
	return nil
}

func (c *cluster) makeNamespace(ctx context.Context) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-"}}
	if err := c.Create(ctx, ns); err != nil {
		return err
	}
	c.ns = ns.Name
	return c.await(ctx, 30*time.Second, "the default service account", func() (bool, error) {
		err := c.Get(ctx, client.ObjectKey{Namespace: c.ns, Name: "default"}, &corev1.ServiceAccount{})
		return err == nil, client.IgnoreNotFound(err)
	})
}

func (c *cluster) close() {
	if c.stop != nil {
		c.stop()
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.ns}}
	if err := c.Delete(context.Background(), ns); err != nil {
		log.Print(err)
	}
}

// await asks until the answer is yes. It is for what is not measured.
func (c *cluster) await(ctx context.Context, within time.Duration, what string, ok func() (bool, error)) error {
	for end := time.Now().Add(within); ; {
		done, err := ok()
		if done || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s", within, what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// remove deletes an object and waits until no pod is left of it.
func (c *cluster) remove(ctx context.Context, o client.Object) error {
	policy := client.PropagationPolicy(metav1.DeletePropagationBackground)
	if err := c.Delete(ctx, o, policy, client.GracePeriodSeconds(0)); client.IgnoreNotFound(err) != nil {
		return err
	}
	return c.await(ctx, 90*time.Second, "the pods to go", func() (bool, error) {
		var pods corev1.PodList
		err := c.List(ctx, &pods, client.InNamespace(c.ns))
		return len(pods.Items) == 0, err
	})
}
