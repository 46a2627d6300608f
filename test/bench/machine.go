package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc, on every architecture that Go knows.
const tick = 10 * time.Millisecond

// cpu is what all CPUs together have done since the start of the machine.
type cpu struct{ busy, idle time.Duration }

func readCPU() cpu {
	var c cpu
	for i, word := range strings.Fields(firstLine("/proc/stat"))[1:9] { // guest time is part of user time
		n, _ := strconv.ParseInt(word, 10, 64)
		if i == 3 || i == 4 { // idle, waiting for a disk
			c.idle += time.Duration(n) * tick
			continue
		}
		c.busy += time.Duration(n) * tick
	}
	return c
}

// idleFor is the share of CPU time that nobody used in the time to come.
func idleFor(ctx context.Context, d time.Duration) float64 {
	before := readCPU()
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	after := readCPU()
	busy, idle := after.busy-before.busy, after.idle-before.idle
	return float64(idle) / float64(max(busy+idle, 1))
}

// quietShare is how idle the machine has to be before a wall time taken on it means something.
const quietShare = 0.85

// awaitQuiet waits for a quiet second, for so long, and reports whether there was one.
func awaitQuiet(ctx context.Context, patience time.Duration) bool {
	for end := time.Now().Add(patience); ; {
		if idleFor(ctx, time.Second) >= quietShare {
			return true
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return false
		}
	}
}

// process is a process of this machine, by its number.
type process int

// cpu is what its own threads have used, without its children.
func (p process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	words := strings.Fields(rest)
	if len(words) < 13 {
		return 0, fmt.Errorf("process %d: cannot read its CPU time", p)
	}
	user, _ := strconv.ParseInt(words[11], 10, 64)
	system, _ := strconv.ParseInt(words[12], 10, 64)
	return time.Duration(user+system) * tick, nil
}

// memory is a line of its status, such as VmRSS or VmHWM, in bytes.
func (p process) memory(field string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib * 1024, err
		}
	}
	return 0, fmt.Errorf("process %d has no %s", p, field)
}

// processesOf are the processes of a pod on this machine that run a program.
func processesOf(podUID, program string) []process {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var found []process
	for _, dir := range dirs {
		cmdline, _ := os.ReadFile(dir + "/cmdline")
		cgroup, _ := os.ReadFile(dir + "/cgroup")
		if strings.HasPrefix(string(cmdline), program+"\x00") && strings.Contains(string(cgroup), podUID) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			found = append(found, process(pid))
		}
	}
	return found
}
