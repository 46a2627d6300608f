// Package memory: tests that eat memory. EVIL_MIB sets how much TestEats eats.
package memory

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestEats(t *testing.T) {
	mib, err := strconv.Atoi(os.Getenv("EVIL_MIB"))
	if err != nil {
		mib = 64
	}
	eat(mib)
}

func TestEats16MiB(t *testing.T) { eat(16) }

func TestEats512MiB(t *testing.T) { eat(512) }

// TestInnocent is there to be hit when a neighbour eats the whole container.
func TestInnocent(t *testing.T) { time.Sleep(3 * time.Second) }

func eat(mib int) {
	const page = 4096
	eaten := make([]byte, mib<<20)
	for i := 0; i < len(eaten); i += page {
		eaten[i] = 1
	}
	time.Sleep(time.Second)
	eaten[0]++
}
