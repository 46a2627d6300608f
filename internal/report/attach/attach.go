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

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
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

// ErrGone says that the pod, or its container with the tests, is there no longer, or not yet.
var ErrGone = errors.New("the pod does not run")

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
	done, err := read(wire.NewLineReader(from), see)
	if err != nil || done {
		return err
	}
	return trouble(t, <-ended, stderr.String())
}

// read tells the lines; done says that the last of them was among them.
func read(lines *wire.LineReader, see func(wire.LiveOutput) error) (done bool, err error) {
	for {
		var o wire.LiveOutput
		if err := lines.Receive(&o); err != nil {
			return false, nil // how the command ended tells why
		}
		if o.Error != "" {
			return false, fmt.Errorf("the agent in the pod: %s", o.Error)
		}
		if err := see(o); err != nil || o.End != "" {
			return true, err
		}
	}
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

// trouble says why a talk ended before all was said.
func trouble(t Test, err error, stderr string) error {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w in namespace %s: %w", ErrForbidden, t.Namespace, err)
	case apierrors.IsNotFound(err), apierrors.IsBadRequest(err):
		return fmt.Errorf("%w: %s: %w", ErrGone, t.Pod, err)
	case err == nil:
		return fmt.Errorf("pod %s: %w", t.Pod, ErrCut)
	case stderr != "":
		return fmt.Errorf("pod %s: %w: %w: %s", t.Pod, ErrCut, err, stderr)
	}
	return fmt.Errorf("pod %s: %w: %w", t.Pod, ErrCut, err)
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
