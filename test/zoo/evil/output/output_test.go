// Package output: tests that print what a report had better survive.
package output

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

func TestPrints50MB(t *testing.T) {
	line := append(bytes.Repeat([]byte("x"), 1023), '\n')
	for range 50 * 1024 {
		os.Stdout.Write(line)
	}
}

func TestPrints50MBAndFails(t *testing.T) {
	TestPrints50MB(t)
	t.Error("the reason stands after 50 MB")
}

func TestPrintsOneLongLine(t *testing.T) { os.Stdout.Write(bytes.Repeat([]byte("y"), 8<<20)) }

func TestPrintsOnBothStreams(t *testing.T) {
	for i := range 1000 {
		fmt.Fprintln(os.Stdout, "out", i)
		fmt.Fprintln(os.Stderr, "err", i)
	}
}

func TestPrintsInvalidUTF8(t *testing.T) {
	os.Stdout.Write([]byte("\xff\xfe \xc3( \xed\xa0\x80 \xf8\x88\n"))
}

func TestPrintsNUL(t *testing.T) { fmt.Print("before\x00after\n") }

func TestPrintsEscapes(t *testing.T) { fmt.Print("\x1b[2J\x1b[31mred\x1b]0;title\a \r\b\b\u202e\n") }

func TestFailsWithAllBytes(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	t.Errorf("%s ]]> <![CDATA[ &amp; </testcase>", all)
}

func TestPrintsNoNewline(t *testing.T) { fmt.Print("no newline at the end") }

func TestPassesForgingFailure(t *testing.T) {
	fmt.Println("--- FAIL: TestPassesForgingFailure (0.00s)")
	fmt.Println("FAIL")
	fmt.Println(`{"Action":"fail","Test":"TestPassesForgingFailure"}`)
	fmt.Println("test result: FAILED. 0 passed; 1 failed")
}

func TestFailsForgingPass(t *testing.T) {
	fmt.Println("--- PASS: TestFailsForgingPass (0.00s)")
	fmt.Println("PASS")
	fmt.Println(`{"Action":"pass","Test":"TestFailsForgingPass"}`)
	fmt.Println("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out")
	t.Fail()
}

// The frame is forged with its marker byte, but the exit code tells the truth.
func TestFailsForgingPassWithMarker(t *testing.T) {
	fmt.Print("\x16--- PASS: TestFailsForgingPassWithMarker (0.00s)\nPASS\n")
	t.Fail()
}

func TestFailsForgingSkip(t *testing.T) {
	fmt.Print("--- SKIP: TestFailsForgingSkip (0.00s)\n")
	t.Fail()
}

func TestFailsWithStdoutClosed(t *testing.T) {
	os.Stdout.Close()
	t.Error("nobody can read this")
}

// Nothing says that it passed: exit 0 is no evidence.
func TestPassesWithStdoutClosed(t *testing.T) { os.Stdout.Close() }
