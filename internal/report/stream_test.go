package report

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/goldentest"
)

// recorded are events as lines of a stream, a second apart.
func recorded(t *testing.T, events []Event) []byte {
	t.Helper()
	var b bytes.Buffer
	for i, e := range events {
		line, err := EncodeEvent(e, start.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
	}
	return b.Bytes()
}

func replayed(t *testing.T, stream []byte) []Event {
	t.Helper()
	var events []Event
	for line := range bytes.Lines(stream) {
		e, _, err := DecodeEvent(line)
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		events = append(events, e)
	}
	return events
}

func TestEventsThatWereRecordedPrintAsBefore(t *testing.T) {
	all := stories()
	all["story"] = told{events: newStory().told(t)}
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			again := Render(replayed(t, recorded(t, c.events)), c.o)
			if diff := cmp.Diff(string(Render(c.events, c.o)), string(again)); diff != "" {
				t.Errorf("printed at once (-) and from the recording (+):\n%s", diff)
			}
		})
	}
}

func TestStream(t *testing.T) {
	goldentest.Compare(t, filepath.Join("testdata", "mixed.jsonl"), recorded(t, mixed()))
	goldentest.Compare(t, filepath.Join("testdata", "hostile.jsonl"), recorded(t, hostile()))
}

func TestDecodeEventSaysWhatItCannotRead(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"no JSON":                    {"PASS", "not an event: invalid character 'P' looking for beginning of value"},
		"a version to come":          {`{"version":2,"event":"begun"}`, "an event of version 2: this podtest reads version 1"},
		"an event of a later time":   {`{"version":1,"event":"dreamt"}`, `unknown event "dreamt"`},
		"a field of another type":    {`{"version":1,"event":"note","text":1}`, `reading an event "note"`},
		"something else that is one": {`[]`, "not an event"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := DecodeEvent([]byte(c.line))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if unknown := strings.HasPrefix(c.want, "unknown"); errors.Is(err, ErrUnknownEvent) != unknown {
				t.Errorf("%v is ErrUnknownEvent: %v, want %v", err, !unknown, unknown)
			}
		})
	}
}

func TestBytesThatAreNoUnicodeAreShownInEvents(t *testing.T) {
	if got := unicoded("a\xff\xc3(\u00e9"); got != `a\xff\xc3(é` {
		t.Errorf("got %q", got)
	}
}

// ours is what the printer itself may send to a terminal.
var ours = regexp.MustCompile("\x1b\\[(?:[0-9;]*m|[0-9]+A|J|\\?25[lh])|\r")

// FuzzEvents: whatever stands in an event, a terminal gets visible characters, line ends and what is ours.
func FuzzEvents(f *testing.F) {
	for _, events := range [][]Event{mixed(), hostile()} {
		for _, e := range events {
			line, err := EncodeEvent(e, start)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, _, err := DecodeEvent(line)
		if err != nil {
			return
		}
		for _, o := range []Options{
			{Status: "all", Final: "all", Verbose: true}, {Terminal: true, Width: 30, Color: true}, {Terminal: true, NoIndent: true},
		} {
			got := string(Render([]Event{e, Ended{Result: "Failed"}}, o))
			if o.Terminal {
				got = ours.ReplaceAllString(got, "")
			}
			for _, r := range got {
				if !visible(r) && r != '\n' && r != '\t' {
					t.Fatalf("%q is in what is printed of %s: %q", r, line, got)
				}
			}
		}
		again, err := EncodeEvent(e, start)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := DecodeEvent(again); err != nil {
			t.Errorf("written again it cannot be read: %v: %s", err, again)
		}
	})
}
