package install

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// Difference is what applying an object would change.
type Difference struct {
	Object string
	Text   string // a unified diff; empty: nothing
}

// Differences asks the API server what applying the objects would change, and changes nothing.
func (c Cluster) Differences(ctx context.Context, objects []*unstructured.Unstructured) ([]Difference, error) {
	var all []Difference
	for _, o := range objects {
		ours, err := c.ours(ctx, o)
		if err != nil {
			return nil, err
		}
		if !ours {
			continue
		}
		before, err := c.live(ctx, o)
		if err != nil {
			return nil, err
		}
		after, err := c.would(ctx, o)
		if err != nil {
			return nil, err
		}
		text, err := diff(before, after)
		if err != nil {
			return nil, err
		}
		all = append(all, Difference{describe(o), text})
	}
	return all, nil
}

// would is the object as it would be.
func (c Cluster) would(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	dry := o.DeepCopy()
	opts := []client.ApplyOption{client.DryRunAll, client.FieldOwner(FieldOwner)}
	if c.Force {
		opts = append(opts, client.ForceOwnership)
	}
	err := c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(dry), opts...)
	switch {
	case apierrors.IsNotFound(err): // its namespace would have been made by then
		return o, nil
	case apierrors.IsConflict(err):
		return nil, conflict(o, err)
	case err != nil:
		return nil, fmt.Errorf("asking what would become of %s: %w", describe(o), err)
	}
	return dry, nil
}

func diff(before, after *unstructured.Unstructured) (string, error) {
	old, err := said(before)
	now, err2 := said(after)
	if err := errors.Join(err, err2); err != nil {
		return "", err
	}
	return difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(old), B: difflib.SplitLines(now), FromFile: "installed", ToFile: "new", Context: 3,
	})
}

// said is the object without what the API server adds.
func said(o *unstructured.Unstructured) (string, error) {
	if o == nil {
		return "", nil
	}
	o = o.DeepCopy()
	delete(o.Object, "status")
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	data, err := yaml.Marshal(o.Object)
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", describe(o), err)
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}
