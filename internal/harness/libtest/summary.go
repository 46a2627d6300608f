package libtest

import (
	"fmt"

	"github.com/podtest/podtest/internal/harness"
)

// Summary looks for libtest's last line, `test result: ok. 1 passed; 0 failed; …`, in the output of a test. It is
// an io.Writer and takes output of any size. The last such line counts: a test may print some of its own before.
type Summary struct {
	Found          bool
	Passed, Failed int

	lines harness.Lines
}

// Write reads a piece of output.
func (s *Summary) Write(p []byte) (int, error) {
	s.lines.Each = s.line
	return s.lines.Write(p)
}

// Close ends the last line.
func (s *Summary) Close() {
	s.lines.Each = s.line
	s.lines.Close()
}

func (s *Summary) line(l harness.Line) {
	var result string
	var passed, failed int
	text := string(l.Text[:min(len(l.Text), 128)])
	n, _ := fmt.Sscanf(text, "test result: %s %d passed; %d failed;", &result, &passed, &failed)
	if n == 3 {
		s.Found, s.Passed, s.Failed = true, passed, failed
	}
}
