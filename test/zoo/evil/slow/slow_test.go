// Package slow: tests that take their time. EVIL_SLEEP (a duration) sets how long TestSleeps sleeps.
package slow

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

func TestHangs(t *testing.T) { time.Sleep(time.Hour) }

func TestHangsIgnoringSignals(t *testing.T) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP)
	time.Sleep(time.Hour)
}

func TestSpins(t *testing.T) {
	for start := time.Now(); time.Since(start) < time.Hour; {
	}
}

// Asked to stop, it passes: a timeout it is all the same.
func TestPassesWhenTerminated(t *testing.T) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	select {
	case <-asked:
	case <-time.After(time.Hour):
	}
}

func TestSleeps(t *testing.T) {
	d, err := time.ParseDuration(os.Getenv("EVIL_SLEEP"))
	if err != nil {
		d = time.Second
	}
	time.Sleep(d)
}

func TestSleeps3s(t *testing.T) { time.Sleep(3 * time.Second) }
