package process

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// ErrDescendant says that a connection comes from a test, or from what one has started.
var ErrDescendant = errors.New("tests are not shown what other tests print")

// Stranger is nil if the other side of a connection is a process of this user, in sight of this one, and no descendant
// of it. Orphans do not get away from a reaper of orphans (Adopt), so no test passes for a stranger.
func Stranger(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *syscall.Ucred
	var got error
	err = raw.Control(func(fd uintptr) {
		peer, got = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(err, got); err != nil {
		return fmt.Errorf("asking who is there: %w", err)
	}
	if peer.Pid == 0 || int(peer.Uid) != os.Getuid() {
		return errors.New("another container, or another user")
	}
	for pid := int(peer.Pid); pid != 0; {
		if pid == os.Getpid() {
			return ErrDescendant
		}
		if pid, err = parent(pid); err != nil {
			return err
		}
	}
	return nil
}

// parent is the process that a process belongs to; 0: one that cannot be seen from here.
func parent(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := bytes.Fields(rest) // state, parent, …
	if len(fields) < 2 {
		return 0, fmt.Errorf("process %d: %q is no status", pid, stat)
	}
	return strconv.Atoi(string(fields[1]))
}
