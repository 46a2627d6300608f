package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON is a value as JSON with an end of line. What could harm a terminal or deceive its reader is escaped, which is
// the same to programs: names stay as they are. It leaves <, > and & alone.
func JSON(value any, indent string) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return showable(text.Bytes()), nil
}

// showable escapes what is not plain to see. JSON has such characters within strings only.
func showable(text []byte) []byte {
	if bytes.IndexFunc(text, invisible) < 0 {
		return text
	}
	shown := make([]byte, 0, len(text)+64)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case !invisible(r):
			shown = append(shown, text[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			shown = fmt.Appendf(shown, `\u%04x\u%04x`, high, low)
		default:
			shown = fmt.Appendf(shown, `\u%04x`, r)
		}
		text = text[size:]
	}
	return shown
}

func invisible(r rune) bool { return r >= 0x7f && !visible(r) }

// WriteJSONLines writes an object a line.
func WriteJSONLines[T any](w io.Writer, objects []T) error {
	for i := range objects {
		line, err := JSON(objects[i], "")
		if err == nil {
			_, err = w.Write(line)
		}
		if err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return nil
}
