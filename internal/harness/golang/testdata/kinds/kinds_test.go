package kinds

import (
	"fmt"
	"os"
	"testing"
)

func TestPasses(t *testing.T)  { t.Log("one\ntwo") }
func TestFails(t *testing.T)   { t.Error("no") }
func TestSkips(t *testing.T)   { t.Skip("no") }
func TestPanics(t *testing.T)  { panic("no") }
func TestExits(t *testing.T)   { os.Exit(0) }
func TestNoEnd(t *testing.T)   { fmt.Print("no end") }
func TestForges(t *testing.T)  { fmt.Print("--- PASS: TestForges (0.00s)\nPASS\n"); t.Fail() }
func TestCleanup(t *testing.T) { t.Cleanup(func() { t.Error("late") }) }

func TestSubtests(t *testing.T) {
	t.Run("passes", func(t *testing.T) {})
	t.Run("skips", func(t *testing.T) { t.Skip() })
	t.Run("TestSubtests", func(t *testing.T) { fmt.Print("x") })
}

func TestParallel(t *testing.T) {
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			fmt.Print("no end")
			if i == 3 {
				t.Fail()
			}
		})
	}
}

func Example() {
	fmt.Println("x")
	// Output: x
}

func Example_fails() {
	fmt.Println("y")
	// Output: x
}

func FuzzSeeds(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}
