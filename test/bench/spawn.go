package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// processes is how many a round of c1, m2 or m3 starts, so many at a time.
const (
	processes = 2000
	atATime   = 2
)

// spawned is what a round of c1 has cost, parent and children apart.
type spawned struct{ Wall, Parent, Children time.Duration }

// bareSpawn starts the no-op program from a small process of its own: this one is big, and has informers to serve.
func (s *session) bareSpawn(ctx context.Context) (spawned, error) {
	noop, err := s.noopProgram(ctx)
	if err != nil {
		return spawned{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return spawned{}, err
	}
	out, err := exec.CommandContext(ctx, self, spawnVerb, noop).Output()
	var cost spawned
	if err == nil {
		err = json.Unmarshal(out, &cost)
	}
	return cost, err
}

const spawnVerb = "spawn"

// spawnMain is that small process.
func spawnMain(args []string) {
	before, start := usage2(), time.Now()
	var parents sync.WaitGroup
	todo := make(chan int)
	for range atATime {
		parents.Go(func() {
			for i := range todo {
				spawnOne(args[0], i)
			}
		})
	}
	for i := range processes {
		todo <- i
	}
	close(todo)
	parents.Wait()
	cost := spawned{Wall: time.Since(start)}
	after := usage2()
	cost.Parent, cost.Children = after[0]-before[0], after[1]-before[1]
	if err := json.NewEncoder(os.Stdout).Encode(cost); err != nil {
		log.Fatal(err)
	}
}

func spawnOne(noop string, i int) {
	p, err := os.StartProcess(noop, []string{noop, "run", strconv.Itoa(i)}, &os.ProcAttr{})
	if err != nil {
		log.Fatal(err)
	}
	if state, err := p.Wait(); err != nil || !state.Success() {
		log.Fatal("a no-op process failed: ", state, err)
	}
}

// usage2 is the CPU time of this process, and that of its children.
func usage2() (used [2]time.Duration) {
	for i, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			log.Fatal(err)
		}
		used[i] = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return used
}

func calibrateSpawn(ctx context.Context, s *session) ([]figure, error) {
	var costs []spawned
	pairs, err := s.interleave(ctx, s.pairs, side{"bare StartProcess", func(ctx context.Context) (spent, error) {
		cost, err := s.bareSpawn(ctx)
		costs = append(costs, cost)
		return spent{wall: cost.Wall}, err
	}})
	if err != nil {
		return nil, err
	}
	per := func(what func(spawned) time.Duration) []sample {
		return byIndex(pairs, func(i int) float64 { return perTest(what(costs[i])) })
	}
	return []figure{
		{
			Name: "bare StartProcess: CPU of the parent", Unit: "µs/process", NeedsQuiet: true,
			Samples: per(func(c spawned) time.Duration { return c.Parent }),
		},
		{
			Name: "bare StartProcess: CPU of the child", Unit: "µs/process", NeedsQuiet: true,
			Samples: per(func(c spawned) time.Duration { return c.Children }),
		},
		{
			Name: "bare StartProcess: wall", Unit: "µs/process", NeedsQuiet: true,
			Samples: per(func(c spawned) time.Duration { return c.Wall }),
		},
	}, nil
}

// perTest is a round's cost in µs for each of its processes.
func perTest(d time.Duration) float64 { return float64(d.Microseconds()) / processes }

// xargs is the plainest runner there is.
func (s *session) xargs(ctx context.Context) (spent, error) {
	noop, err := s.noopProgram(ctx)
	if err != nil {
		return spent{}, err
	}
	var numbers bytes.Buffer
	for i := range processes {
		numbers.WriteString(strconv.Itoa(i+1) + "\n")
	}
	cmd := exec.CommandContext(ctx, "xargs", "-P", strconv.Itoa(atATime), "-n1", noop, "run")
	cmd.Stdin = &numbers
	start := time.Now()
	err = cmd.Run()
	return spent{wall: time.Since(start)}, err
}
