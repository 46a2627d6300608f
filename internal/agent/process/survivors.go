package process

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// maxNamed is how many survivors are named.
const maxNamed = 5

// Pauses between two looks at survivors that may be about to go.
const (
	firstLook = time.Millisecond
	lastLook  = 20 * time.Millisecond
)

// survivors names the descendants that are still alive at the time given; known says that there is a leak, so that
// nobody needs to be waited for. When all is to be stopped, nobody is blamed.
func (r *Runner) survivors(k kin, known bool, until time.Time) []string {
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		names := r.Family.names(k)
		if len(names) == 0 || known || time.Now().After(until) {
			return names
		}
		if stopped, _, _ := r.Stop.order(); stopped {
			return nil
		}
		time.Sleep(pause)
	}
}

func (f *Family) names(k kin) []string {
	var names []string
	more := 0
	f.orphans(k.has, func(pid int) {
		if len(names) == maxNamed {
			more++
			return
		}
		names = append(names, fmt.Sprintf("%s (pid %d)", comm(pid), pid))
	})
	if more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return names
}

// comm is what the kernel calls a process.
func comm(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "a process"
	}
	return string(bytes.TrimSpace(name))
}
