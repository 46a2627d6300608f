package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

// standings are the tests of a binary by how they stand.
type standings struct {
	Binary string   `json:"binary"`
	Passed []string `json:"passed,omitempty"`
	Failed []string `json:"failed,omitempty"`
	NotRun []string `json:"notRun,omitempty"`
}

// maxBefore is the most records that a rerun keeps of the runs before: far more than a million tests take.
const maxBefore = 128

// PutBefore keeps what a rerun knows of the runs before it. The same is always written alike.
func PutBefore(ctx context.Context, s Store, run *v1alpha1.TestRun, b *settings.Before) error {
	var all []standings
	for _, binary := range slices.Sorted(maps.Keys(b.Tests)) {
		st := standings{Binary: binary}
		for _, name := range slices.Sorted(maps.Keys(b.Tests[binary])) {
			switch b.Tests[binary][name] {
			case settings.HasPassed:
				st.Passed = append(st.Passed, name)
			case settings.HasFailed:
				st.Failed = append(st.Failed, name)
			case settings.HasNotRun:
				st.NotRun = append(st.NotRun, name)
			case settings.Unknown:
			}
		}
		all = append(all, st)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	sum, data := digest(text), compress(text)
	pieces := slices.Collect(slices.Chunk(data, MaxData))
	if len(pieces) > maxBefore {
		return fmt.Errorf("what is known of the runs before takes %d records: at most %d", len(pieces), maxBefore)
	}
	// The first is written last: where it is, all are.
	for i, piece := range slices.Backward(pieces) {
		r := Record{Kind: v1alpha1.RecordRerun, Index: i, Digest: sum, Data: piece}
		if err := s.Put(ctx, run, r); err != nil {
			return fmt.Errorf("storing what is known of the runs before: %w", err)
		}
	}
	return nil
}

// GetBefore is what PutBefore has stored, or ErrNotFound.
func GetBefore(ctx context.Context, s Store, run *v1alpha1.TestRun) (*settings.Before, error) {
	var data []byte
	sum := ""
	for i := range maxBefore {
		r, err := s.Get(ctx, run, Record{Kind: v1alpha1.RecordRerun, Index: i}.Name(run.Name))
		if i > 0 && errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		data, sum = append(data, r.Data...), r.Digest
		if len(r.Data) < MaxData {
			break
		}
	}
	text, err := decompress(data)
	if err == nil && digest(text) != sum {
		err = errors.New("it is not what was stored")
	}
	var all []standings
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what run %s knows of the runs before: %w", run.Name, err)
	}
	return before(all), nil
}

func before(all []standings) *settings.Before {
	b := &settings.Before{}
	for _, st := range all {
		for _, names := range []struct {
			names []string
			s     settings.Standing
		}{{st.Passed, settings.HasPassed}, {st.Failed, settings.HasFailed}, {st.NotRun, settings.HasNotRun}} {
			for _, name := range names.names {
				b.Learn(st.Binary, name, names.s)
			}
		}
	}
	return b
}
