package local

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/wire"
)

// ledger is what one worker ran, as a TestBatch has it.
type ledger struct {
	batch *v1alpha1.TestBatch
	rows  []outcome.Row
	dirty bool
	shown time.Time // when it was shown last
}

func newLedger(b *v1alpha1.TestBatch, host string, now time.Time) *ledger {
	at := metav1.NewTime(now)
	b.CreationTimestamp = at
	b.Status.Pod = &v1alpha1.BatchPod{Name: host, Node: host, CreatedTime: &at, ScheduledTime: &at, StartedTime: &at}
	return &ledger{batch: b}
}

func (l *ledger) add(row outcome.Row, excerpt string) {
	l.rows, l.dirty = append(l.rows, row), true
	if excerpt != "" {
		l.batch.Status.Failures = append(l.batch.Status.Failures, v1alpha1.BatchFailure{
			Ordinal: int64(row.Ordinal), Attempt: int32(row.Attempt), Message: excerpt,
		})
	}
}

func (l *ledger) close(end plan.End, now time.Time) {
	at := metav1.NewTime(now)
	l.batch.Status.Pod.FinishedTime, l.dirty = &at, true
	l.batch.Status.End = &v1alpha1.BatchEnd{Cause: string(end.Cause), Message: end.Message}
	for _, h := range end.Lost {
		l.batch.Status.End.Lost = append(l.batch.Status.End.Lost,
			v1alpha1.LostAttempt{Ordinal: int64(h.Ordinal), Attempt: int32(h.Attempt)})
	}
}

// costOfRow is about how long it takes to show a row that has been shown before; a tenth of the time is for that.
const costOfRow = 10 * 2 * time.Microsecond

// due reports whether there is something to show, and it is time to.
func (l *ledger) due(now time.Time) bool {
	return l.dirty && now.Sub(l.shown) >= time.Duration(len(l.rows))*costOfRow
}

// maxRows is what one ledger may hold (outcome.Encode).
const maxRows = 100_000

// written is the ledger as it is now, as TestBatches: one, unless it is very long.
func (l *ledger) written() []*v1alpha1.TestBatch {
	l.batch.Status.Attempts = int32(len(l.rows))
	var all []*v1alpha1.TestBatch
	for i, rows := range slices.Collect(slices.Chunk(l.rows, maxRows)) {
		b := l.batch.DeepCopy()
		if i > 0 {
			b.Name += "-" + string(rune('a'+i))
		}
		b.Status.Ledger = outcome.Encode(rows)
		all = append(all, b)
	}
	if len(all) == 0 {
		return []*v1alpha1.TestBatch{l.batch.DeepCopy()}
	}
	return all
}

// outputs are what attempts printed, as much as is kept.
type outputs struct {
	kept map[report.Try]wire.Output
	size int
}

// maxOutputs bounds the memory for outputs. What comes when it is used up is not kept; why a test failed is.
const maxOutputs = 256 << 20

func (o *outputs) add(out wire.Output) {
	n := len(out.Stdout.Head) + len(out.Stdout.Tail) + len(out.Stderr.Head) + len(out.Stderr.Tail)
	if o.size+n > maxOutputs {
		return
	}
	o.size += n
	o.kept[tryOf(out.Ordinal, out.Attempt)] = out
}
