package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// pipe is one stream of a process. Its reading end waits in the poller, not in a thread.
type pipe struct {
	read  *os.File
	write int
}

func newPipe() (*pipe, error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	_ = syscall.SetNonblock(fds[0], true)
	return &pipe{read: os.NewFile(uintptr(fds[0]), "|0"), write: fds[1]}, nil
}

// started gives up our copy of the child's end, without which the stream never ends.
func (p *pipe) started() {
	if p.write >= 0 {
		_ = syscall.Close(p.write)
		p.write = -1
	}
}

func (p *pipe) close() {
	p.started()
	_ = p.read.Close()
}

var devNull = sync.OnceValues(func() (*os.File, error) { return os.Open(os.DevNull) })

// spawnPatience is how long a start is tried again while the kernel has no room for a process, or the file is
// still being written.
const (
	spawnTries    = 20
	spawnPatience = 50 * time.Millisecond
)

func spawn(c Command, out, errs *pipe) (int, error) {
	null, err := devNull()
	if err != nil {
		return 0, err
	}
	path, err := lookup(c.Argv[0])
	if err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Env,
		Files: []uintptr{null.Fd(), uintptr(out.write), uintptr(errs.write)},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	for try := 1; ; try++ {
		pid, err := syscall.ForkExec(path, c.Argv, attr)
		if err == nil {
			return pid, nil
		}
		if try == spawnTries || !passing(err) {
			return 0, explain(c, err)
		}
		time.Sleep(spawnPatience)
	}
}

func passing(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ETXTBSY)
}

func lookup(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("cannot start %s: not found in PATH", name)
	}
	return path, nil
}

// explain names what is missing: the kernel says ENOENT for the program and for the folder alike.
func explain(c Command, err error) error {
	if c.Dir != "" {
		if _, dirErr := os.Stat(c.Dir); dirErr != nil {
			return fmt.Errorf("cannot start %s: working directory %s: %w", c.Argv[0], c.Dir, errors.Unwrap(dirErr))
		}
	}
	return fmt.Errorf("cannot start %s: %w", c.Argv[0], err)
}

// kill signals a whole group.
func kill(pgid int, sig syscall.Signal) { _ = syscall.Kill(-pgid, sig) }

const (
	waitPID     = 1 // P_PID
	waitExited  = 4 // WEXITED
	waitNoReap  = 0x1000000
	siginfoSize = 128
)

// awaitExit returns when the process has exited, and leaves it a zombie.
func awaitExit(pid int) {
	var info [siginfoSize]byte
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, waitPID, uintptr(pid),
			uintptr(unsafe.Pointer(&info[0])), waitExited|waitNoReap, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// reap takes the zombie's last facts.
func reap(pid int, end *End) {
	var usage syscall.Rusage
	for {
		_, err := syscall.Wait4(pid, &end.Status, 0, &usage)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	end.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	end.PeakRSS = uint64(usage.Maxrss)
}
