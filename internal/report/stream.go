package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// StreamVersion is that of the stream of events. Fields and events may come with it, none goes or changes its meaning.
const StreamVersion = 1

// ErrUnknownEvent is an event of a later podtest: readers pass over it.
var ErrUnknownEvent = errors.New("unknown event")

// envelope is what all events in a stream have.
type envelope struct {
	Version int       `json:"version"`
	Event   string    `json:"event"`
	Time    time.Time `json:"time"` // when it was written
}

// EncodeEvent is the event as a line of a stream, with its end of line.
func EncodeEvent(e Event, written time.Time) ([]byte, error) {
	head, err := JSON(envelope{Version: StreamVersion, Event: e.kind(), Time: written.UTC()}, "")
	if err != nil {
		return nil, fmt.Errorf("encoding an event: %w", err)
	}
	body, err := JSON(e, "")
	if err != nil {
		return nil, fmt.Errorf("encoding an event: %w", err)
	}
	return fmt.Appendf(nil, "%s,%s", head[:len(head)-len("}\n")], body[1:]), nil
}

// DecodeEvent is the way back, from one line.
func DecodeEvent(line []byte) (Event, time.Time, error) {
	var head envelope
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, time.Time{}, fmt.Errorf("not an event: %w", err)
	}
	if head.Version != StreamVersion {
		return nil, head.Time, fmt.Errorf("an event of version %d: this podtest reads version %d",
			head.Version, StreamVersion)
	}
	read, known := readers[head.Event]
	if !known {
		return nil, head.Time, fmt.Errorf("%w %q", ErrUnknownEvent, head.Event)
	}
	e, err := read(line)
	if err != nil {
		return nil, head.Time, fmt.Errorf("reading an event %q: %w", head.Event, err)
	}
	return e, head.Time, nil
}

var readers = map[string]func([]byte) (Event, error){
	"begun": reader[Begun], "note": reader[Note], "listed": reader[Listed], "skipped": reader[Skipped],
	"slow": reader[Slow], "attempt": reader[Attempt], "cancelling": reader[Cancelling], "progress": reader[Progress],
	"ended": reader[Ended],
}

func reader[E Event](line []byte) (Event, error) {
	var e E
	err := json.Unmarshal(line, &e)
	return e, err
}

// unicoded is text for an event: JSON knows only Unicode, so bytes that are none are shown as \xff.
func unicoded(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b bytes.Buffer
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}
