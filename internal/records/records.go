// Package records keeps a run's bulk data: its catalog, and what failed tests printed. It compresses, cuts to size and
// names; where the pieces lie is a Store's matter. It does not interpret outcomes.
package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/podtest/podtest/api/v1alpha1"
)

// MaxData is the most that a record holds, compressed.
const MaxData = 500 << 10

// Record is one immutable piece of a run's bulk data.
type Record struct {
	Kind   v1alpha1.RecordKind
	Batch  string // of output; empty for a catalog
	Index  int
	Digest string // SHA-256: of the whole catalog, or of this output's data
	Data   []byte // zstd
}

// Name is the name of a run's record, a function of what it is: writing it again meets the first one.
func (r Record) Name(run string) string {
	switch r.Kind {
	case v1alpha1.RecordCatalog:
		return fmt.Sprintf("%s-catalog-%.8s-%04d", run, r.Digest, r.Index)
	case v1alpha1.RecordSettings:
		return run + "-settings"
	case v1alpha1.RecordRerun:
		return fmt.Sprintf("%s-rerun-%04d", run, r.Index)
	case v1alpha1.RecordOutput:
	}
	return fmt.Sprintf("%s-output-%04d", r.Batch, r.Index)
}

// Store keeps records.
type Store interface {
	// Put stores a record once: storing the same again is success, another of its name is ErrTaken.
	Put(ctx context.Context, run *v1alpha1.TestRun, r Record) error
	// Get is a record by its name, or ErrNotFound.
	Get(ctx context.Context, run *v1alpha1.TestRun, name string) (Record, error)
	// List calls f with each record of a kind, by batch and index, until it fails.
	List(ctx context.Context, run *v1alpha1.TestRun, kind v1alpha1.RecordKind, f func(Record) error) error
}

// What a Store can answer.
var (
	ErrTaken    = errors.New("another record has this name")
	ErrNotFound = errors.New("there is no such record")
)

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
