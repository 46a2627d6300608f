package outcome

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// Digest names a set of rows by ordinal, attempt, outcome, reason and code; their order does not matter.
func Digest(rows []Row) string {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, byVerdict)
	h := sha256.New()
	var line [9]byte
	for _, r := range sorted {
		binary.BigEndian.PutUint32(line[0:], r.Ordinal)
		binary.BigEndian.PutUint16(line[4:], r.Attempt)
		line[6], line[7], line[8] = byte(r.Outcome), byte(r.Reason), r.Code
		h.Write(line[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
