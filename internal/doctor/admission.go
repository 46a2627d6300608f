package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/settings"
)

// prefix of the names of whatever the doctor asks for.
const prefix = "podtest-doctor-"

// labelEnforce is the namespace's Pod Security level.
const labelEnforce = "pod-security.kubernetes.io/enforce"

func (e *examination) podSecurity(ctx context.Context) []Finding {
	ns := &corev1.Namespace{}
	err := e.Client.Get(ctx, client.ObjectKey{Name: e.Namespace}, ns)
	switch {
	case apierrors.IsNotFound(err):
		return []Finding{failed("create it, or name another with --namespace", "there is no namespace %s", e.Namespace)}
	case err != nil:
		return unknown(err)
	}
	level := ns.Labels[labelEnforce]
	if level != "restricted" {
		return ok("namespace %s enforces %s; podtest's own containers pass any level", e.Namespace, orNone(level))
	}
	return ok("namespace %s enforces restricted: podtest's own containers pass, and templates need a securityContext "+
		"that does", e.Namespace)
}

func orNone(level string) string {
	if level == "" {
		return "no level"
	}
	return level
}

// restricted is what Pod Security wants of a container.
func restricted() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false), RunAsNonRoot: new(true), RunAsUser: ptr.To[int64](65532),
		ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// run is a TestRun as small as can be.
func (e *examination) run(security *corev1.SecurityContext) *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: e.Namespace, Name: prefix + "x", UID: types.UID("00000000-0000-0000-0000-000000000000"),
		},
		Spec: v1alpha1.TestRunSpec{
			Suites: []v1alpha1.Suite{{Name: "x", Go: &v1alpha1.BinariesHarness{Binaries: []string{"/x"}}}},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{
					Name: v1alpha1.ContainerTest, Image: e.is.Image(), SecurityContext: security,
					// A quota may want them; whether templates say them is for quota to tell.
					Resources: corev1.ResourceRequirements{Requests: few(), Limits: few()},
				}},
			}},
		},
	}
}

// worker is a pod as podtest makes them, without an owner: for a dry run only.
func (e *examination) worker(security *corev1.SecurityContext) *corev1.Pod {
	run := e.run(security)
	batch := manifest.Batch(run, 0, settings.Class{Name: "default"}, nil)
	pod := manifest.WorkerPod(run, batch, manifest.Collector{Image: e.is.Image(), URL: "https://127.0.0.1", CABundle: "-"})
	pod.OwnerReferences = nil
	return pod
}

func (e *examination) admission(ctx context.Context) []Finding {
	run := e.run(restricted())
	run.UID = ""
	if err := e.Client.Create(ctx, run, client.DryRunAll); err != nil {
		return []Finding{failed("see the message: a right, a webhook or a policy of the cluster is in the way",
			"the API server would refuse a TestRun: %s", err)}
	}
	best := e.Client.Create(ctx, e.worker(restricted()), client.DryRunAll)
	if apierrors.IsForbidden(best) && strings.Contains(best.Error(), "cannot create resource") {
		return []Finding{warning("", "a TestRun would be taken; of its pods it is not known: you may not create pods")}
	}
	if best != nil {
		return []Finding{failed("lift the quota, policy or webhook that refuses it, for namespace "+e.Namespace,
			"the API server would refuse the pods of a run: %s", best)}
	}
	plain := e.Client.Create(ctx, e.worker(nil), client.DryRunAll)
	if plain != nil {
		return []Finding{warning("write a securityContext into the templates of runs: runAsNonRoot: true, "+
			"allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}",
			"pods would be taken, but not those whose template has no securityContext: %s", plain)}
	}
	return ok("a TestRun and its pods would be taken")
}

func (e *examination) quota(ctx context.Context) []Finding {
	var quotas corev1.ResourceQuotaList
	var ranges corev1.LimitRangeList
	if err := e.Client.List(ctx, &quotas, client.InNamespace(e.Namespace)); err != nil {
		return unknown(err)
	}
	if err := e.Client.List(ctx, &ranges, client.InNamespace(e.Namespace)); err != nil {
		return unknown(err)
	}
	var findings []Finding
	for i := range quotas.Items {
		findings = append(findings, ofQuota(&quotas.Items[i])...)
	}
	if len(findings) > 0 {
		return findings
	}
	switch {
	case len(quotas.Items)+len(ranges.Items) == 0:
		return ok("namespace %s has none", e.Namespace)
	case len(quotas.Items) == 0:
		return ok("none; a LimitRange gives containers that say nothing their resources")
	}
	return ok("there is room in each")
}

// stopping are the resources of a quota that keep pods from being made when they are used up.
var stopping = []corev1.ResourceName{
	corev1.ResourcePods, "count/pods", "count/jobs.batch", corev1.ResourceCPU, corev1.ResourceMemory,
	corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
}

func ofQuota(q *corev1.ResourceQuota) []Finding {
	var findings []Finding
	var wanted []string
	for _, name := range stopping {
		hard, there := q.Status.Hard[name]
		if !there {
			continue
		}
		if strings.Contains(string(name), "cpu") || strings.Contains(string(name), "memory") {
			wanted = append(wanted, string(name))
		}
		if used := q.Status.Used[name]; used.Cmp(hard) >= 0 {
			findings = append(findings, failed("raise it, or delete what uses it up",
				"ResourceQuota %s is used up: %s of %s %s: no worker can start", q.Name, &used, &hard, name))
		}
	}
	if len(findings) == 0 && len(wanted) > 0 {
		findings = append(findings, warning("say them in the templates of runs, or have a LimitRange say them",
			"ResourceQuota %s makes containers without %s refused", q.Name, strings.Join(wanted, ", ")))
	}
	return findings
}

func (e *examination) networkPolicies(ctx context.Context) []Finding {
	var findings []Finding
	for namespace, kind := range map[string]networkingv1.PolicyType{
		e.Namespace: networkingv1.PolicyTypeEgress, e.is.Namespace: networkingv1.PolicyTypeIngress,
	} {
		var policies networkingv1.NetworkPolicyList
		if err := e.Client.List(ctx, &policies, client.InNamespace(namespace)); err != nil {
			findings = append(findings, unknown(err)...)
			continue
		}
		var names []string
		for _, p := range policies.Items {
			if slices.Contains(p.Spec.PolicyTypes, kind) {
				names = append(names, p.Name)
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			findings = append(findings, warning(fmt.Sprintf("see that they let workers reach Service %s/%s at port %s",
				e.is.Namespace, collector.ServiceName, collector.Port),
				"%s limited in namespace %s by %s", strings.ToLower(string(kind)), namespace, strings.Join(names, ", ")))
		}
	}
	if len(findings) > 0 {
		slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.Message, b.Message) })
		return findings
	}
	return ok("none is in the way between workers and the collector")
}
