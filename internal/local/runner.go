package local

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/wire"
)

// Descriptor is the one that a runner is started with: its connection to us.
const Descriptor = 3

// runner is a process that lists or runs tests, as in a pod.
type runner struct {
	cmd    *exec.Cmd
	conn   net.Conn
	to     *wire.LineWriter
	from   *wire.LineReader
	stderr *ending
}

// ending is the end of what a runner prints to standard error: why it died.
type ending struct{ text []byte }

const maxEnding = 2 << 10

func (e *ending) Write(p []byte) (int, error) {
	e.text = append(e.text, p...)
	if over := len(e.text) - maxEnding; over > 0 {
		e.text = slices.Clone(e.text[over:])
	}
	return len(p), nil
}

// How long a runner whose connection has ended may take to exit.
const exitPatience = 5 * time.Second

// startRunner starts one, in a process group of its own: what a terminal sends to ours is for us to pass on.
func startRunner(argv, environ []string) (*runner, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "runner"), os.NewFile(uintptr(fds[1]), "reporter")
	defer func() { _ = theirs.Close() }()
	conn, err := net.FileConn(ours)
	_ = ours.Close() // conn has a copy
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	r := &runner{conn: conn, to: wire.NewLineWriter(conn), from: wire.NewLineReader(conn), stderr: &ending{}}
	r.cmd = exec.Command(argv[0])
	r.cmd.Args = slices.Concat([]string{"podtest"}, argv[1:])
	r.cmd.Env, r.cmd.Stderr, r.cmd.ExtraFiles = environ, r.stderr, []*os.File{theirs}
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.WaitDelay = exitPatience
	if err := r.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a runner: %w", err), conn.Close())
	}
	return r, nil
}

// greet reads the runner's first line and answers with what to do.
func (r *runner) greet(c wire.Config) error {
	var m wire.ToReporter
	if err := r.from.Receive(&m); err != nil {
		return err
	}
	if m.Hello == nil || m.Hello.Version != wire.Version {
		return errors.New("the first line was not a runner's of this version")
	}
	return r.send(wire.ToRunner{Config: &c})
}

func (r *runner) send(m wire.ToRunner) error { return r.to.Send(m) }

// end waits until the process has exited, and makes it if need be. The error says how, if it was not well.
func (r *runner) end() error {
	last := time.AfterFunc(exitPatience, r.kill)
	err := r.cmd.Wait()
	last.Stop()
	_ = r.conn.Close()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	if said := harness.Printable(r.stderr.text); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// kill ends the runner at once; what it has started is left to whoever looks after orphans.
func (r *runner) kill() { _ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) }

// peak is the most memory that the runner has used, in KiB; 0: not known. The kernel charges it to each process that
// it starts.
func (r *runner) peak() uint64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	n, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kib, _ := strconv.ParseUint(n, 10, 64)
	return kib
}
