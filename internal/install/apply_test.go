package install

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// made up objects in the order of a rendering, where the CRD is not the first.
func objects(ready bool) []*unstructured.Unstructured {
	made := func(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
		u.SetNamespace(namespace)
		u.SetName(name)
		u.SetLabels(map[string]string{labelPartOf: "podtest"})
		return u
	}
	crd := made("apiextensions.k8s.io/v1", kindCRD, "", "things.example")
	deployment := made("apps/v1", kindDeployment, "home", "manager")
	labels := map[string]any{"matchLabels": map[string]any{"a": "b"}}
	deployment.Object["spec"] = map[string]any{"replicas": int64(1), "selector": labels}
	if ready {
		// A cluster would say so by itself.
		crd.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Established", "status": "True"}}}
		deployment.Object["status"] = map[string]any{"replicas": int64(1), "updatedReplicas": int64(1), "availableReplicas": int64(1)}
	}
	return []*unstructured.Unstructured{
		made("v1", kindNamespace, "", "home"), crd, made("v1", "Service", "home", "collector"), deployment,
	}
}

// site is a made-up cluster, and what was done there in order.
type site struct {
	Cluster
	done []string
}

func newSite(t *testing.T, there ...client.Object) *site {
	t.Helper()
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	site := &site{}
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	b := fake.NewClientBuilder().WithScheme(s).WithObjects(there...)
	for _, o := range objects(false) {
		if gvk := o.GroupVersionKind(); gvk.Kind == kindCRD {
			s.AddKnownTypeWithName(gvk, &unstructured.Unstructured{})
			s.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), &unstructured.UnstructuredList{})
		}
		b = b.WithIndex(o, "metadata.name", byName)
	}
	note := func(what, kind string) { site.done = append(site.done, what+" "+kind) }
	b = b.WithInterceptorFuncs(interceptor.Funcs{
		// The fake's Apply wants schemas, which is not what is tested here.
		Apply: func(ctx context.Context, c client.WithWatch, ac runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
			u := &unstructured.Unstructured{Object: ac.(interface{ UnstructuredContent() map[string]any }).UnstructuredContent()}
			note("apply", u.GetKind())
			return client.IgnoreAlreadyExists(c.Create(ctx, u))
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			note("delete", o.GetObjectKind().GroupVersionKind().Kind)
			return c.Delete(ctx, o, opts...)
		},
	})
	site.Cluster = Cluster{Client: b.Build(), Say: func(string, string) {}, Timeout: 5 * time.Second}
	return site
}

func TestInstallAppliesCRDsFirst(t *testing.T) {
	s := newSite(t)
	if err := s.Install(t.Context(), objects(true)); err != nil {
		t.Fatal(err)
	}
	want := []string{"apply CustomResourceDefinition", "apply Namespace", "apply Service", "apply Deployment"}
	if diff := cmp.Diff(want, s.done); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

func TestUninstallGoesBackwards(t *testing.T) {
	for name, c := range map[string]struct {
		crds bool
		want []string
	}{
		"and leaves the CRDs": {false, []string{"delete Deployment", "delete Service", "delete Namespace"}},
		"CRDs first if at all, while a manager is there": {
			true, []string{"delete CustomResourceDefinition", "delete Deployment", "delete Service", "delete Namespace"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			if err := s.Install(t.Context(), objects(true)); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time nothing is there
				s.done = nil
				if err := s.Uninstall(t.Context(), objects(true), c.crds); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, s.done[:min(len(c.want), len(s.done))]); diff != "" {
					t.Errorf("done (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestNamespaceOfOthersIsLeftAlone(t *testing.T) {
	s := newSite(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "home", Labels: map[string]string{"team": "a"}}})
	if err := s.Install(t.Context(), objects(true)); err != nil {
		t.Fatal(err)
	}
	if err := s.Uninstall(t.Context(), objects(true), true); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(s.done, ", "); strings.Contains(all, kindNamespace) {
		t.Errorf("done: %s", all)
	}
}

func TestInstallSaysWhatItWaitedForInVain(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "home", Name: "manager-1", Labels: map[string]string{"a": "b"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "manager", State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "no such image"},
	}}}
	s := newSite(t, pod)
	s.Timeout = 50 * time.Millisecond
	all := objects(true)
	delete(all[3].Object, "status")
	err := s.Install(t.Context(), all)
	want := "Deployment home/manager did not become available within 50ms\n" +
		"pod manager-1: container manager: ErrImagePull: no such image\n" +
		"check --image, --image-pull-secret and --image-pull-policy\n" +
		"see `kubectl --namespace home describe pods`"
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
