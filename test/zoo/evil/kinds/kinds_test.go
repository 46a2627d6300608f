// Package kinds: every kind of test Go has, and names that are hard to match.
package kinds

import (
	"fmt"
	"testing"
)

func TestSubtests(t *testing.T) {
	for _, name := range []string{"plain", "with space", "a/b", "", "", "üñï", "(.*)+[", "\x1b\x00"} {
		t.Run(name, func(t *testing.T) {})
	}
}

func TestOneSubtestFails(t *testing.T) {
	t.Run("passes", func(t *testing.T) {})
	t.Run("fails", func(t *testing.T) { t.Error("wrong on purpose") })
}

func TestAllSubtestsSkip(t *testing.T) {
	t.Run("one", func(t *testing.T) { t.Skip("not today") })
	t.Run("two", func(t *testing.T) { t.Skip("not today") })
}

// A subtest that bears its parent's name must not be taken for it.
func TestParent(t *testing.T) {
	t.Run("TestParent", func(t *testing.T) { t.Skip("only the child is skipped") })
}

func TestParallelSubtests(t *testing.T) {
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) { t.Parallel() })
	}
}

func TestPanicsInSubtest(t *testing.T) {
	t.Run("panics", func(t *testing.T) { panic("on purpose") })
}

func TestFailsInCleanup(t *testing.T) {
	t.Cleanup(func() { t.Error("wrong on purpose") })
}

// Three names of which each is a prefix of the next.
func TestName(t *testing.T)       { t.Error("wrong on purpose") }
func TestNameLong(t *testing.T)   {}
func TestNameLonger(t *testing.T) { t.Skip("not today") }

func Test(t *testing.T)       {}
func Test_(t *testing.T)      {}
func Test1(t *testing.T)      {}
func TestÜmlaut(t *testing.T) {}
func Test日本(t *testing.T)     {}

func FuzzPasses(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(t *testing.T, s string) {})
}

func FuzzFailsOnSeed(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(t *testing.T, s string) { t.Error("wrong on purpose") })
}

func BenchmarkIsNoTest(b *testing.B) { b.Error("must not run") }

func Example_passes() {
	fmt.Println("right")
	// Output: right
}

func Example_fails() {
	fmt.Println("right")
	// Output: wrong
}

// No output comment: compiled, never listed.
func Example_neverListed() { panic("must not run") }
