package plan

// shortest is the least that an attempt takes, in microseconds: the start of a process.
const shortest = 500

// estimate learns how long a test takes. It is a plain mean of whole numbers: in whatever order the ledger is read,
// a State that is built anew knows the same.
type estimate struct{ sum, n int64 }

// A test that hangs for a month must not overflow the sum of a million of them.
const longest = int64(1) << 42

func (e *estimate) add(microseconds uint64) {
	e.sum += int64(min(max(microseconds, shortest), uint64(longest)))
	e.n++
}

func (e *estimate) known() bool { return e.n > 0 }

func (e *estimate) mean() int64 {
	if e.n == 0 {
		return 0
	}
	return e.sum / e.n
}
