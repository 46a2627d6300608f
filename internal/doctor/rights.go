package doctor

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// need is a right, and what it is for.
type need struct {
	verb, group, resource, sub string
	purpose                    string
	level                      Level // without it
}

var needs = []need{
	{"create", v1alpha1.GroupVersion.Group, "testruns", "", "run tests", Failed},
	{"watch", v1alpha1.GroupVersion.Group, "testruns", "", "follow runs", Failed},
	{"list", v1alpha1.GroupVersion.Group, "testbatches", "", "read results", Failed},
	{"list", v1alpha1.GroupVersion.Group, "testrecords", "", "read names and output of tests", Failed},
	{"patch", v1alpha1.GroupVersion.Group, "testruns", "", "cancel runs", Warning},
	{"get", "", "pods", "log", "read the logs of pods", Warning},
	{"create", "", "pods", "exec", "read the output of running tests", Warning},
}

func (e *examination) rights(ctx context.Context) []Finding {
	var findings []Finding
	for _, n := range needs {
		may, err := e.may(ctx, n)
		if err != nil {
			return unknown(err)
		}
		if may {
			continue
		}
		resource := n.resource
		if n.sub != "" {
			resource += "/" + n.sub
		}
		findings = append(findings, Finding{
			Level:   n.level,
			Message: "to " + n.purpose + " it takes the right to " + n.verb + " " + resource + " in namespace " + e.Namespace,
			Todo:    "ask for the ClusterRole edit in the namespace, or for podtest-editor",
		})
	}
	if len(findings) > 0 {
		return findings
	}
	var purposes []string
	for _, n := range needs {
		purposes = append(purposes, n.purpose)
	}
	return ok("you may %s", strings.Join(purposes, ", "))
}

func (e *examination) may(ctx context.Context, n need) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: e.Namespace, Verb: n.verb, Group: n.group, Resource: n.resource, Subresource: n.sub,
		},
	}}
	if err := e.Client.Create(ctx, review); err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
