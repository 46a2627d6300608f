package compose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatManifestsMayHold(t *testing.T) {
	const run, profile = "{apiVersion: podtest.dev/v1alpha1, kind: TestRun, metadata: {name: a}}",
		"{apiVersion: podtest.dev/v1alpha1, kind: TestProfile, metadata: {name: p}}"
	for name, c := range map[string]struct {
		text    string
		want    []string
		wantErr string
	}{
		"several documents, and some that are empty": {
			text: "# a comment\n---\n" + run + "\n---\n---\n" + profile + "\n", want: []string{"TestRun a", "TestProfile p"},
		},
		"JSON": {text: `{"apiVersion":"podtest.dev/v1alpha1","kind":"TestRun","metadata":{"generateName":"a-"}}`, want: []string{"TestRun a-*"}},
		"a List": {
			text: "{apiVersion: v1, kind: List, items: [" + run + ", " + profile + "]}", want: []string{"TestRun a", "TestProfile p"},
		},
		"what kubectl get prints": {
			text: "{apiVersion: podtest.dev/v1alpha1, kind: TestRunList, items: [" + run + "]}", want: []string{"TestRun a"},
		},
		"nothing": {text: "---\n"},
		"another kind": {
			text:    run + "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}",
			wantErr: "m.yaml, document 2: it is a v1 ConfigMap: podtest creates TestRuns and TestProfiles; apply it with kubectl",
		},
		"another kind in a List": {
			text:    "{apiVersion: v1, kind: List, items: [" + run + ", {apiVersion: v1, kind: Pod}]}",
			wantErr: "m.yaml, document 1, item 2: it is a v1 Pod: podtest creates TestRuns and TestProfiles; apply it with kubectl",
		},
		"another kind, without its API version": {
			text:    "{kind: Foo}",
			wantErr: "m.yaml, document 1: it is a Foo: podtest creates TestRuns and TestProfiles; apply it with kubectl",
		},
		"a kustomization": {
			text:    "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}",
			wantErr: "m.yaml, document 1: it is a Kustomization: give its folder with -k",
		},
		"another version": {
			text:    "{apiVersion: podtest.dev/v9, kind: TestRun}",
			wantErr: `m.yaml, document 1: it is a TestRun of "podtest.dev/v9": this version of podtest knows those of podtest.dev/v1alpha1`,
		},
		"no kind": {
			text:    "{a: b}",
			wantErr: "m.yaml, document 1: it has no kind: want apiVersion podtest.dev/v1alpha1 and kind TestRun or TestProfile",
		},
		"no object": {
			text: "- a", wantErr: "m.yaml, document 1: it is no Kubernetes object: want apiVersion, kind, metadata and spec",
		},
		"a profile without a name": {
			text:    "{apiVersion: podtest.dev/v1alpha1, kind: TestProfile}",
			wantErr: "m.yaml, document 1: the TestProfile has no name: set metadata.name",
		},
	} {
		t.Run(name, func(t *testing.T) {
			documents, err := Read("m.yaml", strings.NewReader(c.text))
			if message := said(err); message != c.wantErr {
				t.Fatalf("error %q\nwant  %q", message, c.wantErr)
			}
			var got []string
			for _, d := range documents {
				got = append(got, Name(d.Object))
			}
			if err == nil && cmp.Diff(c.want, got) != "" {
				t.Errorf("documents %q, want %q", got, c.want)
			}
		})
	}
}

func TestATypedSetHasTheDefaults(t *testing.T) {
	set := &Set{}
	set.Add(document(t, manifest+"spec: {slowTimeout: {terminateAfter: 2}, suites: [{name: s, exec: {list: {command: [/l]}}}]}"))
	set.Add(document(t, "{apiVersion: podtest.dev/v1alpha1, kind: TestProfile, metadata: {name: p}, spec: {retries: {count: 1}}}"))
	runs, profiles, err := set.Typed()
	if err != nil {
		t.Fatal(err)
	}
	spec := runs[0].Spec
	if spec.Parallelism != 1 || spec.Worker.Slots != 1 || *spec.InfraRetries != 3 || spec.RunIgnored != "Default" {
		t.Errorf("the spec: %+v", spec)
	}
	if spec.SlowTimeout.Period.Seconds() != 60 || spec.Suites[0].Exec.List.Format != "Lines" {
		t.Errorf("what is inside: %+v, %+v", spec.SlowTimeout, spec.Suites[0].Exec)
	}
	if profiles[0].Spec.Retries.Count != 1 || profiles[0].Spec.SlowTimeout != nil {
		t.Errorf("the profile: %+v", profiles[0].Spec)
	}
}

func TestATypedSetHasNoUnknownField(t *testing.T) {
	set := &Set{}
	set.Add(document(t, manifest+"spec: {retires: {count: 1}}"))
	_, _, err := set.Typed()
	want := `run.yaml, document 1: TestRun shop: strict decoding error: unknown field "spec.retires"`
	if diff := cmp.Diff(want, said(err)); diff != "" {
		t.Error(diff)
	}
}
