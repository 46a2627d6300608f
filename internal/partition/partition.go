// Package partition cuts a run's tests into parts, bit for bit as nextest does. It is pure.
//
// A part is cut from the tests that all other filters have left over; who has finished before does not count.
package partition

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// The ways to cut.
const (
	Hash  = "hash"  // by the test's name alone: a test stays in its part whatever else is added
	Slice = "slice" // in turn, over all binaries
	Count = "count" // in turn, beginning anew with each binary
)

// Partition is one part of several.
type Partition struct {
	Kind  string // hash | slice | count
	Shard uint64 // from 1
	Total uint64
}

// Test is what a partition looks at.
type Test struct {
	Binary  int // its place among the run's binaries
	Name    string
	Ignored bool
}

// Parse reads kind:part/total, such as hash:1/3.
func Parse(text string) (Partition, error) {
	kind, numbers, found := strings.Cut(text, ":")
	if !found {
		return Partition{}, fmt.Errorf("partition %q has no kind: write hash:1/3, slice:1/3 or count:1/3", text)
	}
	if kind != Hash && kind != Slice && kind != Count {
		return Partition{}, fmt.Errorf("partition %q: no kind %q: the kinds are hash, slice and count", text, kind)
	}
	shard, total, err := parseNumbers(numbers)
	if err != nil {
		return Partition{}, fmt.Errorf("partition %q: %w", text, err)
	}
	return Partition{Kind: kind, Shard: shard, Total: total}, nil
}

func parseNumbers(text string) (shard, total uint64, err error) {
	left, right, found := strings.Cut(text, "/")
	if !found {
		return 0, 0, fmt.Errorf("%q has no slash: write part/total, such as 1/3", text)
	}
	if shard, err = strconv.ParseUint(left, 10, 64); err != nil {
		return 0, 0, fmt.Errorf("part %q is not a whole number from 1 to 2^64-1", left)
	}
	if total, err = strconv.ParseUint(right, 10, 64); err != nil {
		return 0, 0, fmt.Errorf("total %q is not a whole number from 1 to 2^64-1", right)
	}
	switch {
	case total == 0:
		return 0, 0, fmt.Errorf("the total is 0: there is at least one part")
	case shard == 0:
		return 0, 0, fmt.Errorf("the part is 0: the first part is 1")
	case shard > total:
		return 0, 0, fmt.Errorf("there is no part %d of %d", shard, total)
	}
	return shard, total, nil
}

// String is what Parse reads.
func (p Partition) String() string {
	return fmt.Sprintf("%s:%d/%d", p.Kind, p.Shard, p.Total)
}

// Keep tells which of the tests are in this part. They are the tests selected so far, in canonical order: binary by
// binary, and byte by byte in their names within one.
func (p Partition) Keep(tests []Test) []bool {
	keep := make([]bool, len(tests))
	var turns [2]uint64 // ignored tests take turns among themselves
	for i, t := range tests {
		if p.Kind == Hash {
			keep[i] = xxhash.Sum64String(t.Name)%p.Total == p.Shard-1
			continue
		}
		if p.Kind == Count && i > 0 && tests[i-1].Binary != t.Binary {
			turns = [2]uint64{}
		}
		turn := &turns[0]
		if t.Ignored {
			turn = &turns[1]
		}
		keep[i] = *turn == p.Shard-1
		*turn = (*turn + 1) % p.Total
	}
	return keep
}
