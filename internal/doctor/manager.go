package doctor

import (
	"cmp"
	"context"
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/version"
)

// find is the installation that is looked at: where it was told, else the one that looks after the namespace.
func (e *examination) find(ctx context.Context) error {
	if e.Home == "" {
		all, err := install.All(ctx, e.Client)
		if err != nil && !apierrors.IsForbidden(err) {
			return err
		}
		for _, i := range all {
			if i.Watches(e.Namespace) && (e.is == nil || rank(i) > rank(e.is)) {
				e.is = i
			}
		}
		if e.is != nil {
			return nil
		}
	}
	var err error
	e.is, err = install.Find(ctx, e.Client, cmp.Or(e.Home, install.DefaultNamespace))
	return err
}

// rank: one that looks after some namespaces in particular comes first, then the one where podtest usually is.
func rank(i *install.Installation) int {
	switch {
	case len(i.Settings.Watch) > 0:
		return 2
	case i.Namespace == install.DefaultNamespace:
		return 1
	}
	return 0
}

func (e *examination) manager(ctx context.Context) []Finding {
	err := e.find(ctx)
	switch {
	case err != nil:
		return unknown(err)
	case e.is == nil:
		return []Finding{failed("`podtest install` puts it there; --manager-namespace says where it is",
			"there is no podtest in namespace %s", cmp.Or(e.Home, install.DefaultNamespace))}
	}
	var findings []Finding
	d := e.is.Deployment
	if !install.Available(d) {
		level, ready := Failed, d.Status.AvailableReplicas
		if ready > 0 {
			level = Warning
		}
		why := fmt.Sprintf("%d of %d managers are available in namespace %s", ready, *cmp.Or(d.Spec.Replicas, new(int32(1))),
			e.is.Namespace)
		if waits := e.managerWaits(ctx); waits != "" {
			why += ": " + waits
		}
		findings = append(findings, Finding{
			Level: level, Message: why, Todo: "see `kubectl --namespace " + e.is.Namespace + " describe pods`",
		})
	}
	if e.is.Version != e.Version {
		findings = append(findings, warning("`podtest upgrade`, or use the podtest of that version",
			"version %s is installed, and this podtest is %s", cmp.Or(e.is.Version, "unknown"), e.Version))
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("%s, %d available", e.is, d.Status.AvailableReplicas)
}

func (e *examination) managerWaits(ctx context.Context) string {
	pods, err := podsOf(ctx, e.Client, e.is)
	if err != nil {
		return ""
	}
	for i := range pods {
		if why := install.WaitsFor(&pods[i]); why != "" {
			return why
		}
	}
	return ""
}

func (e *examination) scope(ctx context.Context) []Finding {
	var findings []Finding
	if !e.is.Watches(e.Namespace) {
		findings = append(findings, failed("`podtest upgrade --watch-namespace` with this one too, or use another namespace",
			"podtest does not look after namespace %s", e.Namespace))
	}
	all, err := install.All(ctx, e.Client)
	if apierrors.IsForbidden(err) {
		return append(findings, warning("", "of other podtests it is not known what they look after: no right to look"))
	}
	if err != nil {
		return append(findings, unknown(err)...)
	}
	for _, other := range all {
		if where := e.is.Overlap(other); where != "" {
			findings = append(findings, warning("give them --watch-namespace with namespaces of their own",
				"%s and the one in namespace %s both look after %s, and work on the same runs", other, e.is.Namespace, where))
		}
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("podtest looks after namespace %s, and no other podtest does", e.Namespace)
}

func (e *examination) leads(ctx context.Context) []Finding {
	leader, err := install.Leader(ctx, e.Client, e.is.Namespace)
	if err != nil {
		return unknown(err)
	}
	logs := "see `kubectl --namespace " + e.is.Namespace + " logs deployment/podtest-manager`"
	if leader == nil {
		return []Finding{failed(logs, "no manager leads: nothing works on runs")}
	}
	var slices discoveryv1.EndpointSliceList
	err = e.Client.List(ctx, &slices, client.InNamespace(e.is.Namespace),
		client.MatchingLabels{discoveryv1.LabelServiceName: collector.ServiceName})
	if err != nil {
		return unknown(err)
	}
	ready := 0
	for _, s := range slices.Items {
		for _, p := range s.Endpoints {
			if p.Conditions.Ready == nil || *p.Conditions.Ready {
				ready++
			}
		}
	}
	if ready == 0 {
		return []Finding{failed("`podtest upgrade --force-conflicts` writes the Service anew; it is to select the pod "+
			"labelled podtest.dev/leader=true",
			"Service %s/%s has no endpoint: workers reach nobody", e.is.Namespace, collector.ServiceName)}
	}
	return ok("%s leads (%s), and its Service has an endpoint", leader.Name,
		cmp.Or(leader.Annotations[version.Annotation], "of unknown version"))
}
