package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/discovery"

	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/doctor"
	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/report"
)

func (c *cli) doctorVerb() *cobra.Command {
	var o doctor.Options
	var output string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps podtest from working, and say what to do",
		Long: `Looks at the cluster, at podtest in it and at the namespace of your runs, and says what is wrong and what
to do: versions, kinds, managers, rights, Pod Security, quotas, admission, and whether a pod of the
namespace reaches the collector. For the last it starts one short pod with podtest's image.
The exit code is 96 if a check has failed; warnings leave it at 0.`,
		Example: c.example(
			"podtest doctor",
			"podtest doctor --namespace ci --no-pod",
			"podtest doctor --manager-namespace tools -o json"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context(), o, output) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Home, "manager-namespace", "",
		"namespace of podtest itself; default: of that which looks after the namespace")
	f.BoolVar(&o.NoPod, "no-pod", false, "do not start a pod to see whether it reaches the collector")
	f.DurationVar(&o.Patience, "timeout", time.Minute, "how long that pod may take")
	f.StringVarP(&output, "output", "o", "", "json")
	return cmd
}

func (c *cli) doctor(ctx context.Context, o doctor.Options, output string) error {
	if output != "" && output != "json" {
		return fmt.Errorf("-o %s: want json", output)
	}
	var err error
	if o.Namespace, _, err = c.namespace(); err != nil {
		return err
	}
	crds, err := install.Render(config.Tree, install.Options{CRDsOnly: true})
	if err != nil {
		return err
	}
	if o.Version, err = install.Version(config.Tree); err != nil {
		return err
	}
	if o.Client, err = c.connect(); err != nil {
		return err
	}
	o.CRDs, o.Now, o.Server = crds.Objects, c.now, c.server
	var all []doctor.Finding
	o.Say = func(f doctor.Finding) {
		all = append(all, f)
		if output == "" {
			c.sayFinding(f)
		}
	}
	worst := doctor.Examine(ctx, o)
	if output == "json" {
		if err := json.NewEncoder(c.out).Encode(map[string]any{"result": worst, "checks": all}); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	if worst == doctor.Failed {
		return exitCode(exitUsage)
	}
	return nil
}

func (c *cli) sayFinding(f doctor.Finding) {
	fmt.Fprintf(c.out, "%-8s %s: %s\n", f.Level, f.Check, report.Line(f.Message))
	if f.Todo != "" {
		fmt.Fprintf(c.out, "%-8s -> %s\n", "", report.Line(c.called(f.Todo)))
	}
}

// server asks the API server for its version and its time.
func (c *cli) server(ctx context.Context) (doctor.Server, error) {
	restConfig, err := c.flags.ToRESTConfig()
	if err != nil {
		return doctor.Server{}, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	heard := &listener{}
	restConfig.Wrap(func(next http.RoundTripper) http.RoundTripper { heard.next = next; return heard })
	restConfig.Timeout = versionPatience
	asker, err := discovery.NewDiscoveryClientForConfig(restConfig)
	if err != nil {
		return doctor.Server{}, fmt.Errorf("connecting to %s: %w", restConfig.Host, err)
	}
	v, err := asker.ServerVersion()
	if err != nil {
		return doctor.Server{}, err
	}
	return doctor.Server{Version: v.GitVersion, Time: heard.at, Asked: c.now()}, ctx.Err()
}

// listener notes the time that a server tells with an answer.
type listener struct {
	next http.RoundTripper
	at   time.Time
}

// RoundTrip is http.RoundTripper's.
func (l *listener) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if err == nil {
		l.at, _ = http.ParseTime(response.Header.Get("Date"))
	}
	return response, err
}
