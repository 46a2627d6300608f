//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func TestTheStatusTellsWhatRunsAndTheBatchesWhenTheirPodsDid(t *testing.T) {
	run := create(t, acting(t, "tells", []string{"sleep/5000/soak", "sleep/1/a"}))
	now := reaches(t, run, "to run the long test alone", func(r *v1alpha1.TestRun) bool {
		return r.Status.Tests.Passed == 1 && len(r.Status.Running) == 1
	})
	soak := now.Status.Running[0]
	if soak.Test != "own sleep/5000/soak" || soak.Attempt != 1 || !strings.HasPrefix(soak.Pod, "tells-w") ||
		soak.StartTime.Before(new(metav1.NewMicroTime(run.CreationTimestamp.Time))) {
		t.Errorf("it runs %+v", soak)
	}
	done := ends(t, run)
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if len(done.Status.Running) > 0 {
		t.Errorf("at the end it runs %+v", done.Status.Running)
	}
	var batches v1alpha1.TestBatchList
	must(t, cluster.List(t.Context(), &batches, client.InNamespace(run.Namespace)))
	worked := 0
	for _, b := range batches.Items {
		p := b.Status.Pod
		if b.Status.Attempts == 0 {
			continue
		}
		worked++
		if p.CreatedTime == nil || p.ScheduledTime == nil || p.StartedTime == nil {
			t.Fatalf("batch %s: %+v", b.Name, p)
		}
		if p.ScheduledTime.Before(p.CreatedTime) || p.StartedTime.Before(p.ScheduledTime) ||
			p.FinishedTime != nil && p.FinishedTime.Before(p.StartedTime) {
			t.Errorf("batch %s: created %s, scheduled %s, started %s, finished %s",
				b.Name, p.CreatedTime, p.ScheduledTime, p.StartedTime, p.FinishedTime)
		}
	}
	if worked == 0 {
		t.Error("no batch has run a test")
	}
}

func TestLogsFollowATestWhileItPrints(t *testing.T) {
	run := create(t, acting(t, "talks", []string{"print/40/a", "fail/x/b"}))
	reaches(t, run, "to run", func(r *v1alpha1.TestRun) bool { return len(r.Status.Running) > 0 })
	var stderr bytes.Buffer
	cmd := exec.Command(podtest, "logs", run.Name, "print/40/a", "--follow", "-n", run.Namespace)
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var lines []string
	early := false
	for s := bufio.NewScanner(out); s.Scan(); {
		if s.Text() == "trouble 1" {
			early = !ended(read(t, run))
		}
		lines = append(lines, s.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("podtest logs --follow: %v\n%s", err, stderr.String())
	}
	text := strings.Join(lines, "\n")
	if !early || !strings.Contains(text, "--- stdout") || !strings.Contains(text, "line 40") ||
		!strings.Contains(text, "trouble 40") || !strings.Contains(lines[len(lines)-1], "--- attempt 1: passed, ") {
		t.Errorf("shown while it ran: %t\n%s\n%s", early, text, stderr.String())
	}
	ends(t, run)
	failed, err := exec.Command(podtest, "logs", run.Name, "--failed", "-n", run.Namespace).Output()
	must(t, err)
	if got := string(failed); !strings.Contains(got, "=== own fail/x/b\n") || strings.Contains(got, "print/40/a") {
		t.Errorf("--failed shows %s", got)
	}
}
