package records

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
)

// LoadTests reads the tests of a run and makes of its spec, and of what it took from its profile, what holds for them.
func LoadTests(
	ctx context.Context, r client.Reader, run *v1alpha1.TestRun,
) (*catalog.Catalog, *settings.Resolved, error) {
	run = run.DeepCopy()
	from, err := Effective(ctx, Objects{Reader: r}, run)
	if err != nil {
		return nil, nil, err
	}
	cat, err := LoadCatalog(ctx, r, run)
	if err != nil {
		return nil, nil, err
	}
	cat.Stress = run.Spec.Stress != nil
	set, err := settings.Resolve(&run.Spec, from, cat)
	if err != nil {
		return nil, nil, fmt.Errorf("resolving the settings of the tests: %w", err)
	}
	return cat, set, nil
}
