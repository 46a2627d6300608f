package runner

import (
	"bytes"
	"os"
	"strconv"
)

// oomFiles hold the line `oom_kill N` of this container, in cgroup v2 and v1.
var oomFiles = []string{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"}

// oomCounter counts the processes of this container that the kernel killed for want of memory.
type oomCounter struct{ file *os.File }

func openOOMCounter() oomCounter {
	for _, path := range oomFiles {
		if f, err := os.Open(path); err == nil {
			return oomCounter{f}
		}
	}
	return oomCounter{}
}

// count is 0 where the kernel does not tell.
func (c oomCounter) count() int64 {
	if c.file == nil {
		return 0
	}
	var buf [512]byte
	n, _ := c.file.ReadAt(buf[:], 0)
	return parseOOM(buf[:n])
}

func parseOOM(text []byte) int64 {
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(line, []byte("oom_kill ")); found {
			n, _ := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
			return n
		}
	}
	return 0
}
