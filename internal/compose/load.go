package compose

import (
	"fmt"
)

// maxSlots is how many tests one worker may run at a time.
const maxSlots = 256

// Load is how much runs at a time; zero leaves it as it is.
type Load struct {
	Threads     int32 // tests in all: pods and slots are worked out from it
	Slots       int32 // tests of one pod
	Parallelism int32 // pods
}

func (l Load) apply(spec map[string]any) error {
	if l == (Load{}) {
		return nil
	}
	worker, err := mapAt(spec, "worker")
	if err != nil {
		return fmt.Errorf("spec.%w", err)
	}
	slots, pods := l.Slots, l.Parallelism
	if l.Threads > 0 {
		slots, pods = l.spread(worker)
	}
	if slots > 0 {
		worker["slots"] = int64(slots)
	}
	if pods > 0 {
		spec["parallelism"] = int64(pods)
	}
	if len(worker) == 0 {
		delete(spec, "worker")
	}
	return nil
}

// spread is as many pods as are needed for so many tests at a time; fewer tests than slots are one pod of so many.
func (l Load) spread(worker map[string]any) (slots, pods int32) {
	slots = max(l.Slots, 1)
	if was, ok := worker["slots"].(int64); ok && l.Slots == 0 && was > 0 && was <= maxSlots {
		slots = int32(was)
	}
	if l.Threads < slots {
		return l.Threads, 1
	}
	return slots, (l.Threads + slots - 1) / slots
}
