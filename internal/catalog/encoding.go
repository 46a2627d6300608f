package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/podtest/podtest/internal/wire"
)

// line is a line of the encoding: a binary, or a test of one of the binaries above it. Exactly one field is set.
type line struct {
	Binary *wire.Binary `json:"binary,omitempty"`
	Test   *wire.Listed `json:"test,omitempty"`
}

// Encode is the catalog as JSON lines, cut at line ends into chunks of at most maxChunk bytes; a longer line is a chunk
// of its own. Equal catalogs have equal encodings.
func (c *Catalog) Encode(maxChunk int) [][]byte {
	var chunks [][]byte
	var chunk []byte
	c.lines(func(l []byte) {
		if len(chunk) > 0 && len(chunk)+len(l) > maxChunk {
			chunks = append(chunks, chunk)
			chunk = make([]byte, 0, min(maxChunk, 2*len(chunk)))
		}
		chunk = append(chunk, l...)
	})
	return append(chunks, chunk)
}

// Digest is the SHA-256 of the encoding, in hexadecimal; it does not depend on the chunks.
func (c *Catalog) Digest() string {
	sum := sha256.New()
	c.lines(func(l []byte) { sum.Write(l) })
	return hex.EncodeToString(sum.Sum(nil))
}

// lines calls f with each line of the encoding; f may not keep it.
func (c *Catalog) lines(f func([]byte)) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	write := func(l line) {
		buf.Reset()
		_ = enc.Encode(l) // a buffer takes all, and strings and numbers always encode
		f(buf.Bytes())
	}
	for i := range c.Binaries {
		write(line{Binary: &c.Binaries[i]})
	}
	for i := range c.Tests {
		write(line{Test: &c.Tests[i]})
	}
}

// Decode reads what Encode wrote.
func Decode(chunks [][]byte) (*Catalog, error) {
	readers := make([]io.Reader, len(chunks))
	for i, c := range chunks {
		readers[i] = bytes.NewReader(c)
	}
	c := &Catalog{}
	dec := json.NewDecoder(io.MultiReader(readers...))
	for {
		var l line
		err := dec.Decode(&l)
		switch {
		case errors.Is(err, io.EOF):
			return c, nil
		case err != nil:
			return nil, fmt.Errorf("reading the catalog: %w", err)
		case l.Binary != nil:
			c.Binaries = append(c.Binaries, *l.Binary)
		case l.Test != nil && l.Test.Binary >= 0 && l.Test.Binary < len(c.Binaries):
			c.Tests = append(c.Tests, *l.Test)
		default:
			return nil, errors.New("reading the catalog: a line that is neither a binary nor a test of one")
		}
	}
}
