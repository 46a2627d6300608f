package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// worker is what the two agents of a worker pod have used for a round of no-op tests.
type worker struct {
	wall             time.Duration
	runner, reporter agentUse
}

type agentUse struct {
	cpu        time.Duration // until the last result had come
	peak, anon float64       // bytes: all at the peak, and what is not the program's file at the end
}

// enter makes the places that the agents expect in a pod, visible to them only, and starts one. Like there, /tmp is an
// overlay.
const enter = `set -e; root=$1; shift
mount -t proc none "$root/proc"; mount -t tmpfs none "$root/dev"
layers=$root/layers/$$; mkdir -p "$layers/lower" "$layers/upper" "$layers/work"
mount -t overlay none -o "lowerdir=$layers/lower,upperdir=$layers/upper,workdir=$layers/work" "$root/tmp"
mknod -m 666 "$root/dev/null" c 1 3; mknod -m 666 "$root/dev/urandom" c 1 9
exec chroot "$root" "$@"`

// runWorker starts the real agents as processes of this machine, with a collector that only counts.
func (s *session) runWorker(ctx context.Context) (worker, error) {
	root, err := s.makeRoot(ctx)
	if err != nil {
		return worker{}, err
	}
	defer func() { _ = os.RemoveAll(root) }()
	c := newFakeCollector("/tests/noop")
	defer c.server.Close()
	var w worker
	var failed error
	reporter := agentCommand(ctx, root, "report", wire.EnvCollector+"="+c.server.URL, wire.EnvServer+"="+serverName,
		wire.EnvCA+"="+c.certificate(), wire.EnvBatch+"=bench", wire.EnvPod+"=bench", wire.EnvNode+"=bench")
	runner := agentCommand(ctx, root, "run", wire.EnvPod+"=bench", wire.EnvNode+"=bench")
	var begin time.Time
	c.atWork = func() { begin = time.Now() }
	c.atRest = func() {
		w.wall = time.Since(begin)
		if failed = w.reporter.read(reporter); failed == nil {
			failed = w.runner.read(runner)
		}
	}
	if err := reporter.Start(); err != nil {
		return w, err
	}
	if err := runner.Start(); err != nil {
		return w, fmt.Errorf("%w; %w", err, stop(reporter))
	}
	err = runner.Wait()
	if stopErr := stop(reporter); err == nil {
		err = stopErr
	}
	if bad := c.verdict(); bad != nil {
		err = fmt.Errorf("%w; %w", bad, errOr(err))
	}
	if err == nil {
		err = failed
	}
	return w, err
}

func errOr(err error) error {
	if err == nil {
		return fmt.Errorf("the agents saw nothing wrong")
	}
	return err
}

func stop(cmd *exec.Cmd) error {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	return cmd.Wait()
}

func agentCommand(ctx context.Context, root, verb string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "unshare", "-m", "sh", "-c", enter, "sh", root, wire.BinDir+"/agent", verb)
	cmd.Env = slices.Concat(env, []string{"PATH=" + os.Getenv("PATH")})
	cmd.Stderr = os.Stderr
	return cmd
}

// makeRoot is a pod's file system in small.
func (s *session) makeRoot(ctx context.Context) (string, error) {
	noop, err := s.noopProgram(ctx)
	if err != nil {
		return "", err
	}
	root, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return "", err
	}
	for _, dir := range []string{
		wire.BinDir, filepath.Dir(wire.SocketPath), filepath.Dir(wire.TokenPath), "/tests",
		"/tmp", "/proc", "/dev",
	} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			return root, err
		}
	}
	if err := os.WriteFile(root+wire.TokenPath, []byte("token"), 0o600); err != nil {
		return root, err
	}
	if err := copyFile(noop, root+"/tests/noop"); err != nil {
		return root, err
	}
	return root, copyFile(s.agent, root+wire.BinDir+"/agent")
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

// read asks the kernel while the agent still lives.
func (u *agentUse) read(cmd *exec.Cmd) (err error) {
	p := process(cmd.Process.Pid)
	if u.cpu, err = p.cpu(); err != nil {
		return err
	}
	if u.peak, err = p.memory("VmHWM"); err != nil {
		return err
	}
	u.anon, err = p.memory("RssAnon")
	return err
}
