//go:build e2e

package examples

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/test/health"
)

// A Job with podtest's own image, a service account and no more rights than the example gives.
func TestPodtestInAPodOfTheCluster(t *testing.T) {
	each(t, func(t *testing.T, p *place, e ending) {
		manager := &appsv1.Deployment{}
		must(t, cluster.Get(t.Context(), client.ObjectKey{Namespace: "podtest-system", Name: "podtest-manager"}, manager))
		own := manager.Spec.Template.Spec.Containers[0].Image
		p.set("IMAGE", image)
		if code, out := p.run("bash", "-c", `sed "s|\$IMAGE|$IMAGE|" testrun.yaml > filled.yaml`); code != 0 {
			t.Fatal(out)
		}
		p.kubectl("create", "configmap", "checkout-tests", "--from-file=testrun.yaml=filled.yaml")
		objects := strings.ReplaceAll(example(t, "in-cluster.yaml"), "registry.example/podtest:v1", own)
		p.write("in-cluster.yaml", objects)
		p.kubectl("create", "-f", "in-cluster.yaml")
		job := &batchv1.Job{}
		eventually(t, "the Job to end", func(ctx context.Context) (bool, error) {
			err := cluster.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: "checkout-tests"}, job)
			return job.Status.Succeeded+job.Status.Failed > 0, err
		})
		var pods corev1.PodList
		must(t, cluster.List(t.Context(), &pods, client.InNamespace(p.namespace), client.MatchingLabels{"job-name": job.Name}))
		if len(pods.Items) != 1 {
			t.Fatalf("%d pods", len(pods.Items))
		}
		out := p.kubectl("logs", "job/checkout-tests")
		ended := pods.Items[0].Status.ContainerStatuses[0].State.Terminated
		if ended == nil || int(ended.ExitCode) != e.code {
			t.Errorf("podtest ended with %+v, want %d:\n%s", ended, e.code, out)
		}
		if want := fmt.Sprintf("%s [exit %d]", e.result, e.code); !strings.Contains(out, want) {
			t.Errorf("no %q in its log:\n%s", want, out)
		}
		if n := strings.Count(out, " FAIL ["); n < e.failed || strings.Contains(out, "INCOMPLETE") {
			t.Errorf("%d failed tests are told of, want %d and all details:\n%s", n, e.failed, out)
		}
	})
}

// reading is what the tools make of a run at a moment.
type reading struct{ kstatus, flux, argoCD, argoWorkflows string }

var (
	underway = reading{"InProgress", "InProgress", "Progressing", "Running"}
	well     = reading{"Current", "Current", "Healthy", "Succeeded"}
	badly    = reading{"Failed", "Failed", "Degraded", "Failed"}
)

func readingOf(t *testing.T, run *unstructured.Unstructured) reading {
	t.Helper()
	script, err := health.ArgoCDScript(tree)
	must(t, err)
	expressions, err := health.FluxHealth(tree)
	must(t, err)
	success, failure, err := health.ArgoConditions(tree)
	must(t, err)
	var r reading
	k, err := health.Kstatus(run)
	must(t, err)
	f, err := health.Flux(expressions, run)
	must(t, err)
	r.kstatus, r.flux = k.String(), f.String()
	r.argoCD, _, err = health.ArgoCD(script, run)
	must(t, err)
	r.argoWorkflows, err = health.ArgoWorkflows(success, failure, run)
	must(t, err)
	return r
}

// workflowRun is the TestRun that the example's workflow makes, with the suite and the image of an ending.
func workflowRun(t *testing.T, e ending) string {
	t.Helper()
	w, err := health.ArgoWorkflow(tree)
	must(t, err)
	text := strings.ReplaceAll(w.Spec.Templates[0].Resource.Manifest, "{{workflow.parameters.image}}", image)
	run := &v1alpha1.TestRun{}
	own := &v1alpha1.TestRun{}
	unmarshal(t, text, run)
	unmarshal(t, e.manifest(), own)
	run.Spec.Suites = own.Spec.Suites
	var object map[string]any
	filled, err := json.Marshal(run)
	must(t, err)
	must(t, json.Unmarshal(filled, &object))
	delete(object, "status")
	filled, err = json.Marshal(object)
	must(t, err)
	return string(filled)
}

