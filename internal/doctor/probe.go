package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/report/live"
	"github.com/podtest/podtest/internal/wire"
)

// cleanUp is how long the probe's pod may take to be deleted, whatever has become of the rest.
const cleanUp = 10 * time.Second

func (e *examination) collector(ctx context.Context) []Finding {
	if e.NoPod {
		return nil
	}
	env, err := e.reach(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return []Finding{failed("`podtest upgrade` puts it there", "workers would reach nobody: %s", err)}
	case err != nil:
		return unknown(err)
	}
	pod := e.probePod(env)
	if err := e.Client.Create(ctx, pod); err != nil {
		return []Finding{warning("see admission and rights above; --no-pod leaves this check out",
			"not asked from a pod, for none could be made: %s", err)}
	}
	defer func() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
		defer stop()
		_ = e.Client.Delete(ctx, pod, client.GracePeriodSeconds(0))
	}()
	result, err := e.awaitProbe(ctx, pod)
	switch {
	case err != nil:
		return []Finding{failed("see `kubectl --namespace "+e.Namespace+" get events`", "%s", err)}
	case result.Error != "":
		return []Finding{failed(todo(result.Error), "a pod in namespace %s does not reach the collector at %s: %s",
			e.Namespace, env[0].Value, result.Error)}
	case !result.Checked:
		return []Finding{warning("ask somebody who may read Secret "+e.is.Namespace+"/"+collector.SecretName,
			"a pod in namespace %s reaches the collector in %d ms; its certificate was not checked, for you may not read "+
				"what it is to be checked with", e.Namespace, result.Milliseconds)}
	}
	return ok("a pod in namespace %s reaches it at %s in %d ms", e.Namespace, env[0].Value, result.Milliseconds)
}

// todo is what to do about an error of the network.
func todo(text string) string {
	switch {
	case strings.Contains(text, "x509"), strings.Contains(text, "certificate"):
		return "something between the pod and the collector speaks TLS itself, or the Secret with the certificates was " +
			"replaced: restart the managers"
	case strings.Contains(text, "refused"):
		return "nobody listens there: see leader and its Service above"
	case strings.Contains(text, "timeout"), strings.Contains(text, "deadline"), strings.Contains(text, "no route"):
		return "let network policies and firewalls allow it: port " + collector.Port
	}
	return "see leader and network policies above"
}

// reach is how a worker is told to find the collector.
func (e *examination) reach(ctx context.Context) ([]corev1.EnvVar, error) {
	url := e.collectorURL()
	if url == "" {
		service := &corev1.Service{}
		key := client.ObjectKey{Namespace: e.is.Namespace, Name: collector.ServiceName}
		if err := e.Client.Get(ctx, key, service); err != nil {
			return nil, fmt.Errorf("looking up the collector's Service: %w", err)
		}
		url = "https://" + net.JoinHostPort(service.Spec.ClusterIP, collector.Port)
	}
	env := []corev1.EnvVar{
		{Name: wire.EnvCollector, Value: url},
		{Name: wire.EnvServer, Value: collector.ServiceName + "." + e.is.Namespace + ".svc"},
	}
	secret := &corev1.Secret{}
	err := e.Client.Get(ctx, client.ObjectKey{Namespace: e.is.Namespace, Name: collector.SecretName}, secret)
	switch {
	case err == nil:
		return append(env, corev1.EnvVar{Name: wire.EnvCA, Value: string(secret.Data["ca.crt"])}), nil
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return env, nil
	}
	return nil, fmt.Errorf("reading what the collector's certificate is checked with: %w", err)
}

// collectorURL is what the manager was told by flag.
func (e *examination) collectorURL() string {
	for _, c := range e.is.Deployment.Spec.Template.Spec.Containers {
		for _, arg := range c.Args {
			if url, ok := strings.CutPrefix(strings.TrimLeft(arg, "-"), "collector-url="); ok {
				return strings.TrimSuffix(url, "/")
			}
		}
	}
	return ""
}

func (e *examination) probePod(env []corev1.EnvVar) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: e.Namespace, GenerateName: prefix,
			Labels: map[string]string{"app.kubernetes.io/managed-by": "podtest", "app.kubernetes.io/component": "doctor"},
		},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: new(false),
			EnableServiceLinks: new(false), ActiveDeadlineSeconds: new(int64(e.Patience.Seconds()) + 60),
			Containers: []corev1.Container{{
				Name: "probe", Image: e.is.Image(), Command: []string{"/bin/agent", "probe"}, Env: env,
				Resources:       corev1.ResourceRequirements{Requests: few(), Limits: few()},
				SecurityContext: restricted(),
			}},
		},
	}
}

// few resources are enough to ask a question.
func few() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi"),
	}
}

// awaitProbe waits for the pod to end and reads what it has found.
func (e *examination) awaitProbe(ctx context.Context, pod *corev1.Pod) (result wire.Probe, err error) {
	waiting, stop := context.WithTimeout(ctx, e.Patience)
	defer stop()
	like := &unstructured.Unstructured{}
	like.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	like.SetNamespace(pod.Namespace)
	like.SetName(pod.Name)
	last := &corev1.Pod{}
	err = live.Until(waiting, e.Client, like, func(u *unstructured.Unstructured) bool {
		if u == nil {
			return false
		}
		now := &corev1.Pod{}
		if runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, now) != nil {
			return false
		}
		last = now
		return now.Status.Phase == corev1.PodSucceeded || now.Status.Phase == corev1.PodFailed
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return result, fmt.Errorf("the pod that was to ask from namespace %s did not run within %s: %s", e.Namespace,
			e.Patience, cmp.Or(install.WaitsFor(last), "it is "+string(last.Status.Phase)))
	}
	if err != nil {
		return result, err
	}
	for _, s := range last.Status.ContainerStatuses {
		if s.State.Terminated == nil {
			continue
		}
		if err := json.Unmarshal([]byte(s.State.Terminated.Message), &result); err != nil {
			return result, fmt.Errorf("the pod that was to ask ended with exit code %d and said nothing that can be read "+
				"(%.200q): is %s podtest's image, and of this version?", s.State.Terminated.ExitCode,
				s.State.Terminated.Message, e.is.Image())
		}
		return result, nil
	}
	return result, errors.New("the pod that was to ask has ended, and it is not known how: " + last.Status.Reason)
}
