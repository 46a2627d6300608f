package outcome

import "fmt"

// Facts are the ledgers of a run that is at its end, and what the run is about to say of them.
type Facts struct {
	Tests    int                       // in the catalog
	Selected func(ordinal uint32) bool // is the test part of the run
	Rule     func(ordinal uint32) Rule
	Cut      bool    // the run ended early: what has failed attempts and no verdict has failed
	Ledgers  [][]Row // of all batches, by index

	Verdict    func(ordinal uint32) (Row, bool) // what is told of a test
	Unfinished []uint32                         // tests told to have no verdict
	Told       Tally
	Passed     bool // the run is told to have passed
}

// rules are asked in this order: each relies on what those before have gathered.
var rules = []func(*checker){
	nothingInvented,
	goodIsGood,
	oneFinalEach,
	allAccountedFor,
	sumsHold,
	passedMeansPassed,
}

// Check is the ledger checker: what must hold at the end of every run, whatever went wrong on the way. It believes
// nothing but the ledgers, and counts anew. Each error is a sentence for people; none means that all is well.
func Check(f Facts) []error {
	c := checker{Facts: f, folds: map[uint32]*Folding{}}
	for _, rule := range rules {
		c.seen = 0
		rule(&c)
	}
	return c.errs
}

// The first errors of each rule tell the story.
const maxErrorsOfARule = 10

type checker struct {
	Facts
	folds map[uint32]*Folding
	tally Tally
	seen  int // errors of the rule at work
	errs  []error
}

func (c *checker) wrong(format string, args ...any) {
	if c.seen++; c.seen <= maxErrorsOfARule {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

func (c *checker) selected(ordinal uint32) bool {
	return int64(ordinal) < int64(c.Tests) && c.Selected(ordinal)
}

func nothingInvented(c *checker) {
	for i, rows := range c.Ledgers {
		for _, r := range rows {
			switch {
			case !c.selected(r.Ordinal):
				c.wrong("ledger %d tells of test %d, which is not part of the run", i, r.Ordinal)
			case r.Attempt == 0:
				c.wrong("ledger %d tells of an attempt 0 of test %d", i, r.Ordinal)
			case !r.Outcome.Told():
				c.wrong("ledger %d tells that attempt %d of test %d ended as %s", i, r.Attempt, r.Ordinal, r.Outcome)
			default:
				c.add(r)
			}
		}
	}
}

func (c *checker) add(r Row) {
	f := c.folds[r.Ordinal]
	if f == nil {
		f = &Folding{}
		c.folds[r.Ordinal] = f
	}
	f.Add(r)
}

// A test passed only if its process exited 0 and its harness had nothing to say against it, or if podtest ended it and
// slowTimeout.onTimeout is Pass.
func goodIsGood(c *checker) {
	for i, rows := range c.Ledgers {
		for _, r := range rows {
			if r.Outcome == Passed && r.Reason != SlowTimeout && (r.Reason != NoReason || r.Code != 0) {
				c.wrong("ledger %d tells that attempt %d of test %d passed, but with reason %d and code %d",
					i, r.Attempt, r.Ordinal, r.Reason, r.Code)
			}
		}
	}
}

// What is told of a test is what its ledgers say, and nothing is told that they do not.
func oneFinalEach(c *checker) {
	for o := range uint32(c.Tests) {
		final, decided, flaky := c.final(o)
		told, isTold := c.Verdict(o)
		switch {
		case decided != isTold:
			c.wrong("test %d: decided by the ledgers: %t; told as decided: %t", o, decided, isTold)
		case decided && byVerdict(final, told) != 0:
			c.wrong("test %d: attempt %d ended as %s by the ledgers; attempt %d as %s is told",
				o, final.Attempt, final.Outcome, told.Attempt, told.Outcome)
		}
		if decided {
			c.tally.Add(final, flaky)
		}
	}
}

func (c *checker) final(ordinal uint32) (final Row, decided, flaky bool) {
	f := c.folds[ordinal]
	if f == nil {
		return Row{}, false, false
	}
	rule := c.Rule(ordinal)
	if c.Cut {
		rule = rule.Cut()
	}
	return f.Final(rule)
}

// Outcomes are the selected tests, as sets: each is decided or told as unfinished, never both, never neither.
func allAccountedFor(c *checker) {
	told := make(map[uint32]bool, len(c.Unfinished))
	for _, o := range c.Unfinished {
		if !c.selected(o) || told[o] {
			c.wrong("test %d is told as unfinished, twice or without being part of the run", o)
		}
		told[o] = true
	}
	for o := range uint32(c.Tests) {
		if !c.Selected(o) {
			continue
		}
		if _, decided, _ := c.final(o); decided == told[o] {
			c.wrong("test %d: decided by the ledgers: %t; told as unfinished: %t", o, decided, told[o])
		}
	}
}

func sumsHold(c *checker) {
	if c.tally != c.Told {
		c.wrong("the ledgers hold %+v; told is %+v", c.tally, c.Told)
	}
}

// One way only leads to a run that passed: no selected test ended badly or has no verdict.
func passedMeansPassed(c *checker) {
	if c.Passed && (c.tally.Bad() > 0 || len(c.Unfinished) > 0) {
		c.wrong("the run is told to have passed, with %d tests that ended badly and %d without a verdict",
			c.tally.Bad(), len(c.Unfinished))
	}
}
