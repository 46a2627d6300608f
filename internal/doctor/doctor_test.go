package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/wire"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a cluster in which all is well, until a test changes it.
type world struct {
	objects []client.Object
	options Options
	server  Server
	down    error
	denied  string          // a resource that the user has no right to
	refuse  map[string]bool // names of objects that admission refuses
	probe   wire.Probe
}

func deployment(namespace string, replicas int32) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "podtest-manager", Labels: map[string]string{
			"app.kubernetes.io/part-of": "podtest", "app.kubernetes.io/version": "v1",
		}},
		Spec:   appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}},
		Status: appsv1.DeploymentStatus{Replicas: replicas, UpdatedReplicas: replicas, AvailableReplicas: replicas},
	}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "manager", Image: "podtest:v1"}}
	return d
}

func kind() *unstructured.Unstructured {
	crd := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "things.podtest.dev"},
		"spec": map[string]any{"versions": []any{map[string]any{"name": "v1"}}},
	}}
	return crd
}

func wellWorld() *world {
	there := kind()
	there.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Established", "status": "True"}}}
	leader := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "podtest-system", Name: "podtest-manager-1", Labels: map[string]string{
			v1alpha1.LabelLeader: "true", "a": "b",
		}, Annotations: map[string]string{"podtest.dev/version": "v1"}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	endpoints := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "podtest-system", Name: "x", Labels: map[string]string{discoveryv1.LabelServiceName: "podtest-collector"}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}}},
	}
	return &world{
		objects: []client.Object{
			there, leader, endpoints, deployment("podtest-system", 2),
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ci"}},
			&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "podtest-system", Name: "podtest-collector"}, Spec: corev1.ServiceSpec{ClusterIP: "10.96.0.9"}},
			&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "podtest-system", Name: "podtest-collector-tls"}, Data: map[string][]byte{"ca.crt": []byte("CA")}},
		},
		options: Options{Namespace: "ci", CRDs: []*unstructured.Unstructured{kind()}, Version: "v1", Patience: time.Minute},
		server:  Server{Version: "v1.34.1+k3s1", Time: now, Asked: now},
		probe:   wire.Probe{Checked: true, Milliseconds: 7},
		refuse:  map[string]bool{},
	}
}

// without takes an object away.
func (w *world) without(name string) {
	var left []client.Object
	for _, o := range w.objects {
		if o.GetName() != name {
			left = append(left, o)
		}
	}
	w.objects = left
}

func (w *world) cluster(t *testing.T) client.WithWatch {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	crd := kind().GroupVersionKind()
	s.AddKnownTypeWithName(crd, &unstructured.Unstructured{})
	s.AddKnownTypeWithName(crd.GroupVersion().WithKind(crd.Kind+"List"), &unstructured.UnstructuredList{})
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	create := func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		switch o := o.(type) {
		case *authorizationv1.SelfSubjectAccessReview:
			o.Status.Allowed = o.Spec.ResourceAttributes.Resource+"/"+o.Spec.ResourceAttributes.Subresource != w.denied
			return nil
		case *corev1.Pod:
			dry := (&client.CreateOptions{}).ApplyOptions(opts).DryRun != nil
			plain := o.Spec.Containers[0].SecurityContext == nil
			if w.refuse["pods"] || plain && w.refuse["plain"] {
				return errors.New("no such pods here")
			}
			if !dry {
				text, err := json.Marshal(w.probe)
				if err != nil {
					return err
				}
				o.Name = o.GenerateName + "1"
				o.Status.Phase = corev1.PodSucceeded
				o.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: string(text)}}}}
			}
		}
		return c.Create(ctx, o, opts...)
	}
	return fake.NewClientBuilder().WithScheme(s).WithObjects(w.objects...).WithIndex(&corev1.Pod{}, "metadata.name", byName).
		WithInterceptorFuncs(interceptor.Funcs{Create: create}).Build()
}

// examine is what is found, a line a finding.
func (w *world) examine(t *testing.T) (string, Level, client.WithWatch) {
	var b strings.Builder
	o := w.options
	o.Client, o.Now = w.cluster(t), func() time.Time { return now }
	o.Server = func(context.Context) (Server, error) { return w.server, w.down }
	o.Say = func(f Finding) {
		fmt.Fprintf(&b, "%-8s %s: %s\n", f.Level, f.Check, f.Message)
		if f.Todo != "" {
			fmt.Fprintf(&b, "%-8s -> %s\n", "", f.Todo)
		}
	}
	level := Examine(t.Context(), o)
	return b.String(), level, o.Client
}

func run(name string, age time.Duration, conditions ...metav1.Condition) *v1alpha1.TestRun {
	r := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age))}}
	r.Status.Conditions = conditions
	r.Status.StartTime = &r.CreationTimestamp
	return r
}

func TestWhatIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		want   Level
	}{
		"well":                {func(*world) {}, OK},
		"no cluster":          {func(w *world) { w.down = errors.New("connection refused") }, Failed},
		"an old cluster":      {func(w *world) { w.server.Version = "v1.28.9" }, Failed},
		"a clock that is off": {func(w *world) { w.server.Asked = now.Add(3 * time.Minute) }, Warning},
		"not installed":       {func(w *world) { w.without("podtest-manager"); w.without("things.podtest.dev") }, Failed},
		"another version": {func(w *world) {
			w.options.Version = "v2"
			w.options.CRDs[0].Object["spec"] = map[string]any{"versions": []any{map[string]any{"name": "v1", "served": true}}}
		}, Warning},
		"managers that do not start": {func(w *world) {
			w.without("podtest-manager")
			w.without("podtest-manager-1")
			d := deployment("podtest-system", 1)
			d.Status = appsv1.DeploymentStatus{}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "podtest-system", Name: "m", Labels: map[string]string{"a": "b"}}}
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "manager", State: corev1.ContainerState{
				Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "no such image"},
			}}}
			w.objects = append(w.objects, d, pod)
		}, Failed},
		"two that look after the same": {func(w *world) { w.objects = append(w.objects, deployment("other", 1)) }, Warning},
		"a service without endpoint":   {func(w *world) { w.without("x") }, Failed},
		"rights that miss":             {func(w *world) { w.denied = "testruns/" }, Failed},
		"no live output":               {func(w *world) { w.denied = "pods/exec" }, Warning},
		"no namespace":                 {func(w *world) { w.without("ci") }, Failed},
		"pods that are refused":        {func(w *world) { w.refuse["pods"] = true }, Failed},
		"templates that must say more": {func(w *world) { w.refuse["plain"] = true }, Warning},
		"quotas": {func(w *world) {
			hard := func(list map[corev1.ResourceName]string) corev1.ResourceList {
				out := corev1.ResourceList{}
				for k, v := range list {
					out[k] = resource.MustParse(v)
				}
				return out
			}
			w.objects = append(w.objects,
				&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "few"}, Status: corev1.ResourceQuotaStatus{
					Hard: hard(map[corev1.ResourceName]string{"pods": "2"}), Used: hard(map[corev1.ResourceName]string{"pods": "2"}),
				}},
				&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "limits"}, Status: corev1.ResourceQuotaStatus{
					Hard: hard(map[corev1.ResourceName]string{"limits.memory": "2Gi"}), Used: hard(map[corev1.ResourceName]string{"limits.memory": "1Gi"}),
				}})
		}, Failed},
		"network policies": {func(w *world) {
			for namespace, kind := range map[string]networkingv1.PolicyType{"ci": "Egress", "podtest-system": "Ingress"} {
				w.objects = append(w.objects, &networkingv1.NetworkPolicy{
					ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "deny"},
					Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{kind}},
				})
			}
		}, Warning},
		"a collector that is not reached": {func(w *world) { w.probe = wire.Probe{Error: "dial tcp: i/o timeout"} }, Failed},
		"a collector that is not known":   {func(w *world) { w.probe = wire.Probe{Error: "x509: certificate signed by unknown authority"} }, Failed},
		"a certificate that is not read":  {func(w *world) { w.probe.Checked = false }, Warning},
		"no pod":                          {func(w *world) { w.options.NoPod = true }, OK},
		"runs that are stuck": {func(w *world) {
			going := func(reason, message string) metav1.Condition {
				return metav1.Condition{
					Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue, Reason: reason, Message: message,
					LastTransitionTime: metav1.NewTime(now.Add(-time.Hour)),
				}
			}
			w.objects = append(w.objects,
				run("long", time.Hour, going(v1alpha1.ReasonRunning, "tests are running")),
				run("young", time.Minute, going(v1alpha1.ReasonImagePull, "waiting: no such image")),
				run("old", time.Hour, going(v1alpha1.ReasonImagePull, "waiting: no such image\nmore")),
				run("unseen", 2*time.Minute), run("new", time.Second),
				run("done", time.Hour, metav1.Condition{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue}))
		}, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			w := wellWorld()
			c.change(w)
			text, level, cluster := w.examine(t)
			if level != c.want {
				t.Errorf("%s, want %s", level, c.want)
			}
			goldentest.Compare(t, filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt"), []byte(text))
			var pods corev1.PodList
			if err := cluster.List(t.Context(), &pods, client.InNamespace("ci")); err != nil || len(pods.Items) > 0 {
				t.Errorf("%d pods are left, %v", len(pods.Items), err)
			}
		})
	}
}
