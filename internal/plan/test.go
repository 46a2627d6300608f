package plan

import (
	"math"

	"github.com/podtest/podtest/internal/outcome"
)

// place is where a test is: always in exactly one.
type place uint8

const (
	notSelected place = iota
	listed            // not in any place yet: while a State is made
	waiting           // in the queue: any worker of its class may have it
	alone             // waits for a worker of its own to be proposed
	delayed           // waits for its next attempt to be due
	own               // kept for its worker: the fixed list of that, or a retry in the same pod
	held              // given to its worker
	givenUp           // lost with its pods too often
	settled           // has its verdict
)

// test is what is known of a test. There may be a million: 72 bytes each.
type test struct {
	row        outcome.Row // the verdict, or none
	prev, next uint32      // neighbours in the list of its place, ordinal + 1
	bucket     int32       // its binary and policy
	holder     int32       // index of its worker, if own or held
	high       uint16      // highest attempt ever heard of
	hold       uint16      // attempt that its worker holds
	place      place
	started    bool // its worker has said so
}

// trouble is what few tests have: attempts that did not end well.
type trouble struct {
	outcome.Folding
	lost   []uint16 // attempts that ended with their pod, and have no row
	blamed []uint16 // those of lost that may have killed it
}

func (s *State) troubleOf(ordinal uint32) *trouble {
	t := s.trouble[ordinal]
	if t == nil {
		t = &trouble{Folding: outcome.Folding{Best: s.tests[ordinal].row}}
		s.trouble[ordinal] = t
	}
	return t
}

// hasRow reports whether the ledger knows how the attempt ended.
func (s *State) hasRow(ordinal uint32, attempt uint16) bool {
	if s.tests[ordinal].row.Attempt == attempt {
		return true
	}
	t := s.trouble[ordinal]
	return t != nil && t.Knows(attempt)
}

// Attempt numbers skip when leases are lost, but no further than this.
const maxSkip = 1000

// plausible reports whether the test is one of the run, and the attempt one that may have been given to a worker.
func (s *State) plausible(ordinal uint32, attempt uint16) bool {
	if int64(ordinal) >= int64(len(s.tests)) || attempt == 0 {
		return false
	}
	t := &s.tests[ordinal]
	return t.place != notSelected && int(attempt) <= min(int(t.high)+maxSkip, math.MaxUint16-maxSkip)
}

func (t *test) heardOf(attempt uint16) { t.high = max(t.high, attempt) }

// runsAlone reports whether the test has a worker of its own: all tests do, it may have killed a pod, or it has failed
// and is not to be tried again where it did.
func (s *State) runsAlone(ordinal uint32) bool {
	t := s.trouble[ordinal]
	p := s.policy(ordinal)
	return p.Alone || t != nil && (len(t.blamed) > 0 || p.RetryAlone && len(t.Failed) > 0)
}

// lostTooOften reports whether the infrastructure has had all its tries with the test.
func (s *State) lostTooOften(ordinal uint32) bool {
	t := s.trouble[ordinal]
	return t != nil && len(t.lost) > s.set.InfraRetries
}
