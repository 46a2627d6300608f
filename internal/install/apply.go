package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
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
	Say     func(object, done string) // told of each object, and of what is waited for
	Timeout time.Duration             // of each wait
	Force   bool                      // take over fields that others have set
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
		if err := c.waitAvailable(ctx, o); err != nil {
			return err
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
		watching, stop := context.WithCancel(ctx)
		var done sync.WaitGroup
		done.Go(func() { c.sayWhatRunsWaitFor(watching) })
		err := c.delete(ctx, crds)
		stop()
		done.Wait()
		if err != nil {
			return err
		}
	}
	slices.Reverse(others)
	return c.delete(ctx, others)
}

// sayWhatRunsWaitFor tells of runs that are being deleted and wait for the teardown of their fixtures.
func (c Cluster) sayWhatRunsWaitFor(ctx context.Context) {
	said := map[string]bool{}
	w := live.Watcher{Client: c.Client, List: &v1alpha1.TestRunList{}, Object: &v1alpha1.TestRun{}}
	_ = w.Run(ctx, func(_ context.Context, s live.Seen) {
		run, ok := s.Object.(*v1alpha1.TestRun)
		if !ok || s.Gone || run.DeletionTimestamp == nil || said[run.Namespace+"/"+run.Name] ||
			!slices.Contains(run.Finalizers, v1alpha1.FinalizerTeardown) {
			return
		}
		said[run.Namespace+"/"+run.Name] = true
		c.Say("TestRun "+run.Namespace+"/"+run.Name, "waits: its fixtures are torn down before it goes")
	})
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
	before, err := c.live(ctx, o)
	if err != nil {
		return err
	}
	if err := c.put(ctx, o); err != nil {
		return err
	}
	after, err := c.live(ctx, o)
	if err != nil {
		return err
	}
	switch {
	case before == nil:
		c.Say(describe(o), "created")
	case after != nil && before.GetResourceVersion() == after.GetResourceVersion():
		c.Say(describe(o), "unchanged")
	default:
		c.Say(describe(o), "configured")
	}
	return nil
}

// put applies the object server-side.
func (c Cluster) put(ctx context.Context, o *unstructured.Unstructured, opts ...client.ApplyOption) error {
	opts = append(opts, client.FieldOwner(FieldOwner))
	if c.Force {
		opts = append(opts, client.ForceOwnership)
	}
	err := c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o.DeepCopy()), opts...)
	switch {
	case apierrors.IsConflict(err):
		return conflict(o, err)
	case apierrors.IsNotFound(err) && o.GetNamespace() != "":
		return fmt.Errorf("applying %s: %w: create the namespace first", describe(o), err)
	case err != nil:
		return fmt.Errorf("applying %s: %w", describe(o), err)
	}
	return nil
}

// conflict says whose fields would be overwritten.
func conflict(o *unstructured.Unstructured, err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return fmt.Errorf("applying %s: %w", describe(o), err)
	}
	var owned []string
	for _, cause := range status.Status().Details.Causes {
		owned = append(owned, fmt.Sprintf("  %s: %s", cause.Field, cause.Message))
	}
	return fmt.Errorf("applying %s: others have set fields of it to something else:\n%s\n"+
		"--force-conflicts takes them over; or have them set as podtest has it, and try again", describe(o),
		strings.Join(owned, "\n"))
}

// live is the object as it is in the cluster; nil if it is not there.
func (c Cluster) live(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	there := &unstructured.Unstructured{}
	there.SetGroupVersionKind(o.GroupVersionKind())
	err := c.Client.Get(ctx, client.ObjectKeyFromObject(o), there)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", describe(o), err)
	}
	return there, nil
}

// ours is false for a namespace that others made: neither its labels nor its life are for us to decide.
func (c Cluster) ours(ctx context.Context, o *unstructured.Unstructured) (bool, error) {
	if o.GetKind() != kindNamespace {
		return true, nil
	}
	there, err := c.live(ctx, o)
	if there == nil {
		return err == nil, err
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
