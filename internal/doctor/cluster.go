package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// leastVersion has sidecar containers.
var leastVersion = version.MustParseGeneric("1.29")

// maxSkew is how far clocks may be apart before times in reports mislead.
const maxSkew = 5 * time.Second

func (e *examination) cluster(ctx context.Context) []Finding {
	s, err := e.Server(ctx)
	if err != nil {
		return []Finding{failed("check that the cluster is up, and --kubeconfig and --context", "%s", err)}
	}
	v, err := version.ParseGeneric(s.Version)
	switch {
	case err != nil:
		return []Finding{warning("", "reached, of unknown version %q", s.Version)}
	case v.LessThan(leastVersion):
		return []Finding{failed("use a cluster of Kubernetes 1.29 or later: workers need sidecar containers",
			"Kubernetes %s is too old", s.Version)}
	}
	return ok("reached, Kubernetes %s", s.Version)
}

func (e *examination) clock(ctx context.Context) []Finding {
	s, err := e.Server(ctx)
	if err != nil || s.Time.IsZero() {
		return []Finding{warning("", "the API server does not tell its time")}
	}
	// The server tells whole seconds.
	skew := s.Asked.Sub(s.Time.Add(time.Second / 2)).Round(time.Second)
	if skew.Abs() > maxSkew {
		return []Finding{warning("set the clock of this machine: ages and times that podtest shows are off by that",
			"this machine's clock is %s off the API server's", skew.Abs())}
	}
	return ok("no skew between this machine and the API server")
}

func (e *examination) kinds(ctx context.Context) []Finding {
	var findings []Finding
	for _, crd := range e.CRDs {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(crd.GroupVersionKind())
		err := e.Client.Get(ctx, client.ObjectKeyFromObject(crd), live)
		switch {
		case apierrors.IsNotFound(err):
			findings = append(findings, failed("`podtest install` puts it there", "%s is not there", crd.GetName()))
		case err != nil:
			return unknown(err)
		case !established(live):
			findings = append(findings, failed("see `kubectl describe crd "+crd.GetName()+"`", "%s is not established",
				crd.GetName()))
		default:
			same, err := sameSchema(crd, live)
			if err != nil {
				return unknown(err)
			}
			if !same {
				findings = append(findings, warning("`podtest upgrade`, or use the podtest that it is of",
					"%s is of another version than this podtest", crd.GetName()))
			}
		}
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("all %d are there, of this version", len(e.CRDs))
}

func established(crd *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Established" {
			return c["status"] == "True"
		}
	}
	return false
}

// sameSchema compares what the versions of two CRDs say, as JSON.
func sameSchema(a, b *unstructured.Unstructured) (bool, error) {
	var texts [2][]byte
	for i, crd := range []*unstructured.Unstructured{a, b} {
		versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
		if err != nil {
			return false, fmt.Errorf("reading %s: %w", crd.GetName(), err)
		}
		if texts[i], err = json.Marshal(versions); err != nil {
			return false, fmt.Errorf("reading %s: %w", crd.GetName(), err)
		}
	}
	return bytes.Equal(texts[0], texts[1]), nil
}

// first is the first line of a text.
func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
