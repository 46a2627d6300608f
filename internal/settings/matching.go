package settings

import (
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/filter"
)

// combination is a set of overrides and fixtures, and those tests for which exactly these match.
type combination struct {
	bits     []byte // a bit for each override, then for each fixture
	group    string // that its overrides make
	selected bool   // some test of it is
}

func has(bits []byte, i int) bool { return bits[i/8]&(1<<(i%8)) != 0 }

func put(bits []byte, i int) { bits[i/8] |= 1 << (i % 8) }

// matcher finds the combination of each test. Filters that are decided for a whole binary are asked once.
type matcher struct {
	filters []*filter.Expr
	known   map[string]int32
	all     []combination
	of      []int32 // by ordinal
}

func match(filters []*filter.Expr, cat *catalog.Catalog, bins []filter.Binary) *matcher {
	m := &matcher{filters: filters, known: map[string]int32{}, of: make([]int32, len(cat.Tests))}
	bits := make([]byte, (len(filters)+7)/8)
	for from := 0; from < len(cat.Tests); {
		bin, to := cat.Tests[from].Binary, from
		for to < len(cat.Tests) && cat.Tests[to].Binary == bin {
			to++
		}
		decided, open := m.ask(bins[bin])
		for i := from; i < to; i++ {
			copy(bits, decided)
			for _, f := range open {
				if filters[f].Match(filter.Test{Binary: &bins[bin], Name: cat.Tests[i].Name, Group: noGroup}) {
					put(bits, f)
				}
			}
			m.of[i] = m.intern(bits)
		}
		from = to
	}
	return m
}

// ask tells which filters match all tests of a binary, and which are to be asked for each test.
func (m *matcher) ask(bin filter.Binary) (decided []byte, open []int) {
	decided = make([]byte, (len(m.filters)+7)/8)
	for i, f := range m.filters {
		switch f.MatchBinary(bin) {
		case filter.Yes:
			put(decided, i)
		case filter.No:
		case filter.Unknown:
			open = append(open, i)
		}
	}
	return decided, open
}

func (m *matcher) intern(bits []byte) int32 {
	if at, known := m.known[string(bits)]; known {
		return at
	}
	at := int32(len(m.all))
	m.known[string(bits)] = at
	m.all = append(m.all, combination{bits: append([]byte(nil), bits...)})
	return at
}
