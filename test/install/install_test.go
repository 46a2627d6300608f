// Package install_test installs podtest through a real API server, whose server-side apply no fake has.
package install_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/doctor"
	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/report/live"
)

// site is an API server, and what was said of each object.
type site struct {
	install.Cluster
	said []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Fatal("this test needs etcd and kube-apiserver, and KUBEBUILDER_ASSETS does not say where they are: run `make test`")
	}
	server := &envtest.Environment{}
	rest, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Errorf("stopping the API server: %v", err)
		}
	})
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.NewWithWatch(rest, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{}
	var lock sync.Mutex
	s.Cluster = install.Cluster{Client: c, Timeout: time.Minute, Say: func(object, done string) {
		lock.Lock()
		defer lock.Unlock()
		s.said = append(s.said, object+" "+done)
	}}
	ctx, stop := context.WithCancel(t.Context())
	var playing sync.WaitGroup
	playing.Go(func() { playDeploymentController(ctx, t, c) })
	t.Cleanup(func() { stop(); playing.Wait() })
	return s
}

// playDeploymentController makes each Deployment available at once.
func playDeploymentController(ctx context.Context, t *testing.T, c client.WithWatch) {
	w := live.Watcher{Client: c, List: &appsv1.DeploymentList{}, Object: &appsv1.Deployment{}}
	err := w.Run(ctx, func(ctx context.Context, s live.Seen) {
		d, ok := s.Object.(*appsv1.Deployment)
		if !ok || s.Gone || (install.Available(d) && d.DeletionTimestamp == nil) {
			return
		}
		d = d.DeepCopy()
		if d.DeletionTimestamp != nil { // its pods are gone
			d.Finalizers = nil
			if err := client.IgnoreNotFound(c.Update(ctx, d)); err != nil {
				t.Errorf("playing the garbage collector: %v", err)
			}
			return
		}
		n := *d.Spec.Replicas
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		if err := client.IgnoreNotFound(c.Status().Update(ctx, d)); err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "modified") {
			t.Errorf("playing the Deployment controller: %v", err)
		}
	})
	if err != nil && ctx.Err() == nil {
		t.Errorf("playing the Deployment controller: %v", err)
	}
}

func render(t *testing.T, o install.Options) install.Rendered {
	t.Helper()
	r, err := install.Render(config.Tree, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *site) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v\nsaid:\n%s", err, strings.Join(s.said, "\n"))
	}
}

func (s *site) find(t *testing.T, namespace string) *install.Installation {
	t.Helper()
	i, err := install.Find(t.Context(), s.Client, namespace)
	s.must(t, err)
	if i == nil {
		t.Fatalf("there is no podtest in namespace %s", namespace)
	}
	return i
}

func (s *site) exists(t *testing.T, o client.Object, namespace, name string) bool {
	t.Helper()
	err := s.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, o)
	s.must(t, client.IgnoreNotFound(err))
	return err == nil
}

