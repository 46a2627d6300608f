// Package partition cuts a run's tests into parts, bit for bit as nextest does. It is pure.
package partition

// Partition is one part of several.
type Partition struct {
	Kind  string // hash | slice | count
	Shard uint64 // from 1
	Total uint64
}
