// Package noise: TestMain prints before and after the list.
package noise

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("starting the test database …")
	fmt.Println("Testing the waters")
	fmt.Println("Tests: 2")
	fmt.Println(`{"level":"info","msg":"TestNotATest"}`)
	fmt.Fprintln(os.Stderr, "TestOnStderr")
	code := m.Run()
	fmt.Println("ok  \tnoise\t0.001s")
	os.Exit(code)
}

func TestAmidNoise(t *testing.T) {}

func TestFailsAmidNoise(t *testing.T) { t.Error("wrong on purpose") }
