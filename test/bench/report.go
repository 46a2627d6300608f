package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report is all that one call of bench has to say.
type report struct {
	Date    time.Time `json:"date"`
	Commit  string    `json:"commit"`
	CPUs    int       `json:"cpus"`
	Memory  string    `json:"memory"`
	Kernel  string    `json:"kernel"`
	Load    string    `json:"load"` // at the start
	Idle    float64   `json:"idle"` // share of the first second
	Figures []figure  `json:"figures"`
	Errors  []string  `json:"errors,omitempty"`
}

func newReport(ctx context.Context) *report {
	return &report{
		Date: time.Now().UTC(), CPUs: runtime.NumCPU(),
		Commit: output(ctx, "git", "rev-parse", "--short", "HEAD"),
		Memory: strings.TrimSpace(strings.TrimPrefix(firstLine("/proc/meminfo"), "MemTotal:")),
		Kernel: firstLine("/proc/sys/kernel/osrelease"),
		Load:   firstLine("/proc/loadavg"),
		Idle:   idleFor(ctx, time.Second),
	}
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func output(ctx context.Context, argv ...string) string {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s, commit %s, %d CPUs, %s, Linux %s; load at the start %s, idle %.0f %%\n\n",
		r.Date.Format(time.RFC3339), r.Commit, r.CPUs, r.Memory, r.Kernel, r.Load, 100*r.Idle)
	fmt.Fprintln(w, "| bench | figure | unit | median | min | max | n | gate | quiet | note |")
	fmt.Fprintln(w, "|---|---|---|--:|--:|--:|--:|---|---|---|")
	for _, f := range r.Figures {
		if len(f.Samples) == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %d | %s | %s | %s |\n", f.Bench, f.Name, cmp.Or(f.Unit, "×"),
			number(f.median()), number(f.min()), number(f.max()), len(f.sorted()), f.verdict(), f.quiet(), f.Note)
	}
	for _, e := range r.Errors {
		fmt.Fprintf(w, "\nNot measured: %s\n", e)
	}
}

func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
