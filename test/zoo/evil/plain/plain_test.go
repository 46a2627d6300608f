// Package plain: what a test may expect of whoever starts it.
package plain

import (
	"io"
	"os"
	"testing"
)

var ran int

func TestFindsItsTestdata(t *testing.T) {
	if _, err := os.ReadFile("testdata/hello"); err != nil {
		t.Error(err)
	}
}

func TestStdinIsEmpty(t *testing.T) {
	if in, err := io.ReadAll(os.Stdin); err != nil || len(in) > 0 {
		t.Errorf("read %q, %v", in, err)
	}
}

func TestTemporaryFolder(t *testing.T) {
	if err := os.WriteFile(t.TempDir()+"/file", nil, 0o600); err != nil {
		t.Error(err)
	}
}

func TestAloneInItsProcess1(t *testing.T) { alone(t) }

func TestAloneInItsProcess2(t *testing.T) { alone(t) }

func alone(t *testing.T) {
	if ran++; ran > 1 {
		t.Error("another test ran in this process")
	}
}
