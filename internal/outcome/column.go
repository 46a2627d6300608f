package outcome

import (
	"math"
	"slices"
)

// column is one field of all rows: how its value is written beside the row before, and read again. set answers false
// for a value that the field cannot hold.
type column struct {
	name string
	get  func(prev, r *Row) uint64
	set  func(prev, r *Row, v uint64) bool
}

// verdictColumns are enough to know how each attempt ended. The order is part of the stored encoding.
var verdictColumns = []column{
	{"ordinal", getOrdinal, setOrdinal},
	{"attempt", func(_, r *Row) uint64 { return uint64(r.Attempt) }, setAttempt},
	{"outcome", func(_, r *Row) uint64 { return uint64(r.Outcome) }, setOutcome},
	{"reason", func(_, r *Row) uint64 { return uint64(r.Reason) }, setReason},
	{"code", func(_, r *Row) uint64 { return uint64(r.Code) }, setCode},
}

// ledgerColumns are all there is to a row. Duration comes before start, which is told by it.
var ledgerColumns = append(slices.Clip(verdictColumns),
	column{"marks", getMarks, setMarks},
	column{"duration", func(_, r *Row) uint64 { return r.Duration }, setDuration},
	column{"start", getStart, setStart},
	column{"cpu", func(_, r *Row) uint64 { return r.CPU }, setCPU},
	column{"peakRSS", getPeakRSS, setPeakRSS},
)

func getOrdinal(prev, r *Row) uint64 { return zigzag(int64(r.Ordinal) - int64(prev.Ordinal)) }

func setOrdinal(prev, r *Row, v uint64) bool {
	o := int64(prev.Ordinal) + unzigzag(v)
	r.Ordinal = uint32(o)
	return o >= 0 && o <= math.MaxUint32
}

func setAttempt(_, r *Row, v uint64) bool {
	r.Attempt = uint16(v)
	return v <= math.MaxUint16
}

func setOutcome(_, r *Row, v uint64) bool {
	r.Outcome = Outcome(v)
	return v <= math.MaxUint8
}

func setReason(_, r *Row, v uint64) bool {
	r.Reason = Reason(v)
	return v <= math.MaxUint8
}

func setCode(_, r *Row, v uint64) bool {
	r.Code = uint8(v)
	return v <= math.MaxUint8
}

const (
	markLeaky = 1 << iota
	markSlow
	markEnd // the first value that means nothing
)

func getMarks(_, r *Row) uint64 {
	var v uint64
	if r.Leaky {
		v |= markLeaky
	}
	if r.Slow {
		v |= markSlow
	}
	return v
}

func setMarks(_, r *Row, v uint64) bool {
	r.Leaky, r.Slow = v&markLeaky != 0, v&markSlow != 0
	return v < markEnd
}

func setDuration(_, r *Row, v uint64) bool {
	r.Duration = v
	return true
}

// A test tends to start when the one before it has ended: only the gap is written.
func getStart(prev, r *Row) uint64 { return zigzag(r.Start - prev.Start - int64(prev.Duration)) }

func setStart(prev, r *Row, v uint64) bool {
	r.Start = unzigzag(v) + prev.Start + int64(prev.Duration)
	return true
}

func setCPU(_, r *Row, v uint64) bool {
	r.CPU = v
	return true
}

func getPeakRSS(prev, r *Row) uint64 { return zigzag(int64(r.PeakRSS - prev.PeakRSS)) }

func setPeakRSS(prev, r *Row, v uint64) bool {
	r.PeakRSS = prev.PeakRSS + uint64(unzigzag(v))
	return true
}

// zigzag maps numbers near zero, of either sign, to small ones.
func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
