package agent_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/agent/reporter"
	"github.com/podtest/podtest/internal/agent/runner"
)

// The test binary plays other parts when it is started again with a role.
const (
	envRole    = "AGENT_TEST_ROLE"
	envOptions = "AGENT_TEST_OPTIONS"
)

func TestMain(m *testing.M) {
	roles := map[string]func() error{"runner": beRunner, "reporter": beReporter, "loop": beLoop, "looker": beLooker}
	role := roles[os.Getenv(envRole)]
	if role == nil {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
	_ = json.NewEncoder(os.Stdout).Encode(ownUsage())
}

func beRunner() error {
	_ = process.Undumpable()
	family, err := process.Adopt()
	if err != nil {
		return err
	}
	err = runner.Run(context.Background(), runner.Options{
		Socket: os.Getenv(envOptions), Patience: time.Minute, Environ: os.Environ(), Family: family,
	})
	if runner.IsDone(err) {
		return nil
	}
	return err
}

func beReporter() error {
	var o reporter.Options
	if err := json.Unmarshal([]byte(os.Getenv(envOptions)), &o); err != nil {
		return err
	}
	o.Log = slog.New(slog.DiscardHandler)
	return reporter.Run(context.Background(), o)
}

// beLoop starts as many no-op processes as asked, two at a time, and does nothing else.
func beLoop() error {
	n, err := strconv.Atoi(os.Getenv(envOptions))
	if err != nil {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for range n / 2 {
				p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{Files: []*os.File{null, null, null}})
				if err == nil {
					_, _ = p.Wait()
				}
			}
		})
	}
	both.Wait()
	return nil
}

// usage is what a part took.
type usage struct {
	CPU time.Duration
	RSS int64 // KiB, at most
}

func ownUsage() usage {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), RSS: highWater()}
}

func highWater() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, found := strings.CutPrefix(s.Text(), "VmHWM:"); found {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n
		}
	}
	return 0
}

// part is this binary in another role.
func part(t testing.TB, role string, options string) *exec.Cmd {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), envRole+"="+role, envOptions+"="+options)
	c.Stderr = os.Stderr
	return c
}

func play(t testing.TB, c *exec.Cmd) usage {
	t.Helper()
	out, err := c.Output()
	must(t, err)
	var u usage
	must(t, json.Unmarshal(out, &u))
	return u
}

// reporterOptions are for a reporter in a process of its own.
func reporterOptions(t testing.TB, c *collectortest.Collector) (reporter.Options, string) {
	t.Helper()
	dir := t.TempDir()
	o := reporter.Options{
		Collector: c.URL(), ServerName: "example.com", CA: c.CA(), Batch: "b", TokenPath: filepath.Join(dir, "token"),
		Socket: filepath.Join(dir, "s"), LastWords: filepath.Join(dir, "words"),
		StopWithin: 20 * time.Second, Drain: 5 * time.Second,
	}
	must(t, os.WriteFile(o.TokenPath, []byte(collectortest.Token), 0o600))
	text, err := json.Marshal(o)
	must(t, err)
	return o, string(text)
}

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }
