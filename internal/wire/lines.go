package wire

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// MaxLine is the longest line on the socket between runner and reporter.
const MaxLine = 8 << 20

// LineWriter writes values as JSON, one a line. It is safe for concurrent use: lines never mix.
type LineWriter struct {
	mu  sync.Mutex
	w   io.Writer
	enc *json.Encoder
	buf lineBuffer
}

type lineBuffer struct{ b []byte }

func (l *lineBuffer) Write(p []byte) (int, error) {
	l.b = append(l.b, p...)
	return len(p), nil
}

// NewLineWriter writes lines to w.
func NewLineWriter(w io.Writer) *LineWriter {
	l := &LineWriter{w: w}
	l.enc = json.NewEncoder(&l.buf)
	l.enc.SetEscapeHTML(false)
	return l
}

// keptLineBuffer is how large a buffer is kept for the next line: one big output must not cost memory for good.
const keptLineBuffer = 32 << 10

// Send writes each value as one line, all in a single write.
func (l *LineWriter) Send(values ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.b = l.buf.b[:0]
	for _, v := range values {
		if err := l.enc.Encode(v); err != nil {
			return fmt.Errorf("encoding %T: %w", v, err)
		}
	}
	_, err := l.w.Write(l.buf.b)
	if cap(l.buf.b) > keptLineBuffer {
		l.buf.b = nil
	}
	return err
}

// LineReader reads what a LineWriter wrote.
type LineReader struct {
	r    *bufio.Reader
	long []byte
}

// NewLineReader reads lines from r.
func NewLineReader(r io.Reader) *LineReader {
	return &LineReader{r: bufio.NewReaderSize(r, 16<<10)}
}

// ErrLineTooLong says that a line was longer than MaxLine.
var ErrLineTooLong = fmt.Errorf("line longer than %d bytes", MaxLine)

// Receive reads the next line into v. The end of the stream between two lines is io.EOF.
func (l *LineReader) Receive(v any) error {
	line, err := l.line()
	if err != nil {
		return err
	}
	return json.Unmarshal(line, v)
}

func (l *LineReader) line() ([]byte, error) {
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if err == nil && len(l.long) == 0 {
			return part, nil
		}
		l.long = append(l.long, part...)
		switch {
		case err == nil:
			return l.takeLong(), nil
		case len(l.long) > MaxLine:
			return nil, ErrLineTooLong
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(l.long) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// takeLong hands out a long line; a very long one is not kept as the buffer of the next.
func (l *LineReader) takeLong() []byte {
	line := l.long
	if cap(line) > keptLineBuffer {
		l.long = nil
	}
	return line
}
