package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
)

// profiles remembers what runs took from their profiles; it is stored too.
type profiles struct {
	mu   sync.Mutex
	runs map[types.UID]taken
}

type taken struct {
	settings v1alpha1.TestSettings
	from     settings.Provenance
}

func (p *profiles) get(uid types.UID) (taken, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.runs[uid]
	return t, ok
}

func (p *profiles) put(uid types.UID, t taken) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runs == nil || len(p.runs) > manyRuns {
		p.runs = map[types.UID]taken{} // what is dropped is read again
	}
	p.runs[uid] = t
}

// effective gives a run the settings of its profile, and what is known of the runs before it, as they were when it was
// accepted. The ending says what is wrong with either.
func (r *TestRunReconciler) effective(
	ctx context.Context, run *v1alpha1.TestRun,
) (settings.Provenance, *plan.Ending, error) {
	if run.Spec.ProfileRef == nil && run.Spec.Rerun == nil {
		return settings.Provenance{}, nil, nil
	}
	t, ok := r.frozen.get(run.UID)
	if !ok {
		var wrong *plan.Ending
		var err error
		if t, wrong, err = r.freeze(ctx, run); wrong != nil || err != nil {
			return settings.Provenance{}, wrong, err
		}
		r.frozen.put(run.UID, t)
	}
	run.Spec.TestSettings = *t.settings.DeepCopy()
	return t.from, nil, nil
}

func (r *TestRunReconciler) freeze(ctx context.Context, run *v1alpha1.TestRun) (taken, *plan.Ending, error) {
	t := taken{settings: run.Spec.TestSettings}
	if run.Spec.ProfileRef != nil {
		var wrong *plan.Ending
		var err error
		if t, wrong, err = r.freezeProfile(ctx, run); wrong != nil || err != nil {
			return t, wrong, err
		}
	}
	if run.Spec.Rerun == nil {
		return t, nil, nil
	}
	before, wrong, err := r.freezeBefore(ctx, run)
	t.from.Before = before
	return t, wrong, err
}

// freezeProfile reads what an earlier pass has stored, or else the profile as it is now, and stores that.
func (r *TestRunReconciler) freezeProfile(
	ctx context.Context, run *v1alpha1.TestRun,
) (taken, *plan.Ending, error) {
	store := r.store()
	merged, from, err := records.GetSettings(ctx, store, run)
	if err == nil || !errors.Is(err, records.ErrNotFound) {
		return taken{merged, from}, nil, err
	}
	if endedEarly(run) {
		return taken{settings: run.Spec.TestSettings}, nil, nil
	}
	chain, err := r.profileChain(ctx, run)
	if bad, ok := errors.AsType[*profileError](err); ok {
		return taken{}, setupFailed(v1alpha1.ReasonInvalidSpec, bad.Error()), nil
	}
	if err != nil {
		return taken{}, nil, err
	}
	merged, from = settings.Merge(run.Spec.TestSettings, chain)
	merged, from, err = records.PutSettings(ctx, store, run, merged, from)
	return taken{merged, from}, nil, err
}

// store is where bulk data is kept; it reads past the cache.
func (r *TestRunReconciler) store() records.Store {
	return records.Objects{Writer: r.Client, Reader: r.Live}
}

// endedEarly: it ended before it took anything.
func endedEarly(run *v1alpha1.TestRun) bool { return ended(run) || !run.DeletionTimestamp.IsZero() }

// profileError is something wrong with a profile, or with what it inherits.
type profileError struct{ message string }

func (e *profileError) Error() string { return e.message }

// maxInherits is how long a chain of profiles may be.
const maxInherits = 16

// profileChain is the run's profile and what it inherits, the nearest first.
func (r *TestRunReconciler) profileChain(
	ctx context.Context, run *v1alpha1.TestRun,
) ([]*v1alpha1.TestProfile, error) {
	var chain []*v1alpha1.TestProfile
	var names []string
	for name := run.Spec.ProfileRef.Name; name != ""; {
		path := strings.Join(append(names, name), " inherits ")
		if slices.Contains(names, name) || len(names) == maxInherits {
			return nil, &profileError{fmt.Sprintf("spec.profileRef: TestProfile %s: a chain has at most %d profiles, "+
				"each once: take one inherits out", path, maxInherits)}
		}
		p := &v1alpha1.TestProfile{}
		err := r.Live.Get(ctx, client.ObjectKey{Namespace: run.Namespace, Name: name}, p)
		if apierrors.IsNotFound(err) {
			return nil, &profileError{fmt.Sprintf("spec.profileRef: TestProfile %s does not exist in namespace %s: "+
				"create it before the run", path, run.Namespace)}
		}
		if err != nil {
			return nil, fmt.Errorf("reading TestProfile %s: %w", name, err)
		}
		chain, names, name = append(chain, p), append(names, name), p.Spec.Inherits
	}
	return chain, nil
}

// refuse ends a run that cannot be acted upon.
func (r *TestRunReconciler) refuse(ctx context.Context, run *v1alpha1.TestRun, why plan.Ending) error {
	was := run.DeepCopy()
	r.begin(run)
	return r.end(ctx, was, run, why)
}
