package collector

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Caller is who speaks, as the API server knows it.
type Caller struct {
	Run     types.NamespacedName
	RunUID  types.UID
	Batch   string // the TestBatch, or the listing Job
	Listing bool
	Pod     v1alpha1.BatchPod
}

// Authenticator tells who a bearer token is from. Its errors say 401 or 403; others mean that it could not find out.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (Caller, error)
}

// reviewer asks the API server whose token it is, and follows the pod's owner to its batch and run.
type reviewer struct {
	client client.Client
	live   client.Reader
}

// What a bound service-account token says of its pod.
const (
	extraPodName = "authentication.kubernetes.io/pod-name"
	extraPodUID  = "authentication.kubernetes.io/pod-uid"
	userPrefix   = "system:serviceaccount:"
)

func unauthorized(text string) error { return &refusal{http.StatusUnauthorized, text} }

func forbidden(format string, args ...any) error {
	return &refusal{http.StatusForbidden, fmt.Sprintf(format, args...)}
}

// Authenticate implements Authenticator.
func (v *reviewer) Authenticate(ctx context.Context, token string) (Caller, error) {
	name, uid, err := v.review(ctx, token)
	if err != nil {
		return Caller{}, err
	}
	pod, err := v.pod(ctx, name, uid)
	if err != nil {
		return Caller{}, err
	}
	owner := metav1.GetControllerOf(pod)
	c := Caller{Pod: v1alpha1.BatchPod{Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName}}
	switch {
	case owner == nil:
		err = forbidden("pod %s belongs to no batch", pod.Name)
	case owner.Kind == "TestBatch" && owner.APIVersion == v1alpha1.GroupVersion.String():
		err = v.batch(ctx, &c, pod.Namespace, *owner)
	case owner.Kind == "Job" && owner.APIVersion == batchv1.SchemeGroupVersion.String():
		err = v.job(ctx, &c, pod.Namespace, *owner)
	default:
		err = forbidden("pod %s belongs to a %s, not to a batch", pod.Name, owner.Kind)
	}
	if err != nil {
		return Caller{}, err
	}
	return c, nil
}

// review is the pod that a token is bound to.
func (v *reviewer) review(ctx context.Context, token string) (types.NamespacedName, types.UID, error) {
	tr := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{
		Token: token, Audiences: []string{v1alpha1.TokenAudience},
	}}
	if err := v.client.Create(ctx, tr); err != nil {
		tokenReviews.WithLabelValues("failed").Inc()
		return types.NamespacedName{}, "", fmt.Errorf("asking whose token it is: %w", err)
	}
	name, uid, ok := boundPod(tr.Status)
	if !ok {
		tokenReviews.WithLabelValues("refused").Inc()
		return types.NamespacedName{}, "", unauthorized("the token is not one of a pod for this audience, or it has expired")
	}
	tokenReviews.WithLabelValues("valid").Inc()
	return name, uid, nil
}

func boundPod(s authenticationv1.TokenReviewStatus) (types.NamespacedName, types.UID, bool) {
	if !s.Authenticated || !slices.Contains(s.Audiences, v1alpha1.TokenAudience) {
		return types.NamespacedName{}, "", false
	}
	name, uid := s.User.Extra[extraPodName], s.User.Extra[extraPodUID]
	namespace, ok := namespaceOf(s.User.Username)
	if !ok || len(name) != 1 || len(uid) != 1 || name[0] == "" || uid[0] == "" {
		return types.NamespacedName{}, "", false
	}
	return types.NamespacedName{Namespace: namespace, Name: name[0]}, types.UID(uid[0]), true
}

// pod is the pod of that name and uid, from the cache or, if it is not there yet, from the API server.
func (v *reviewer) pod(ctx context.Context, name types.NamespacedName, uid types.UID) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	for _, from := range []client.Reader{v.client, v.live} {
		err := from.Get(ctx, name, pod)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading pod %s: %w", name, err)
		}
		if err == nil && pod.UID == uid {
			return pod, nil
		}
	}
	return nil, unauthorized("the token's pod is gone")
}

// batch completes a caller whose pod belongs to a TestBatch.
func (v *reviewer) batch(ctx context.Context, c *Caller, namespace string, owner metav1.OwnerReference) error {
	b := &v1alpha1.TestBatch{}
	if err := v.owner(ctx, namespace, owner, b); err != nil {
		return err
	}
	run := b.Spec.Run
	if r := metav1.GetControllerOf(b); r == nil || r.UID != run.UID {
		return forbidden("batch %s belongs to no run", b.Name)
	}
	c.Batch, c.RunUID = b.Name, run.UID
	c.Run = types.NamespacedName{Namespace: namespace, Name: run.Name}
	return nil
}

// job completes a caller whose pod belongs to a listing Job.
func (v *reviewer) job(ctx context.Context, c *Caller, namespace string, owner metav1.OwnerReference) error {
	j := &batchv1.Job{}
	if err := v.owner(ctx, namespace, owner, j); err != nil {
		return err
	}
	run := metav1.GetControllerOf(j)
	if run == nil || run.Kind != "TestRun" || run.APIVersion != v1alpha1.GroupVersion.String() {
		return forbidden("job %s belongs to no run", j.Name)
	}
	c.Batch, c.RunUID, c.Listing = j.Name, run.UID, true
	c.Run = types.NamespacedName{Namespace: namespace, Name: run.Name}
	return nil
}

// owner reads the owner of a pod, which has to be the very one that is referred to.
func (v *reviewer) owner(ctx context.Context, namespace string, ref metav1.OwnerReference, obj client.Object) error {
	key := types.NamespacedName{Namespace: namespace, Name: ref.Name}
	for _, from := range []client.Reader{v.client, v.live} {
		err := from.Get(ctx, key, obj)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading %s %s: %w", ref.Kind, ref.Name, err)
		}
		if err == nil && obj.GetUID() == ref.UID {
			return nil
		}
	}
	return &refusal{http.StatusGone, fmt.Sprintf("%s %s is gone", ref.Kind, ref.Name)}
}
