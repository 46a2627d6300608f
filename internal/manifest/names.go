// Package manifest makes the Kubernetes objects of a run (listing Job, worker Pod, TestBatch) and reads what their
// state means. It knows Kubernetes' types and has no client: everything here is a function of its arguments.
package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// JobName is the name of a run's listing Job.
func JobName(run string) string { return run + "-list" }

// BatchName is the name of a run's batch, and of its worker pod. It is a function of the index, so that a
// create that is repeated after a crash meets the first one.
func BatchName(run string, index int) string { return fmt.Sprintf("%s-w%05d", run, index) }

// maxLabel is the longest value of a label (RFC 1123).
const maxLabel = 63

// labelValue is s as a label value: s itself, or its beginning and a hash of all of it.
func labelValue(s string) string {
	if len(s) <= maxLabel {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return s[:maxLabel-11] + "-" + hex.EncodeToString(sum[:])[:10]
}

// Labels are the labels of what belongs to a run.
func Labels(run *v1alpha1.TestRun) map[string]string {
	return map[string]string{
		"app.kubernetes.io/managed-by": "podtest",
		v1alpha1.LabelRun:              labelValue(run.Name),
		v1alpha1.LabelRunUID:           string(run.UID),
	}
}

// OwnedBy is the controller reference to a run.
func OwnedBy(run *v1alpha1.TestRun) metav1.OwnerReference {
	return *metav1.NewControllerRef(run, v1alpha1.GroupVersion.WithKind("TestRun"))
}

// Ref tells a run in the objects that belong to it.
func Ref(run *v1alpha1.TestRun) v1alpha1.RunRef {
	return v1alpha1.RunRef{Name: run.Name, UID: run.UID}
}
