package process

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Family knows which children are ours, so that the others, orphans of tests that the kernel gave to us, can be
// ended and reaped. A nil Family only starts processes.
type Family struct {
	mu       sync.RWMutex // held for reading while a child is born: it must not be taken for an orphan
	ours     sync.Map     // pid → struct{}
	children *os.File
}

// Adopt makes this process the reaper of all its descendants.
func Adopt() (*Family, error) {
	if err := prctl(prSetChildSubreaper, 1); err != nil {
		return nil, fmt.Errorf("becoming the reaper of orphans: %w", err)
	}
	// Orphans are given to the first thread, so its list is short. Without it (no CONFIG_PROC_CHILDREN) orphans wait for
	// the end of the pod.
	children, _ := os.Open(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	return &Family{children: children}, nil
}

// Undumpable keeps other processes of the same user out of this one's memory and file descriptors.
func Undumpable() error { return prctl(prSetDumpable, 0) }

const (
	prSetDumpable       = 4
	prSetChildSubreaper = 36
)

func prctl(option, value uintptr) error {
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func (f *Family) spawn(c Command, out, errs *pipe) (int, error) {
	if f == nil {
		return spawn(c, out, errs)
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	pid, err := spawn(c, out, errs)
	if err == nil {
		f.ours.Store(pid, struct{}{})
	}
	return pid, err
}

func (f *Family) forget(pid int) {
	if f != nil {
		f.ours.Delete(pid)
	}
}

// kin are the descendants of one process, as far as they can be told from those of others.
type kin struct {
	leader int    // they are in its group, and it is not reaped yet; 0: there is none
	mark   string // or this is in their environment; empty: there is none
}

// anybody is kin of everybody.
var anybody = kin{leader: -1}

func (k kin) has(pid int) bool {
	if k == anybody {
		return true
	}
	if group, err := syscall.Getpgid(pid); err == nil && group == k.leader {
		return true
	}
	if k.mark == "" {
		return false
	}
	return bytes.Contains(append([]byte{0}, environOf(pid)...), []byte("\x00"+k.mark+"\x00"))
}

// A process has no environment for a moment while it becomes another program.
const (
	environLooks = 10
	environPause = time.Millisecond
)

// environOf is the environment of a process; empty: it has none, or is gone.
func environOf(pid int) []byte {
	for range environLooks {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || len(environ) > 0 {
			return environ
		}
		time.Sleep(environPause)
	}
	return nil
}

// Sweep ends all orphans, and reaps those that are dead.
func (f *Family) Sweep() { f.end(anybody) }

// How long killed orphans are waited for; one may not be able to die before a disk answers.
const (
	sweepPatience = time.Second
	sweepPause    = time.Millisecond
)

// end kills the orphans of a kin, and theirs, and returns when they are gone. Those that are dying cannot be told by
// their environment any more: they have none.
func (f *Family) end(k kin) {
	var killed []int
	dying := func(pid int) bool { return slices.Contains(killed, pid) || k.has(pid) }
	for until := time.Now().Add(sweepPatience); ; time.Sleep(sweepPause) {
		left := f.orphans(dying, func(pid int) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			killed = append(killed, pid)
		})
		if left == 0 || time.Now().After(until) {
			return
		}
	}
}

// orphans calls each for the orphans that are meant and live, and reaps those that are dead. It costs one system call
// if there are none.
func (f *Family) orphans(meant func(pid int) bool, each func(pid int)) int {
	if f == nil || f.children == nil || len(f.strangers()) == 0 {
		return 0
	}
	f.mu.Lock() // no child is being born now: who is still a stranger is an orphan
	defer f.mu.Unlock()
	n := 0
	for _, pid := range f.strangers() {
		if reaped(pid) || !meant(pid) {
			continue
		}
		n++
		each(pid)
	}
	return n
}

func reaped(pid int) bool {
	got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	return got == pid || err != nil
}

func (f *Family) strangers() []int {
	var buf [4096]byte
	n, _ := f.children.ReadAt(buf[:], 0)
	var pids []int
	for word := range bytes.FieldsSeq(buf[:n]) {
		pid, err := strconv.Atoi(string(word))
		if err != nil {
			continue
		}
		if _, ours := f.ours.Load(pid); !ours {
			pids = append(pids, pid)
		}
	}
	return pids
}
