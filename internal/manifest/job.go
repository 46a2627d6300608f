package manifest

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

// listMargin is what a listing Job may take beyond the two timeouts of its run: the manager may be away just then.
const listMargin = 2 * time.Minute

// exitTerminated is what the runner ends with when its pod is deleted: that is not the listing's fault.
const exitTerminated = 128 + 15

// ListJob is the Job that lists the tests of a run. A failure of the listing ends it at once; a pod that the
// infrastructure took away is replaced.
func ListJob(run *v1alpha1.TestRun, c Collector) *batchv1.Job {
	name := JobName(run.Name)
	meta := templateMeta(run, v1alpha1.PhaseList, name)
	wait := StartTimeout(run) + ListTimeout(run) + listMargin
	test := run.Spec.Template.Spec.Containers[v1alpha1.TestContainer(&run.Spec.Template.Spec)].Name
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name:            name,
			Namespace:       run.Namespace,
			Labels:          Labels(run),
			OwnerReferences: []metav1.OwnerReference{OwnedBy(run)},
		},
		Spec: batchv1.JobSpec{
			BackoffLimit:          new(InfraRetries(run)),
			ActiveDeadlineSeconds: new(int64(wait.Seconds())),
			PodReplacementPolicy:  ptr.To(batchv1.Failed),
			PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
				{
					Action: batchv1.PodFailurePolicyActionIgnore,
					OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
						{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue},
					},
				},
				{
					Action: batchv1.PodFailurePolicyActionFailJob,
					OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
						ContainerName: new(test),
						Operator:      batchv1.PodFailurePolicyOnExitCodesOpNotIn,
						Values:        []int32{0, exitTerminated},
					},
				},
			}},
			Template: corev1.PodTemplateSpec{ObjectMeta: meta, Spec: podSpec(run, "list", name, c)},
		},
	}
}

// Batch is the TestBatch of a worker.
func Batch(run *v1alpha1.TestRun, index int, class settings.Class, tests []uint32) *v1alpha1.TestBatch {
	b := &v1alpha1.TestBatch{
		ObjectMeta: metav1.ObjectMeta{
			Name:            BatchName(run.Name, index),
			Namespace:       run.Namespace,
			Labels:          Labels(run),
			OwnerReferences: []metav1.OwnerReference{OwnedBy(run)},
		},
		Spec: v1alpha1.TestBatchSpec{Run: Ref(run), Index: int32(index), Class: class.Name, Shape: class.Shape},
	}
	for _, o := range tests {
		b.Spec.Tests = append(b.Spec.Tests, int64(o))
	}
	return b
}
