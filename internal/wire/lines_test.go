package wire_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

func TestLinesComeBackAsTheyWereSent(t *testing.T) {
	var b bytes.Buffer
	w := wire.NewLineWriter(&b)
	sent := []wire.ToReporter{
		{Hello: &wire.RunnerHello{Version: 1}},
		{Result: &wire.Result{Excerpt: strings.Repeat("x\n", 100_000)}},
		{Bye: &wire.Bye{Reason: "<&>\u2028"}},
	}
	if err := w.Send(sent[0], sent[1]); err != nil {
		t.Fatal(err)
	}
	if err := w.Send(sent[2]); err != nil {
		t.Fatal(err)
	}
	r := wire.NewLineReader(&b)
	for _, want := range sent {
		var got wire.ToReporter
		if err := r.Receive(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.300s", diff)
		}
	}
	if err := r.Receive(&wire.ToReporter{}); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestLinesThatAreNoneAreErrors(t *testing.T) {
	cases := map[string]struct {
		text string
		want error
	}{
		"half a line":             {`{"bye":`, io.ErrUnexpectedEOF},
		"a line without an end":   {`{"bye":{}}`, io.ErrUnexpectedEOF},
		"a line that is too long": {strings.Repeat("x", wire.MaxLine+100_000), wire.ErrLineTooLong},
	}
	for name, c := range cases {
		var m wire.ToReporter
		if err := wire.NewLineReader(strings.NewReader(c.text)).Receive(&m); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestLastWordsTellFailuresFirstWithinTheirLimit(t *testing.T) {
	var all wire.LastWords
	for i := range uint32(10_000) {
		r := outcome.Row{Ordinal: i, Attempt: 1, Outcome: outcome.Passed}
		if i%100 == 0 {
			r.Outcome, r.Reason, r.Code = outcome.Failed, outcome.ExitCode, 1
		}
		all.Rows = append(all.Rows, r)
	}
	for i := range uint32(300) {
		all.Lost = append(all.Lost, wire.Held{Ordinal: 20_000 + i, Attempt: 1, Started: true})
	}
	message := all.Encode(wire.LastWordsLimit)
	if len(message) > wire.LastWordsLimit {
		t.Fatalf("%d bytes", len(message))
	}
	got, err := wire.ParseLastWords(message)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, r := range got.Rows {
		if !r.Outcome.Good() {
			failed++
		}
	}
	if failed != 100 || len(got.Rows) <= 100 || len(got.Lost) < 30 {
		t.Errorf("%d rows, %d failed, %d lost", len(got.Rows), failed, len(got.Lost))
	}
}

func TestLastWordsComeBackAsTheyWereSaid(t *testing.T) {
	cases := map[string]wire.LastWords{
		"none":      {},
		"only rows": {Rows: []outcome.Row{{Ordinal: 1, Attempt: 2, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 9}}},
		"only lost": {Lost: []wire.Held{{Ordinal: 7, Attempt: 1, Started: true}}},
	}
	for name, want := range cases {
		got, err := wire.ParseLastWords(want.Encode(wire.LastWordsLimit))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzParseLastWords(f *testing.F) {
	f.Add([]byte("podtest1 \nlost 1/2\n"))
	f.Add([]byte("panic: oh no\n"))
	f.Fuzz(func(t *testing.T, message []byte) {
		words, err := wire.ParseLastWords(message)
		if err != nil {
			return
		}
		again, err := wire.ParseLastWords(words.Encode(1 << 20))
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Rows) != len(words.Rows) || len(again.Lost) != len(words.Lost) {
			t.Errorf("%d rows and %d lost became %d and %d", len(words.Rows), len(words.Lost), len(again.Rows), len(again.Lost))
		}
	})
}
