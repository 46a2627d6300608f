package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/podtest/podtest/internal/outcome"
)

// LastWordsLimit is what the kubelet keeps of a termination message.
const LastWordsLimit = 4096

const (
	lastWordsRows = "podtest1 "
	lastWordsLost = "lost "
	lostReserve   = 512 // at least so much is kept for lost attempts, if there are so many
)

// LastWords is what a reporter writes into its termination message when the collector has not acknowledged all: a
// second way for a verdict to reach the API server.
type LastWords struct {
	Rows []outcome.Row // not acknowledged; failures first
	Lost []Held        // were running when the runner ended, and have no row
}

// Encode is the termination message, at most limit bytes; what does not fit is left out, good rows first.
//
//	podtest1 <outcome.EncodeBrief of the rows>
//	lost <ordinal>/<attempt> …
func (w LastWords) Encode(limit int) []byte {
	if len(w.Rows) == 0 && len(w.Lost) == 0 {
		return nil
	}
	lost := encodeLost(w.Lost, limit)
	reserve := min(len(lost), lostReserve)
	brief, _ := outcome.EncodeBrief(w.Rows, limit-len(lastWordsRows)-1-reserve)
	message := fmt.Appendf(nil, "%s%s\n", lastWordsRows, brief)
	return append(message, encodeLost(w.Lost, limit-len(message))...)
}

func encodeLost(lost []Held, limit int) []byte {
	if len(lost) == 0 {
		return nil
	}
	line := []byte(strings.TrimSpace(lastWordsLost))
	for _, h := range lost {
		word := fmt.Sprintf(" %d/%d", h.Ordinal, h.Attempt)
		if len(line)+len(word)+1 > limit {
			break
		}
		line = append(line, word...)
	}
	return append(line, '\n')
}

// ParseLastWords reads a termination message. One that a reporter did not write is an error, an empty one is not.
func ParseLastWords(message []byte) (LastWords, error) {
	var w LastWords
	for line := range bytes.Lines(message) {
		text := strings.TrimRight(string(line), "\r\n")
		var err error
		switch {
		case text == "":
		case strings.HasPrefix(text, lastWordsRows):
			w.Rows, err = outcome.DecodeBrief([]byte(strings.TrimPrefix(text, lastWordsRows)))
		case strings.HasPrefix(text, lastWordsLost):
			w.Lost, err = decodeLost(strings.TrimPrefix(text, lastWordsLost))
		default:
			err = fmt.Errorf("unknown line %.40q", text)
		}
		if err != nil {
			return LastWords{}, fmt.Errorf("reading a reporter's termination message: %w", err)
		}
	}
	return w, nil
}

func decodeLost(text string) ([]Held, error) {
	var lost []Held
	for word := range strings.FieldsSeq(text) {
		ordinal, attempt, _ := strings.Cut(word, "/")
		o, err := strconv.ParseUint(ordinal, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("lost attempt %q: %w", word, err)
		}
		a, err := strconv.ParseUint(attempt, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("lost attempt %q: %w", word, err)
		}
		lost = append(lost, Held{Ordinal: uint32(o), Attempt: uint16(a), Started: true})
	}
	return lost, nil
}
