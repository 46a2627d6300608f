package ci

import (
	"bytes"
	"fmt"
	"time"

	"github.com/podtest/podtest/internal/report"
)

// Log adds to the printed events of runs what the log of a CI system understands: what a failed attempt printed folds.
//
// GitHub takes commands from any line of the log: `::error::` after spaces, `##[error]` anywhere. Names and outputs of
// tests may hold such: commands are stopped around them, with a token that no test can know. GitLab's are escape codes
// with carriage returns: no text has those (report.Text).
type Log struct {
	System System
	Token  string // GitHub's, to let commands go on
	Now    func() time.Time

	folds int
}

// Add is the text that a printer made of an event, for this log.
func (l *Log) Add(e report.Event, text []byte) []byte {
	if l.System == None || l.System == "" || len(text) == 0 {
		return text
	}
	a, is := e.(report.Attempt)
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	if !is || a.Row.Outcome.Good() || len(bytes.TrimSpace(rest)) == 0 {
		return l.harmless(text)
	}
	var b bytes.Buffer
	b.Write(l.harmless(append(bytes.Clone(line), '\n')))
	l.fold(&b, "output of "+a.Test.String(), rest)
	return b.Bytes()
}

func (l *Log) fold(b *bytes.Buffer, title string, text []byte) {
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(bytes.Clone(text), '\n')
	}
	l.folds++
	if l.System == GitLab {
		at := l.Now().Unix()
		fmt.Fprintf(b, "\x1b[0Ksection_start:%d:podtest_%d[collapsed=true]\r\x1b[0K    %s\n", at, l.folds, title)
		b.Write(text)
		fmt.Fprintf(b, "\x1b[0Ksection_end:%d:podtest_%d\r\x1b[0K\n", at, l.folds)
		return
	}
	fmt.Fprintf(b, "::group::%s\n", data.Replace(title))
	b.Write(l.harmless(text))
	b.WriteString("::endgroup::\n")
}

// harmless is text in which GitHub finds no command.
func (l *Log) harmless(text []byte) []byte {
	if l.System != GitHub || !commanding(text) {
		return text
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "::stop-commands::%s\n%s", l.Token, text)
	if !bytes.HasSuffix(text, []byte("\n")) {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "::%s::\n", l.Token)
	return b.Bytes()
}

// commanding is whether GitHub may take a line for a command.
func commanding(text []byte) bool {
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("##[")) || bytes.HasPrefix(bytes.TrimSpace(line), []byte("::")) {
			return true
		}
	}
	return false
}
