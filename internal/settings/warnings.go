package settings

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/podtest/podtest/internal/filter"
)

// warn tells what has no effect, sorted. Where nothing is selected, that is said elsewhere, once.
func (r *resolver) warn() {
	r.warnOfUnmatched()
	r.warnOfNothingSaid()
	if slices.Contains(r.out.Reasons, Selected) {
		r.warnOfUnused()
	}
	slices.Sort(r.out.Warnings)
	r.out.Warnings = slices.Compact(r.out.Warnings)
}

func (r *resolver) warning(format string, args ...any) {
	r.out.Warnings = append(r.out.Warnings, fmt.Sprintf(format, args...))
}

// warnOfUnmatched: what is an error in spec.filter may be meant for other runs in what many runs share.
func (r *resolver) warnOfUnmatched() {
	for _, f := range slices.Concat([]filterset{r.sets.byDefault}, r.sets.overrides, r.sets.fixtures) {
		for _, p := range f.expr.Unmatched(r.bins) {
			r.warning("%s: %s%s", short(f.field), at(f.text, p), p.Message)
		}
	}
}

// at is the part of a filterset that a problem is about.
func at(text string, p filter.Problem) string {
	if p.Offset < 0 || p.Length <= 0 || p.Offset+p.Length > len(text) {
		return ""
	}
	return line(text[p.Offset:p.Offset+p.Length]) + ": "
}

func (r *resolver) warnOfNothingSaid() {
	for i := range r.spec.Overrides {
		said := slices.ContainsFunc(perTest, func(s setting[override]) bool { return s.set(&r.spec.Overrides[i]) })
		if !said {
			r.warning("%s sets nothing", r.override(i))
		}
	}
}

func (r *resolver) warnOfUnused() {
	used := make([]byte, (len(r.spec.Overrides)+len(r.spec.Fixtures)+7)/8)
	for _, c := range r.matched.all {
		for i := range c.bits {
			if c.selected {
				used[i] |= c.bits[i]
			}
		}
	}
	for i, f := range r.sets.overrides {
		if !has(used, i) {
			r.warning("%s: %s matches no selected test", r.override(i), line(f.text))
		}
	}
	for _, g := range r.spec.Groups {
		if !slices.ContainsFunc(r.entries, func(e entry) bool { return e.selected && e.said.Group == g.Name }) {
			r.warning("group %s: no selected test is in it", g.Name)
		}
	}
}

func (r *resolver) override(i int) string { return short(r.from.override(r.spec.Overrides, i)) }

// line is a filterset in one line of reasonable length.
func line(text string) string {
	const most = 200
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
