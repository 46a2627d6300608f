package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/attach"
)

// advice is what to do about errors that a user can do something about; the first that fits is given.
var advice = []struct {
	about func(error) bool
	text  string
}{
	{clientcmd.IsEmptyConfig, "name one with --kubeconfig or KUBECONFIG, run inside a pod, or try `podtest run --local`"},
	{meta.IsNoMatchError, "podtest is not in this cluster, or of another version: `podtest install` puts it there"},
	{noRightToRuns, "ask for the ClusterRole edit or view in the namespace, or for podtest-editor or podtest-viewer"},
	{noRightToExec, "what a test prints while it runs is asked of its pod: ask for the ClusterRole edit in the " +
		"namespace, or for a Role that allows create on pods/exec; or wait until the test has ended"},
	{apierrors.IsUnauthorized, "the cluster does not know these credentials: check --kubeconfig, --context and --user"},
	{noSuchFile, "check the path"},
	{unreachable, "check that the cluster is up, and --kubeconfig and --context"},
}

func noRightToRuns(err error) bool {
	var status apierrors.APIStatus
	if !apierrors.IsForbidden(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	return status.Status().Details.Group == v1alpha1.GroupVersion.Group
}

func noRightToExec(err error) bool { return errors.Is(err, attach.ErrForbidden) }

// unreachable is an error of the network. One of a file is none, though what the system says of it looks like one.
func unreachable(err error) bool {
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return false
	}
	var network net.Error
	var request *url.Error
	return errors.As(err, &network) || (errors.As(err, &request) && !errors.Is(err, context.Canceled))
}

// called is the text with podtest called as the user calls it.
func (c *cli) called(text string) string {
	return strings.ReplaceAll(text, "`podtest ", "`"+c.command+" ")
}

// explain is an error with what to do about it. Errors may quote anything.
func (c *cli) explain(err error) string {
	for _, a := range advice {
		if a.about(err) {
			return report.Block(err.Error() + "\n  " + c.called(a.text)).String()
		}
	}
	return report.Block(err.Error()).String()
}

func noSuchFile(err error) bool { return errors.Is(err, fs.ErrNotExist) }
