package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
)

// fork plays a test that leaves a daemon behind: in a session of its own, and without its streams.
func fork() error {
	daemon := exec.Command("/bin/sleep", "1000")
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := daemon.Start(); err != nil {
		return err
	}
	fmt.Println(daemon.Process.Pid)
	return nil
}

// adopt plays a runner. It is a process of its own, for it takes in all orphans.
func adopt() error {
	family, err := process.Adopt()
	if err != nil {
		return err
	}
	var daemons []string
	for _, mark := range []string{"TMPDIR=/a", "TMPDIR=/b"} {
		r := process.Runner{Family: family}
		_, err := r.Run(process.Command{Argv: []string{"/proc/self/exe"}, Env: []string{envRole + "=forker", mark}}, patient)
		if err != nil {
			return err
		}
		daemons = append(daemons, strings.TrimSpace(string(r.Stdout.Head())))
	}
	if !alive(daemons[0]) || !alive(daemons[1]) {
		return fmt.Errorf("the daemons %q did not outlive their tests: nothing is shown", daemons)
	}
	family.Sweep("TMPDIR=/a")
	if gone(daemons[0]); !alive(daemons[1]) {
		return fmt.Errorf("the daemon of another test was ended too")
	}
	family.Sweep("")
	gone(daemons[1])
	return nil
}

// gone returns when a process that was killed has ended.
func gone(pid string) {
	for alive(pid) {
		time.Sleep(time.Millisecond)
	}
}

func TestADaemonOfATestEndsWithIt(t *testing.T) {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), envRole+"=adopter")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
