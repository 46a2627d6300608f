package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	// The first leaves a daemon that is known by its mark; the second one that is not.
	var daemons []string
	var survivors [][]string
	for _, mark := range []string{"TMPDIR=/a", ""} {
		r := process.Runner{Family: family}
		end, err := r.Run(process.Command{
			Argv: []string{"/proc/self/exe"}, Env: []string{envRole + "=forker", "TMPDIR=/a"}, Mark: mark,
		}, process.Limits{Grace: time.Minute, Leak: 50 * time.Millisecond})
		if err != nil {
			return err
		}
		if end.Leaky != (len(end.Survivors) > 0) {
			return fmt.Errorf("leaky %v, and yet %q", end.Leaky, end.Survivors)
		}
		daemons = append(daemons, strings.TrimSpace(string(r.Stdout.Head())))
		survivors = append(survivors, end.Survivors)
	}
	want := [][]string{{"sleep (pid " + daemons[0] + ")"}, nil}
	if diff := cmp.Diff(want, survivors); diff != "" {
		return fmt.Errorf("survivors: %s", diff)
	}
	if alive(daemons[0]) || !alive(daemons[1]) {
		return fmt.Errorf("of %q the first must be ended and the second not: nothing is known of it", daemons)
	}
	family.Sweep()
	if alive(daemons[1]) {
		return fmt.Errorf("%s outlived the last sweep", daemons[1])
	}
	return shortLived(family)
}

// shortLived plays a test whose children end just after it.
func shortLived(family *process.Family) error {
	r := process.Runner{Family: family}
	end, err := r.Run(shell("sleep 0.05 >/dev/null 2>&1 & exit 0"), patient)
	if err == nil && end.Leaky {
		err = fmt.Errorf("a child that was about to end is called a leak: %q", end.Survivors)
	}
	return err
}

func TestADaemonOfATestEndsWithIt(t *testing.T) {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), envRole+"=adopter")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
