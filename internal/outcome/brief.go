package outcome

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"sort"
)

var briefText = base64.RawStdEncoding.Strict()

// EncodeBrief tells how attempts ended and nothing more, as text of at most limit bytes: for a pod's termination
// message. Failed ones come first; n is how many rows found room.
func EncodeBrief(rows []Row, limit int) (text []byte, n int) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, failuresFirst)
	tooMany := sort.Search(len(rows), func(i int) bool { return len(brief(rows[:i+1])) > limit })
	// Compressed, a longer list may be the shorter text: the search is near the edge, not always at it.
	for n = tooMany; n > 0; n-- {
		if text = brief(rows[:n]); len(text) <= limit {
			return text, n
		}
	}
	return nil, 0
}

// DecodeBrief reads what EncodeBrief wrote: rows with ordinal, attempt, outcome, reason and code. No text is no rows.
func DecodeBrief(text []byte) ([]Row, error) {
	b, err := briefText.DecodeString(string(text))
	if err != nil {
		return nil, fmt.Errorf("decoding a brief of %d bytes: %w", len(text), err)
	}
	if len(b) == 0 {
		return nil, nil
	}
	rows, err := unpack(briefV1, verdictColumns, b)
	if err != nil {
		return nil, fmt.Errorf("decoding a brief of %d bytes: %w", len(text), err)
	}
	return rows, nil
}

func brief(rows []Row) []byte {
	return briefText.AppendEncode(nil, pack(briefV1, verdictColumns, rows))
}

func failuresFirst(a, b Row) int {
	return cmp.Or(boolCompare(a.Outcome.Good(), b.Outcome.Good()), byVerdict(a, b))
}

// byVerdict orders rows by what a brief and a digest tell of them.
func byVerdict(a, b Row) int {
	return cmp.Or(
		cmp.Compare(a.Ordinal, b.Ordinal),
		cmp.Compare(a.Attempt, b.Attempt),
		cmp.Compare(a.Outcome, b.Outcome),
		cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(a.Code, b.Code),
	)
}

// boolCompare puts false before true.
func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
