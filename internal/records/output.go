package records

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/wire"
)

// maxOutput is the most that a record of output holds, compressed.
const maxOutput = 384 << 10

// Pack makes the data of records from outputs, in order: JSON lines, compressed. An output that is too big for a
// record is cut once more.
func Pack(outputs []wire.Output) [][]byte {
	if len(outputs) == 0 {
		return nil
	}
	data := compress(lines(outputs))
	if len(data) <= maxOutput {
		return [][]byte{data}
	}
	if len(outputs) == 1 {
		return [][]byte{compress(lines([]wire.Output{shortened(outputs[0])}))}
	}
	half := len(outputs) / 2
	return append(Pack(outputs[:half]), Pack(outputs[half:])...)
}

func lines(outputs []wire.Output) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	for _, o := range outputs {
		_ = enc.Encode(o) // a buffer takes all, and bytes and numbers always encode
	}
	return buf.Bytes()
}

// shortened is an output that fits a record even if its bytes are noise: 4 pieces of 64 KiB, and a third on top.
func shortened(o wire.Output) wire.Output {
	const most = 64 << 10
	for _, s := range []*wire.Stream{&o.Stdout, &o.Stderr} {
		if cut := len(s.Head) - most; cut > 0 {
			s.Head, s.Dropped = s.Head[:most], s.Dropped+int64(cut)
		}
		if cut := len(s.Tail) - most; cut > 0 {
			s.Tail, s.Dropped = s.Tail[cut:], s.Dropped+int64(cut)
		}
	}
	return o
}

// Piece is packed output of a batch's tests, and where among the batch's pieces it belongs.
type Piece struct {
	Batch string
	Index int
	Data  []byte
}

// PutOutput stores a piece of output under the first free index from its own, and returns the index after it.
func PutOutput(ctx context.Context, s Store, run *v1alpha1.TestRun, p Piece) (next int, err error) {
	r := Record{Kind: v1alpha1.RecordOutput, Batch: p.Batch, Index: p.Index, Digest: digest(p.Data), Data: p.Data}
	for {
		err := s.Put(ctx, run, r)
		if !errors.Is(err, ErrTaken) {
			return r.Index + 1, err
		}
		r.Index++ // by the leader before this one
	}
}

// LoadOutputs calls f with what the failed tests of a run printed, batch by batch, until it fails.
func LoadOutputs(
	ctx context.Context, r client.Reader, run *v1alpha1.TestRun, f func(batch string, o wire.Output) error,
) error {
	return GetOutputs(ctx, Objects{Reader: r}, run, f)
}

// GetOutputs is LoadOutputs for any store.
func GetOutputs(
	ctx context.Context, s Store, run *v1alpha1.TestRun, f func(batch string, o wire.Output) error,
) error {
	return s.List(ctx, run, v1alpha1.RecordOutput, func(r Record) error {
		return unpack(r, r.Name(run.Name), func(o wire.Output) error { return f(r.Batch, o) })
	})
}

// outputName is how the names of records of output end.
var outputName = regexp.MustCompile(`-output-\d{4,}$`)

// HoldsOutput reports whether a record of that name may hold output.
func HoldsOutput(name string) bool { return outputName.MatchString(name) }

// LoadOutput is the output in the record of that name; none, if it holds something else.
func LoadOutput(ctx context.Context, r client.Reader, run *v1alpha1.TestRun, name string) ([]wire.Output, error) {
	record, err := Objects{Reader: r}.Get(ctx, run, name)
	if err != nil || record.Kind != v1alpha1.RecordOutput {
		return nil, err
	}
	var outputs []wire.Output
	err = unpack(record, name, func(o wire.Output) error {
		outputs = append(outputs, o)
		return nil
	})
	return outputs, err
}

// unpack calls f with each output of a record.
func unpack(r Record, name string, f func(wire.Output) error) error {
	if got := digest(r.Data); got != r.Digest {
		return fmt.Errorf("record %s has digest %s, and should have %s", name, got, r.Digest)
	}
	raw, err := decompress(r.Data)
	if err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	return eachLine(raw, f)
}

func eachLine(raw []byte, f func(wire.Output) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	for dec.More() {
		var o wire.Output
		if err := dec.Decode(&o); err != nil {
			return fmt.Errorf("reading output: %w", err)
		}
		if err := f(o); err != nil {
			return err
		}
	}
	return nil
}
