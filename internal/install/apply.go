package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/internal/report/live"
)

// FieldOwner is the manager of the fields that podtest applies.
const FieldOwner = "podtest"

const (
	kindCRD        = "CustomResourceDefinition"
	kindDeployment = "Deployment"
	kindNamespace  = "Namespace"
)

// labelPartOf marks what the tree holds; a namespace without it is the user's, and stays as it is.
const labelPartOf = "app.kubernetes.io/part-of"

// Cluster is where podtest is installed.
type Cluster struct {
	Client  client.WithWatch
	Say     func(object, done string) // told of each object
	Timeout time.Duration             // of each wait
}

// Install applies the objects in their order, CRDs first, and waits until podtest can work.
func (c Cluster) Install(ctx context.Context, objects []*unstructured.Unstructured) error {
	crds, others := split(objects)
	for _, o := range crds {
		if err := c.apply(ctx, o); err != nil {
			return err
		}
	}
	for _, o := range crds {
		if err := c.wait(ctx, o, "become established", established); err != nil {
			return err
		}
	}
	for _, o := range others {
		if err := c.apply(ctx, o); err != nil {
			return err
		}
	}
	for _, o := range others {
		if o.GetKind() != kindDeployment {
			continue
		}
		if err := c.wait(ctx, o, "become available", available); err != nil {
			return errors.Join(err, c.whyNotAvailable(ctx, o))
		}
		c.Say(describe(o), "available")
	}
	return nil
}

// Uninstall deletes the objects in reverse order and waits until they are gone. CRDs go first if they go at all: that
// deletes every run while there still is a manager to end it.
func (c Cluster) Uninstall(ctx context.Context, objects []*unstructured.Unstructured, withCRDs bool) error {
	crds, others := split(objects)
	if withCRDs {
		if err := c.delete(ctx, crds); err != nil {
			return err
		}
	}
	slices.Reverse(others)
	return c.delete(ctx, others)
}

func split(objects []*unstructured.Unstructured) (crds, others []*unstructured.Unstructured) {
	for _, o := range objects {
		if o.GetKind() == kindCRD {
			crds = append(crds, o)
		} else {
			others = append(others, o)
		}
	}
	return crds, others
}

func (c Cluster) apply(ctx context.Context, o *unstructured.Unstructured) error {
	ours, err := c.ours(ctx, o)
	if err != nil {
		return err
	}
	if !ours {
		c.Say(describe(o), "left as it is: it was there before podtest")
		return nil
	}
	config := client.ApplyConfigurationFromUnstructured(o.DeepCopy())
	if err := c.Client.Apply(ctx, config, client.FieldOwner(FieldOwner), client.ForceOwnership); err != nil {
		return fmt.Errorf("applying %s: %w", describe(o), err)
	}
	c.Say(describe(o), "applied")
	return nil
}

// ours is false for a namespace that others made: neither its labels nor its life are for us to decide.
func (c Cluster) ours(ctx context.Context, o *unstructured.Unstructured) (bool, error) {
	if o.GetKind() != kindNamespace {
		return true, nil
	}
	there := &unstructured.Unstructured{}
	there.SetGroupVersionKind(o.GroupVersionKind())
	err := c.Client.Get(ctx, client.ObjectKeyFromObject(o), there)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", describe(o), err)
	}
	return there.GetLabels()[labelPartOf] == o.GetLabels()[labelPartOf], nil
}

func (c Cluster) delete(ctx context.Context, objects []*unstructured.Unstructured) error {
	var deleted []*unstructured.Unstructured
	for _, o := range objects {
		ours, err := c.ours(ctx, o)
		if err != nil {
			return err
		}
		if !ours {
			c.Say(describe(o), "left as it is: it was there before podtest")
			continue
		}
		how := metav1.DeletePropagationBackground
		if o.GetKind() == kindDeployment {
			how = metav1.DeletePropagationForeground // gone when its pods are
		}
		err = c.Client.Delete(ctx, o.DeepCopy(), client.PropagationPolicy(how))
		switch {
		case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
			continue
		case err != nil:
			return fmt.Errorf("deleting %s: %w", describe(o), err)
		}
		deleted = append(deleted, o)
	}
	for _, o := range deleted {
		if err := c.wait(ctx, o, "go away", gone); err != nil {
			return err
		}
		c.Say(describe(o), "deleted")
	}
	return nil
}

func describe(o *unstructured.Unstructured) string {
	if o.GetNamespace() == "" {
		return fmt.Sprintf("%s %s", o.GetKind(), o.GetName())
	}
	return fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
}

func (c Cluster) wait(
	ctx context.Context, o *unstructured.Unstructured, what string, done func(*unstructured.Unstructured) bool,
) error {
	ctx, stop := context.WithTimeout(ctx, c.Timeout)
	defer stop()
	err := live.Until(ctx, c.Client, o, done)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s did not %s within %s", describe(o), what, c.Timeout)
	}
	return err
}
