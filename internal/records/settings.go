package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

// frozen is what a run took from its profile when it was accepted.
type frozen struct {
	Settings   v1alpha1.TestSettings `json:"settings"`
	Provenance settings.Provenance   `json:"provenance"`
}

// PutSettings keeps the settings that a run took from its profile. The first that is stored holds: it is returned.
func PutSettings(
	ctx context.Context, s Store, run *v1alpha1.TestRun, merged v1alpha1.TestSettings, from settings.Provenance,
) (v1alpha1.TestSettings, settings.Provenance, error) {
	text, err := json.Marshal(frozen{merged, from})
	if err != nil {
		return merged, from, err
	}
	data := compress(text)
	if len(data) > MaxData {
		return merged, from, fmt.Errorf("the settings of the profile have %d bytes, compressed: at most %d fit a record",
			len(data), MaxData)
	}
	err = s.Put(ctx, run, Record{Kind: v1alpha1.RecordSettings, Digest: digest(text), Data: data})
	if err == nil {
		return merged, from, nil
	}
	if !errors.Is(err, ErrTaken) {
		return merged, from, err
	}
	return GetSettings(ctx, s, run) // another pass was faster, with an earlier profile
}

// GetSettings are the settings that PutSettings has stored, or ErrNotFound.
func GetSettings(
	ctx context.Context, s Store, run *v1alpha1.TestRun,
) (v1alpha1.TestSettings, settings.Provenance, error) {
	var f frozen
	r, err := s.Get(ctx, run, Record{Kind: v1alpha1.RecordSettings}.Name(run.Name))
	if err != nil {
		return f.Settings, f.Provenance, err
	}
	text, err := decompress(r.Data)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		return f.Settings, f.Provenance, fmt.Errorf("reading the settings of run %s: %w", run.Name, err)
	}
	return f.Settings, f.Provenance, nil
}

// Effective gives a run the settings that it took from its profile, if it has one, and tells where they came from; of a
// rerun also what is known of the runs before.
func Effective(ctx context.Context, s Store, run *v1alpha1.TestRun) (settings.Provenance, error) {
	var from settings.Provenance
	if run.Spec.ProfileRef != nil {
		merged, taken, err := GetSettings(ctx, s, run)
		if err != nil {
			return from, err
		}
		run.Spec.TestSettings, from = merged, taken
	}
	if run.Spec.Rerun != nil {
		before, err := GetBefore(ctx, s, run)
		if err != nil {
			return from, err
		}
		from.Before = before
	}
	return from, nil
}
