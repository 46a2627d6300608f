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
// tests may hold such. So commands are stopped, with a token that no test can know, as long as a run has the word, and
// go on just for ours. GitLab's are escape codes with carriage returns: no text has those (report.Text).
type Log struct {
	System System
	Token  string // GitHub's, to let commands go on
	Now    func() time.Time

	stopped bool
	folds   int
}

// Add is the text that a printer made of an event, for this log.
func (l *Log) Add(e report.Event, text []byte) []byte {
	if l.System == None || l.System == "" || len(text) == 0 {
		return text
	}
	var b bytes.Buffer
	b.Write(l.stop())
	a, is := e.(report.Attempt)
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	if !is || a.Row.Outcome.Good() || len(bytes.TrimSpace(rest)) == 0 {
		b.Write(text)
		return b.Bytes()
	}
	b.Write(line)
	b.WriteByte('\n')
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
	b.Write(l.Close())
	fmt.Fprintf(b, "::group::%s\n", data.Replace(title))
	b.Write(l.stop())
	b.Write(text)
	b.Write(l.Close())
	b.WriteString("::endgroup::\n")
	b.Write(l.stop())
}

// stop makes GitHub take no commands.
func (l *Log) stop() []byte {
	if l.System != GitHub || l.stopped {
		return nil
	}
	l.stopped = true
	return []byte("::stop-commands::" + l.Token + "\n")
}

// Close lets GitHub take commands again. It belongs at the end of whatever was added.
func (l *Log) Close() []byte {
	if !l.stopped {
		return nil
	}
	l.stopped = false
	return []byte("::" + l.Token + "::\n")
}