// At every moment from its creation to its end no tool takes a run for ended that goes on; at the end all of them know.
func TestToolsReadALiveRunAtEveryMoment(t *testing.T) {
	each(t, func(t *testing.T, p *place, e ending) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TestRunList"))
		watching, err := cluster.Watch(t.Context(), list, client.InNamespace(p.namespace))
		must(t, err)
		defer watching.Stop()
		p.write("run.json", workflowRun(t, e))
		p.kubectl("create", "-f", "run.json", "-o", "json") // as Argo Workflows does
		seen := 0
		for event := range watching.ResultChan() {
			run, ok := event.Object.(*unstructured.Unstructured)
			if !ok || event.Type == watch.Deleted {
				t.Fatalf("the watch says %s %v", event.Type, event.Object)
			}
			seen++
			want := underway
			if complete(t, run) {
				want = badly
				if e.result == v1alpha1.ResultPassed {
					want = well
				}
			}
			if got := readingOf(t, run); got != want {
				text, _ := json.MarshalIndent(run.Object["status"], "", " ")
				t.Errorf("the run is read as %+v, want %+v:\n%s", got, want, text)
			}
			if want != underway {
				break
			}
		}
		if seen < 3 {
			t.Errorf("the run was seen %d times: at its creation, at its end and not between", seen)
		}
		w, err := health.ArgoWorkflow(tree)
		must(t, err)
		for _, o := range w.Spec.Templates[0].Outputs.Parameters {
			got := p.kubectl("get", "testrun", p.theRun().Name, "-o", "jsonpath="+o.ValueFrom.JSONPath)
			if got == "" || o.Name == "result" && got != string(e.result) {
				t.Errorf("output %s is %q", o.Name, got)
			}
		}
	})
}

func TestASuspendedRunIsReadAsThat(t *testing.T) {
	p := newPlace(t, endings["passes"])
	p.write("run.json", strings.Replace(workflowRun(t, endings["passes"]), `"spec":{`, `"spec":{"suspend":true,`, 1))
	p.kubectl("create", "-f", "run.json")
	p.kubectl("wait", "testruns", "--all", "--for=condition=Suspended", "--timeout=1m")
	run := &unstructured.Unstructured{}
	run.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TestRun"))
	key := client.ObjectKeyFromObject(p.theRun())
	must(t, cluster.Get(t.Context(), key, run))
	if got, want := readingOf(t, run), (reading{"InProgress", "InProgress", "Suspended", "Running"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	// What changes afterwards is observed, also when all has ended: else kstatus would wait for ever.
	for _, patch := range []string{`{"spec":{"suspend":false}}`, `{"spec":{"ttlSecondsAfterFinished":86400}}`} {
		p.kubectl("patch", "testrun", key.Name, "--type", "merge", "-p", patch)
		eventually(t, "the run to be read as passed", func(ctx context.Context) (bool, error) {
			err := cluster.Get(ctx, key, run)
			return err == nil && readingOf(t, run) == well, err
		})
	}
}

func TestKubectlWait(t *testing.T) {
	each(t, func(t *testing.T, p *place, e ending) {
		p.write("run.json", workflowRun(t, e))
		name := strings.TrimSpace(p.kubectl("create", "-f", "run.json", "-o", "name"))
		p.kubectl("wait", name, "--for=jsonpath={.status.completionTime}", "--timeout=4m")
		p.kubectl("wait", name, "--for=condition=Complete", "--timeout=1m")
		p.kubectl("wait", name, "--for=jsonpath={.status.result}="+string(e.result), "--timeout=1m")
		if code, out := p.run("kubectl", "-n", p.namespace, "wait", name, "--for=condition=Succeeded", "--timeout=1s"); (code == 0) != (e.code == 0) {
			t.Errorf("waiting for Succeeded: exit code %d\n%s", code, out)
		}
		if got := p.kubectl("get", name, "-o", "jsonpath={.status.exitCode}"); got != fmt.Sprint(e.code) {
			t.Errorf("exit code %s", got)
		}
	})
}

// What stands beside the examples is a TestRun that the API takes.
func TestTheManifestOfTheExamplesIsOne(t *testing.T) {
	p := newPlace(t, ending{})
	p.write("testrun.yaml", strings.ReplaceAll(example(t, "testrun.yaml"), "$IMAGE", "registry.example/checkout-tests:1"))
	p.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "testrun.yaml")
}

func complete(t *testing.T, run *unstructured.Unstructured) bool {
	t.Helper()
	conditions, _, err := unstructured.NestedSlice(run.Object, "status", "conditions")
	must(t, err)
	for _, c := range conditions {
		condition := c.(map[string]any)
		if condition["type"] == v1alpha1.ConditionComplete && condition["status"] == string(metav1.ConditionTrue) {
			return true
		}
	}
	return false
}
