package collector

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
)

func ownedBy(gvk schema.GroupVersionKind, name string, uid types.UID) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{
		APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind, Name: name, UID: uid, Controller: &yes,
	}}
}

func meta(name, uid string, owners []metav1.OwnerReference) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "ns", UID: types.UID(uid), OwnerReferences: owners}
}

var (
	runKind   = v1alpha1.GroupVersion.WithKind("TestRun")
	batchKind = v1alpha1.GroupVersion.WithKind("TestBatch")
	jobKind   = batchv1.SchemeGroupVersion.WithKind("Job")
)

// vouched is what the API server says of a good token.
func vouched(pod, uid string) authenticationv1.TokenReviewStatus {
	return authenticationv1.TokenReviewStatus{
		Authenticated: true, Audiences: []string{v1alpha1.TokenAudience},
		User: authenticationv1.UserInfo{
			Username: "system:serviceaccount:ns:default",
			Extra:    map[string]authenticationv1.ExtraValue{extraPodName: {pod}, extraPodUID: {uid}},
		},
	}
}

func reviewing(status authenticationv1.TokenReviewStatus, err error) client.WithWatch {
	run := v1alpha1.RunRef{Name: "smoke", UID: "run-uid"}
	ours := ownedBy(runKind, "smoke", "run-uid")
	return fake.NewClientBuilder().WithScheme(fullScheme()).WithObjects(
		&v1alpha1.TestBatch{ObjectMeta: meta("w0", "w0-uid", ours), Spec: v1alpha1.TestBatchSpec{Run: run}},
		&v1alpha1.TestBatch{ObjectMeta: meta("stray", "stray-uid", nil), Spec: v1alpha1.TestBatchSpec{Run: run}},
		&batchv1.Job{ObjectMeta: meta("list", "list-uid", ours)},
		&batchv1.Job{ObjectMeta: meta("other", "other-uid", nil)},
		&corev1.Pod{
			ObjectMeta: meta("worker", "p1", ownedBy(batchKind, "w0", "w0-uid")), Spec: corev1.PodSpec{NodeName: "n"},
		},
		&corev1.Pod{ObjectMeta: meta("forged", "p2", ownedBy(batchKind, "w0", "old-uid"))},
		&corev1.Pod{ObjectMeta: meta("astray", "p3", ownedBy(batchKind, "stray", "stray-uid"))},
		&corev1.Pod{ObjectMeta: meta("lister", "p4", ownedBy(jobKind, "list", "list-uid"))},
		&corev1.Pod{ObjectMeta: meta("jobber", "p5", ownedBy(jobKind, "other", "other-uid"))},
		&corev1.Pod{ObjectMeta: meta("plain", "p6", nil)},
	).WithInterceptorFuncs(interceptor.Funcs{Create: func(
		ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption,
	) error {
		tr, ok := obj.(*authenticationv1.TokenReview)
		if !ok {
			return c.Create(ctx, obj, opts...)
		}
		if len(tr.Spec.Audiences) == 1 && tr.Spec.Audiences[0] == v1alpha1.TokenAudience {
			tr.Status = status
		}
		return err
	}}).Build()
}

func TestWhoSpeaks(t *testing.T) {
	smoke := types.NamespacedName{Namespace: "ns", Name: "smoke"}
	with := func(change func(*authenticationv1.TokenReviewStatus)) authenticationv1.TokenReviewStatus {
		s := vouched("worker", "p1")
		change(&s)
		return s
	}
	for name, tt := range map[string]struct {
		status   authenticationv1.TokenReviewStatus
		err      error
		want     Caller
		wantCode int
	}{
		"the pod of a batch": {status: vouched("worker", "p1"), want: Caller{
			Run: smoke, RunUID: "run-uid", Batch: "w0", Pod: v1alpha1.BatchPod{Name: "worker", UID: "p1", Node: "n"},
		}},
		"the pod of a listing job": {status: vouched("lister", "p4"), want: Caller{
			Run: smoke, RunUID: "run-uid", Batch: "list", Listing: true, Pod: v1alpha1.BatchPod{Name: "lister", UID: "p4"},
		}},
		"a token that the API server does not know": {wantCode: 401},
		"a token for another audience": {wantCode: 401, status: with(func(s *authenticationv1.TokenReviewStatus) {
			s.Audiences = []string{"https://kubernetes.default.svc"}
		})},
		"a token of no pod": {wantCode: 401, status: with(func(s *authenticationv1.TokenReviewStatus) {
			s.User.Extra = nil
		})},
		"a user who is no service account": {wantCode: 401, status: with(func(s *authenticationv1.TokenReviewStatus) {
			s.User.Username = "jane"
		})},
		"a pod of an earlier life":             {status: vouched("worker", "p0"), wantCode: 401},
		"a pod that is not there":              {status: vouched("gone", "p9"), wantCode: 401},
		"a pod that claims a batch of old":     {status: vouched("forged", "p2"), wantCode: 410},
		"a pod of a batch that nobody made":    {status: vouched("astray", "p3"), wantCode: 403},
		"a pod of a job that is not podtest's": {status: vouched("jobber", "p5"), wantCode: 403},
		"a pod of its own":                     {status: vouched("plain", "p6"), wantCode: 403},
		"an API server that is away":           {err: errors.New("away"), wantCode: 503},
	} {
		t.Run(name, func(t *testing.T) {
			c := reviewing(tt.status, tt.err)
			got, err := NewAuthenticator(c, c).Authenticate(context.Background(), "token")
			if tt.wantCode == 0 && err != nil {
				t.Fatal(err)
			}
			if err != nil && codeOf(err) != tt.wantCode {
				t.Errorf("refused with %d (%v), want %d", codeOf(err), err, tt.wantCode)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// counting answers in turn, and counts.
type counting struct {
	asked int
	err   error
}

func (c *counting) Authenticate(context.Context, string) (Caller, error) {
	c.asked++
	return Caller{Batch: "w0"}, c.err
}

func TestAnAnswerAboutATokenHoldsForAMinute(t *testing.T) {
	for name, tt := range map[string]struct {
		err       error
		after     time.Duration
		wantAsked int
	}{
		"a good one is remembered":               {nil, 59 * time.Second, 1},
		"a good one is not remembered for ever":  {nil, time.Minute, 2},
		"a refusal is remembered for less":       {unauthorized("no"), 11 * time.Second, 2},
		"a refusal is remembered":                {unauthorized("no"), 9 * time.Second, 1},
		"what could not be found out is not one": {errors.New("away"), 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			ask := &counting{err: tt.err}
			tokens := remember(ask, func() time.Time { return now })
			for range 2 {
				if _, err := tokens.Authenticate(context.Background(), "x"); !errors.Is(err, tt.err) {
					t.Errorf("got %v", err)
				}
				now = now.Add(tt.after)
			}
			if ask.asked != tt.wantAsked {
				t.Errorf("asked %d times, want %d", ask.asked, tt.wantAsked)
			}
		})
	}
}

func TestAPodThatAsksWithoutEndIsSlowedDown(t *testing.T) {
	now := time.Unix(1000, 0)
	tokens := remember(&counting{}, func() time.Time { return now })
	refused := 0
	for range 2 * requestsBurst {
		if _, err := tokens.Authenticate(context.Background(), "x"); err != nil && codeOf(err) == 429 {
			refused++
		}
	}
	if refused != requestsBurst {
		t.Errorf("%d of %d were refused", refused, 2*requestsBurst)
	}
	if _, err := tokens.Authenticate(context.Background(), "y"); err != nil {
		t.Errorf("another pod was refused for it: %v", err)
	}
}
