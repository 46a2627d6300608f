package collector

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// attempt names an attempt of a test.
type attempt struct {
	ordinal uint32
	number  uint16
}

func attemptOf(r outcome.Row) attempt { return attempt{r.Ordinal, r.Attempt} }

// ledger is a batch as the leader holds it: what is stored, and what has come since. Its Run's lock guards it, but
// for turn.
type ledger struct {
	of    *Run
	batch types.NamespacedName
	uid   types.UID // of the TestBatch
	index int

	stored *v1alpha1.TestBatch // as it was written or read last, without its bulk
	turn   chan struct{}       // whoever writes holds it

	rows      []outcome.Row // only ever appended to: a copy of the slice is a snapshot
	refused   []outcome.Row // reported to this leader and not counted
	failures  []v1alpha1.BatchFailure
	discarded int64
	received  int64 // number of the last message that was taken in
	sealed    bool
	seal      *wire.Seal
	pod       *v1alpha1.BatchPod
	end       *v1alpha1.BatchEnd
	ended     bool // the end is durable, and the State knows

	version, saved uint64 // of what is here, of what is stored
	waiting        bool   // to be written
	unread         bool   // more is stored than what is here: to be read before anything is written

	greeted bool                  // has said Hello to this leader
	held    map[attempt]time.Time // handed out and without a row: when it began; zero: it has not
	nudge   chan struct{}         // a row of this worker has come in: its question may be answered otherwise
	poll    chan struct{}         // closed when another request takes the place of the one that waits for work
	spool   *spool
}

// Limits of what a TestBatch holds. A worker starts at most 10,000 attempts.
const (
	maxRows     = 16384
	maxFailures = 50
	maxExcerpt  = 1024
	maxLost     = 256
)

func newLedger(r *Run, b *v1alpha1.TestBatch, rows []outcome.Row) *ledger {
	s := &b.Status
	return &ledger{
		of: r, batch: client.ObjectKeyFromObject(b), uid: b.UID, index: int(b.Spec.Index),
		stored: kept(b.DeepCopy()), turn: make(chan struct{}, 1),
		rows: rows, failures: slices.Clone(s.Failures), discarded: s.Discarded, received: s.Acked, sealed: s.Sealed,
		pod: s.Pod.DeepCopy(), end: s.End.DeepCopy(), ended: s.End != nil, held: map[attempt]time.Time{},
		nudge:  make(chan struct{}, 1),
		unread: len(rows) != int(s.Attempts), // it came from a cache that keeps no ledgers
	}
}

// kept is what of a stored batch is needed to write it again: the rest is in the ledger.
func kept(b *v1alpha1.TestBatch) *v1alpha1.TestBatch {
	b.ManagedFields = nil
	b.Status = v1alpha1.TestBatchStatus{Acked: b.Status.Acked}
	return b
}

// acked is the number of the last message that is durable.
func (l *ledger) acked() int64 { return l.stored.Status.Acked }

func (l *ledger) unsaved() bool { return !l.ended && (l.unread || l.version != l.saved) }

// add appends a row, with what the attempt said if it failed.
func (l *ledger) add(row outcome.Row, excerpt string) {
	l.rows = append(l.rows, row)
	if !row.Outcome.Good() && len(l.failures) < maxFailures {
		l.failures = append(l.failures, v1alpha1.BatchFailure{
			Ordinal: int64(row.Ordinal), Attempt: int32(row.Attempt), Message: cut(excerpt, maxExcerpt),
		})
	}
}

// refuse counts a report that is not recorded.
func (l *ledger) refuse(row outcome.Row) {
	l.discarded++
	if len(l.refused) < maxRows {
		l.refused = append(l.refused, row)
	}
}

// known are the attempts that have a row, or had one refused.
func (l *ledger) known() map[attempt]bool {
	known := make(map[attempt]bool, len(l.rows)+len(l.refused))
	for _, rows := range [][]outcome.Row{l.rows, l.refused} {
		for _, row := range rows {
			known[attemptOf(row)] = true
		}
	}
	return known
}

// verify says what a seal does not agree with, or nothing. What was refused before this leader's time cannot
// be looked at again, only counted.
func (l *ledger) verify(s *wire.Seal) (trouble string) {
	if want := len(l.rows) + int(l.discarded); s.Count != want {
		return "count"
	}
	if int(l.discarded) != len(l.refused) {
		return ""
	}
	if s.Digest != outcome.Digest(slices.Concat(l.rows, l.refused)) {
		return "digest"
	}
	return ""
}

// lost are the attempts that ended with the worker: those that are told, those that the seal tells, and, if the ledger
// is not sealed, all that had begun.
func (l *ledger) lost(told []plan.Held) []plan.Held {
	all := slices.Clone(told)
	if l.seal != nil {
		all = append(all, heldOf(l.seal.Lost)...)
	}
	if !l.sealed {
		for a, began := range l.held {
			if !began.IsZero() {
				all = append(all, plan.Held{Ordinal: a.ordinal, Attempt: a.number})
			}
		}
	}
	seen := l.known()
	var lost []plan.Held
	slices.SortFunc(all, byAttempt)
	for _, h := range all {
		if a := (attempt{h.Ordinal, h.Attempt}); !seen[a] && len(lost) < maxLost {
			seen[a] = true
			h.Started = true
			lost = append(lost, h)
		}
	}
	return lost
}

// release lets go of what a closed ledger is not asked for any more.
func (l *ledger) release() {
	l.rows, l.refused, l.held, l.failures = nil, nil, nil, nil
	if l.spool != nil {
		l.spool.hurry()
	}
}

func heldOf(told []wire.Held) []plan.Held {
	held := make([]plan.Held, len(told))
	for i, h := range told {
		held[i] = plan.Held{
			Ordinal: h.Ordinal, Attempt: h.Attempt, Started: h.Started, Slot: h.Slot, GroupSlot: h.GroupSlot,
		}
	}
	return held
}

// cut is the beginning of a text as valid UTF-8, at most so many bytes.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= most {
		return text
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:most-len(mark)], "") + mark
}