func TestTheLifeOfAnInstallation(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	for _, name := range []string{"team-a", "team-b"} {
		s.must(t, s.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	}
	first := install.Options{Namespace: "tools", Settings: install.Settings{
		Image: "registry.example/podtest:v1", Replicas: new(int64(1)), Watch: []string{"team-a", "team-b"},
	}}

	t.Run("each object is created, and unchanged the second time", func(t *testing.T) {
		s.must(t, s.Install(ctx, render(t, first).Objects))
		for _, line := range s.said {
			if !strings.HasSuffix(line, " created") && !strings.HasSuffix(line, " available") {
				t.Errorf("said %q", line)
			}
		}
		s.said = nil
		s.must(t, s.Install(ctx, render(t, first).Objects))
		for _, line := range s.said {
			if !strings.HasSuffix(line, " unchanged") && !strings.HasSuffix(line, " available") {
				t.Errorf("said %q", line)
			}
		}
	})

	t.Run("the kinds in the cluster are those of this version, and a changed one is not", func(t *testing.T) {
		kinds := func() doctor.Level {
			var level doctor.Level
			doctor.Examine(ctx, doctor.Options{
				Client: s.Client, Namespace: "team-a", CRDs: render(t, install.Options{CRDsOnly: true}).Objects, Now: time.Now, NoPod: true,
				Server: func(context.Context) (doctor.Server, error) { return doctor.Server{Version: "v1.30.0"}, nil },
				Say: func(f doctor.Finding) {
					if f.Check == "kinds" {
						level = f.Level
					}
				},
			})
			return level
		}
		if level := kinds(); level != doctor.OK {
			t.Errorf("level %s", level)
		}
		crd := render(t, install.Options{CRDsOnly: true}).Objects[0]
		version := crd.Object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)
		version["additionalPrinterColumns"] = []any{}
		s.must(t, s.Install(ctx, []*unstructured.Unstructured{crd}))
		if level := kinds(); level != doctor.Warning {
			t.Errorf("level %s of a kind that was changed", level)
		}
	})

	t.Run("an upgrade keeps settings, and takes away what the scope has no longer", func(t *testing.T) {
		there := s.find(t, "tools")
		settings, notes, err := there.Upgraded(config.Tree, func(o *install.Settings) { o.Watch = []string{"team-a"} })
		s.must(t, err)
		if diff := cmp.Diff([]string{"this build of podtest has no version, so the image stays as it is: --image names another"}, notes); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		want := first.Settings
		want.Watch = []string{"team-a"}
		if diff := cmp.Diff(want, settings); diff != "" {
			t.Errorf("settings (-want +got):\n%s", diff)
		}
		s.must(t, s.Upgrade(ctx, there, render(t, install.Options{Namespace: "tools", Settings: settings})))
		if !s.exists(t, &rbacv1.Role{}, "team-a", "podtest-runs-tools") || s.exists(t, &rbacv1.Role{}, "team-b", "podtest-runs-tools") ||
			s.exists(t, &rbacv1.RoleBinding{}, "team-b", "podtest-runs-tools") {
			t.Errorf("said:\n%s", strings.Join(s.said, "\n"))
		}
		if diff := cmp.Diff(settings, s.find(t, "tools").Settings); diff != "" {
			t.Errorf("recorded (-want +got):\n%s", diff)
		}
	})

	t.Run("what others have set is not taken over unless told", func(t *testing.T) {
		d := s.find(t, "tools").Deployment
		d.ManagedFields = nil
		d.Spec.Replicas = new(int32(5))
		s.must(t, s.Client.Update(ctx, d, client.FieldOwner("autoscaler")))
		r := render(t, install.Options{Namespace: "tools", Settings: s.find(t, "tools").Settings})
		err := s.Install(ctx, r.Objects)
		if err == nil || !strings.Contains(err.Error(), `.spec.replicas: conflict with "autoscaler"`) || !strings.Contains(err.Error(), "--force-conflicts") {
			t.Errorf("error %v", err)
		}
		forced := s.Cluster
		forced.Force = true
		s.must(t, forced.Install(ctx, r.Objects))
	})

	t.Run("a dry run tells the difference and makes none", func(t *testing.T) {
		settings := s.find(t, "tools").Settings
		settings.Limits = map[string]string{"memory": "1Gi"}
		all, err := s.Differences(ctx, render(t, install.Options{Namespace: "tools", Settings: settings}).Objects)
		s.must(t, err)
		var changed []string
		for _, d := range all {
			if d.Text != "" {
				changed = append(changed, d.Object)
				if !strings.Contains(d.Text, "-            memory: 512Mi\n+            memory: 1Gi\n") {
					t.Errorf("diff:\n%s", d.Text)
				}
			}
		}
		if diff := cmp.Diff([]string{"Deployment tools/podtest-manager"}, changed); diff != "" {
			t.Errorf("changed (-want +got):\n%s", diff)
		}
	})

	t.Run("an older version, and one that does not know stored objects, is refused", func(t *testing.T) {
		r := render(t, install.Options{Namespace: "tools"})
		was := *s.find(t, "tools")
		was.Version = "v1.10.0"
		versions := r.Objects[1].Object["spec"].(map[string]any)["versions"].([]any)
		versions[0].(map[string]any)["name"] = "v1"
		why, err := s.Refusals(ctx, &was, "v1.9.0", r.Objects)
		s.must(t, err)
		want := []string{
			"version v1.10.0 is installed, and this podtest is v1.9.0: use one of v1.10.0 or later",
			"objects of " + r.Objects[1].GetName() + " are stored as version v1alpha1, which this podtest does not know: go by way of a version that knows both",
		}
		if diff := cmp.Diff(want, why); diff != "" {
			t.Errorf("refusals (-want +got):\n%s", diff)
		}
	})

	t.Run("a second installation has cluster-wide objects of its own, and goes alone", func(t *testing.T) {
		second := render(t, install.Options{Namespace: "other", Settings: install.Settings{Watch: []string{"team-b"}, SkipCRDs: true}})
		s.must(t, s.Install(ctx, second.Objects))
		all, err := install.All(ctx, s.Client)
		s.must(t, err)
		if len(all) != 2 || all[0].Overlap(all[1]) != "" {
			t.Errorf("installations %v", all)
		}
		s.must(t, s.Uninstall(ctx, second.Objects[1:], false)) // nobody here deletes a namespace
		s.must(t, s.DeleteLeftover(ctx, "other"))
		if !s.exists(t, &rbacv1.ClusterRole{}, "", "podtest-manager-tools") || s.exists(t, &rbacv1.ClusterRole{}, "", "podtest-manager-other") ||
			!s.exists(t, &rbacv1.ClusterRole{}, "", "podtest-viewer") {
			t.Errorf("said:\n%s", strings.Join(s.said, "\n"))
		}
	})
}

func TestTheImageOfAnUpgrade(t *testing.T) {
	released := fstest.MapFS{"default/kustomization.yaml": {Data: []byte(
		"images: [{name: podtest, newTag: v2}]\nlabels: [{pairs: {app.kubernetes.io/version: v2}}]\n")}}
	for name, c := range map[string]struct {
		was, told string
		want      string
		wantErr   string
	}{
		"has the tag of the version":           {was: "registry.example:5000/podtest:v1", want: "registry.example:5000/podtest:v2"},
		"is the one that is told":              {was: "registry.example/podtest:v1", told: "other.example/podtest:x", want: "other.example/podtest:x"},
		"is nobody's business if none was set": {},
		"cannot be known of a digest":          {was: "registry.example/podtest@sha256:ab", wantErr: "pinned by its digest"},
	} {
		t.Run(name, func(t *testing.T) {
			i := &install.Installation{Settings: install.Settings{Image: c.was}}
			s, _, err := i.Upgraded(released, func(s *install.Settings) { s.Image = c.told })
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("error %v, want %s", err, c.wantErr)
				}
				return
			}
			if err != nil || s.Image != c.want {
				t.Errorf("image %q, %v; want %q", s.Image, err, c.want)
			}
		})
	}
}
