// Package attach asks the agent in a worker's pod what a test prints while it runs: it starts `agent output` beside the
// runner, as `kubectl exec` would.
package attach

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/podtest/podtest/internal/wire"
)

// Test is a test that runs in a pod.
type Test struct {
	Namespace, Pod string
	Container      string // that holds the tests
	RunUID         types.UID
	Ordinal        uint32
	Attempt        uint16 // 0: the one that runs
	Follow         bool   // until it has ended
}

// Looker shows what tests print. see is told each line; the last one has End set.
type Looker interface {
	Look(ctx context.Context, t Test, see func(wire.LiveOutput) error) error
}

// Pods is the Looker of a cluster.
type Pods struct{ Config *rest.Config }

// ErrForbidden says that the user may not run commands in the pods.
var ErrForbidden = errors.New("no right to create pods/exec")

// ErrCut says that the talk ended before the agent had said all.
var ErrCut = errors.New("the connection to the pod ended")

// Look implements Looker.
func (p Pods) Look(ctx context.Context, t Test, see func(wire.LiveOutput) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	exec, err := p.executor(t)
	if err != nil {
		return err
	}
	from, to := io.Pipe()
	defer func() { _ = from.Close() }()
	var stderr head
	ended := make(chan error, 1)
	go func() {
		err := exec.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: to, Stderr: &stderr})
		_ = to.Close()
		ended <- err
	}()
	lines := wire.NewLineReader(from)
	var o wire.LiveOutput
	for lines.Receive(&o) == nil {
		if o.Error != "" {
			return fmt.Errorf("pod %s: %w: %s", t.Pod, ErrCut, o.Error)
		}
		if err := see(o); err != nil || o.End != "" {
			return err
		}
		o = wire.LiveOutput{}
	}
	_ = from.Close()
	return p.trouble(ctx, t, <-ended, stderr.String())
}

// executor speaks over a WebSocket, or as before there were any.
func (p Pods) executor(t Test) (remotecommand.Executor, error) {
	config := rest.CopyConfig(p.Config)
	config.GroupVersion, config.APIPath = &corev1.SchemeGroupVersion, "/api"
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	c, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", config.Host, err)
	}
	url := c.Post().Resource("pods").Namespace(t.Namespace).Name(t.Pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: t.Container, Command: command(t), Stdout: true, Stderr: true,
		}, scheme.ParameterCodec).URL()
	old, err := remotecommand.NewSPDYExecutor(config, "POST", url)
	if err != nil {
		return nil, err
	}
	socket, err := remotecommand.NewWebSocketExecutor(config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(socket, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

func command(t Test) []string {
	argv := []string{
		wire.BinDir + "/agent", "output", "--run=" + string(t.RunUID),
		"--ordinal=" + strconv.FormatUint(uint64(t.Ordinal), 10), "--attempt=" + strconv.Itoa(int(t.Attempt)),
	}
	if t.Follow {
		argv = append(argv, "--follow")
	}
	return argv
}

// trouble says why a talk ended before all was said. A refusal comes as plain text, so the API server is asked for it.
func (p Pods) trouble(ctx context.Context, t Test, err error, stderr string) error {
	err = errors.Join(err, fromStderr(stderr))
	if err == nil {
		return fmt.Errorf("pod %s: %w", t.Pod, ErrCut)
	}
	if !p.allowed(ctx, t) {
		return fmt.Errorf("%w in namespace %s: %w", ErrForbidden, t.Namespace, err)
	}
	return fmt.Errorf("pod %s: %w: %w", t.Pod, ErrCut, err)
}

func fromStderr(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// allowed reports whether the user may run commands in the pod, as far as that can be known.
func (p Pods) allowed(ctx context.Context, t Test) bool {
	c, err := authorization.NewForConfig(p.Config)
	if err != nil {
		return true
	}
	review, err := c.SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: t.Namespace, Verb: "create", Resource: "pods", Subresource: "exec", Name: t.Pod,
		}},
	}, metav1.CreateOptions{})
	return err != nil || review.Status.Allowed
}

// head keeps the beginning of what is written.
type head struct{ bytes.Buffer }

const headSize = 1 << 10

func (h *head) Write(p []byte) (int, error) {
	if room := headSize - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
