package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/settings"
)

// Book is what the catalog and the ledgers of a run say, put together. It counts by itself and believes no status.
type Book struct {
	cat         *catalog.Catalog
	set         *settings.Resolved
	tests       map[uint32]*account
	batches     map[string]int // rows that were read of each
	workers     map[string]Worker
	Tally       outcome.Tally
	Slow, Leaky int // among the passed
	cut         bool
}

// account is what is known of one test.
type account struct {
	folding  outcome.Folding
	decided  bool
	flaky    bool
	final    outcome.Row
	attempts map[uint16]Entry
}

// Entry is an attempt as the book has it.
type Entry struct {
	Row      outcome.Row
	Pod      string
	Node     string // where the pod is, once that is known
	Excerpt  string
	Decided  bool // the test has its verdict; of a fresh entry: it got it with this attempt
	Attempts int  // of the test so far
	Flaky    bool
}

// NewBook opens the book of a run whose tests, and what holds for them, are known.
func NewBook(cat *catalog.Catalog, set *settings.Resolved) *Book {
	return &Book{cat: cat, set: set, tests: map[uint32]*account{}, batches: map[string]int{}, workers: map[string]Worker{}}
}

// selected reports whether a test is part of the run; of a stress run, in any round.
func (b *Book) selected(ordinal uint32) bool {
	return (b.cat.Stress || int64(ordinal) < int64(len(b.set.Of))) && b.set.Selected(ordinal)
}

// Settings are what holds for a test.
func (b *Book) Settings(ordinal uint32) *settings.Test { return b.set.Test(ordinal) }

// Rule is what decides about the attempts of a test.
func (b *Book) Rule(ordinal uint32) outcome.Rule {
	p := b.set.Policy(ordinal)
	return outcome.Rule{MaxAttempts: p.MaxAttempts, FlakyFails: p.FlakyFails}
}

// Read takes in a batch as it is now and returns what is new in it, in the order in which the attempts ended. A
// batch may be read as often as one likes.
func (b *Book) Read(batch *v1alpha1.TestBatch) ([]Entry, error) {
	b.workers[batch.Name] = workerOf(batch)
	rows, err := outcome.Decode(batch.Status.Ledger)
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", batch.Name, err)
	}
	if len(rows) == b.batches[batch.Name] {
		return nil, nil
	}
	b.batches[batch.Name] = len(rows)
	said := make(map[v1alpha1.LostAttempt]string, len(batch.Status.Failures))
	for _, f := range batch.Status.Failures {
		said[v1alpha1.LostAttempt{Ordinal: f.Ordinal, Attempt: f.Attempt}] = f.Message
	}
	worker := b.workers[batch.Name]
	var fresh []Entry
	for _, r := range slices.SortedStableFunc(slices.Values(rows), byEnd) {
		excerpt := said[v1alpha1.LostAttempt{Ordinal: int64(r.Ordinal), Attempt: int32(r.Attempt)}]
		if e, ok := b.enter(Entry{Row: r, Pod: worker.Pod, Node: worker.Node, Excerpt: excerpt}); ok {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

func byEnd(a, b outcome.Row) int {
	return cmp.Or(cmp.Compare(a.Start+int64(a.Duration), b.Start+int64(b.Duration)), cmp.Compare(a.Ordinal, b.Ordinal),
		cmp.Compare(a.Attempt, b.Attempt))
}

// enter takes in one row, unless it is known or is of no test of the run.
func (b *Book) enter(e Entry) (Entry, bool) {
	r := e.Row
	if !b.selected(r.Ordinal) {
		return Entry{}, false
	}
	a := b.tests[r.Ordinal]
	if a == nil {
		a = &account{attempts: map[uint16]Entry{}}
		b.tests[r.Ordinal] = a
	}
	if !a.folding.Add(r) {
		return Entry{}, false
	}
	a.attempts[r.Attempt] = e
	was := a.decided
	b.decide(r.Ordinal, a)
	if was {
		b.recount() // two leaders may both have had a test run: what passed once has passed
	} else if a.decided {
		b.count(a.final, a.flaky)
	}
	fresh := a.entry(r.Attempt)
	fresh.Decided = a.decided && !was
	return fresh, true
}

// Cut tells that the run has ended: a test that has failed and was not tried again has failed.
func (b *Book) Cut() {
	b.cut = true
	for o, a := range b.tests {
		b.decide(o, a)
	}
	b.recount()
}

// decide gives a test its verdict if what is known of it makes one.
func (b *Book) decide(ordinal uint32, a *account) {
	rule := b.Rule(ordinal)
	if b.cut {
		rule = rule.Cut()
	}
	a.final, a.decided, a.flaky = a.folding.Final(rule)
}

func (b *Book) recount() {
	b.Tally, b.Slow, b.Leaky = outcome.Tally{}, 0, 0
	for _, a := range b.tests {
		if a.decided {
			b.count(a.final, a.flaky)
		}
	}
}

// entry is an attempt with what holds for its test now.
func (a *account) entry(attempt uint16) Entry {
	e := a.attempts[attempt]
	e.Decided, e.Attempts, e.Flaky = a.decided, len(a.attempts), a.flaky
	if a.decided && attempt == a.final.Attempt {
		e.Row = a.final // the verdict may be another than that of its attempt: flakyResult
	}
	return e
}

// Attempts are the attempts of a test, by number.
func (b *Book) Attempts(ordinal uint32) []Entry {
	a := b.tests[ordinal]
	if a == nil {
		return nil
	}
	var entries []Entry
	for _, attempt := range slices.Sorted(maps.Keys(a.attempts)) {
		entries = append(entries, a.entry(attempt))
	}
	return entries
}

func (b *Book) count(final outcome.Row, flaky bool) {
	b.Tally.Add(final, flaky)
	if final.Outcome != outcome.Passed {
		return
	}
	if final.Slow {
		b.Slow++
	}
	if final.Leaky {
		b.Leaky++
	}
}

// Batches is how many batches were read that held something.
func (b *Book) Batches() int { return len(b.batches) }

// end is above all ordinals: those of a stress run grow with its rounds.
func (b *Book) end() uint32 {
	end := uint32(len(b.set.Tests))
	for o := range b.tests {
		end = max(end, o+1)
	}
	return end
}

// Selected calls f with every selected test in the order of the catalog, and what decides it, if anything does yet.
func (b *Book) Selected(f func(ordinal uint32, e Entry, decided bool)) {
	for o := range b.end() {
		if !b.selected(o) {
			continue
		}
		a := b.tests[o]
		if a == nil {
			f(o, Entry{}, false)
			continue
		}
		f(o, a.entry(a.folding.Best.Attempt), a.decided)
	}
}

// Test is the test of an ordinal, as people name it.
func (b *Book) Test(ordinal uint32) Test {
	binary, name := b.Names(ordinal)
	return Test{Binary: Line(binary), Name: Line(name)}
}

// Names are the binary id and the name of an ordinal's test, as they are.
func (b *Book) Names(ordinal uint32) (binary, name string) {
	listed, test := b.cat.Test(ordinal)
	if b.cat.Stress {
		return fmt.Sprintf("%s@stress-%d", listed.ID, b.cat.Round(ordinal)), test.Name
	}
	return listed.ID, test.Name
}
