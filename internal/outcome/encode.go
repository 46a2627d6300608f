package outcome

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// First bytes of an encoding: its kind and version.
const (
	ledgerV1 = 0x01
	briefV1  = 0xb1
)

// Limits of what is decoded, so that hostile bytes cannot make it expensive.
const (
	maxRows = 100_000
	maxRaw  = maxRows * 52 // a row in its longest form
)

var errTruncated = errors.New("it ends too early")

// Encode is the compact form of a ledger, in the order of its rows; of 100,000 rows at most. No rows are no bytes.
func Encode(rows []Row) []byte {
	if len(rows) == 0 {
		return nil
	}
	return pack(ledgerV1, ledgerColumns, rows)
}

// Decode reads what Encode wrote.
func Decode(b []byte) ([]Row, error) {
	if len(b) == 0 {
		return nil, nil
	}
	rows, err := unpack(ledgerV1, ledgerColumns, b)
	if err != nil {
		return nil, fmt.Errorf("decoding a ledger of %d bytes: %w", len(b), err)
	}
	return rows, nil
}

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // fails only for an unknown level
	return w
}}

// pack writes the rows column by column: like stands beside like, and compresses well.
func pack(kind byte, columns []column, rows []Row) []byte {
	out := bytes.NewBuffer([]byte{kind})
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(out)
	// Writing to a buffer does not fail.
	_, _ = w.Write(binary.AppendUvarint(nil, uint64(len(rows))))
	raw := make([]byte, 0, 4*len(rows))
	for _, c := range columns {
		raw = raw[:0]
		prev := &Row{}
		for i := range rows {
			raw = binary.AppendUvarint(raw, c.get(prev, &rows[i]))
			prev = &rows[i]
		}
		_, _ = w.Write(raw)
	}
	_ = w.Close()
	return out.Bytes()
}

func unpack(kind byte, columns []column, b []byte) ([]Row, error) {
	if b[0] != kind {
		return nil, fmt.Errorf("unknown version %#x, not %#x", b[0], kind)
	}
	raw, err := inflate(b[1:])
	if err != nil {
		return nil, err
	}
	n, size := binary.Uvarint(raw)
	raw = raw[max(size, 0):]
	// Each row has at least one byte in each column.
	if size <= 0 || n > maxRows || n*uint64(len(columns)) > uint64(len(raw)) {
		return nil, errTruncated
	}
	rows := make([]Row, n)
	for _, c := range columns {
		if raw, err = c.read(rows, raw); err != nil {
			return nil, err
		}
	}
	if len(raw) > 0 {
		return nil, fmt.Errorf("%d bytes too many", len(raw))
	}
	return rows, nil
}

// read sets the column's field in all rows and returns what follows in raw.
func (c column) read(rows []Row, raw []byte) ([]byte, error) {
	prev := &Row{}
	for i := range rows {
		v, size := binary.Uvarint(raw)
		if size <= 0 {
			return nil, errTruncated
		}
		if !c.set(prev, &rows[i], v) {
			return nil, fmt.Errorf("row %d: %s is out of range", i, c.name)
		}
		prev, raw = &rows[i], raw[size:]
	}
	return raw, nil
}

func inflate(b []byte) ([]byte, error) {
	in := bytes.NewReader(b)
	r := flate.NewReader(in)
	raw, err := io.ReadAll(io.LimitReader(r, maxRaw+1))
	if err != nil {
		return nil, fmt.Errorf("inflating: %w", err)
	}
	if len(raw) > maxRaw {
		return nil, fmt.Errorf("more than %d rows", maxRows)
	}
	if in.Len() > 0 {
		return nil, fmt.Errorf("%d bytes too many", in.Len())
	}
	return raw, nil
}
