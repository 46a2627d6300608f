package main

import (
	"errors"
	"flag"
	"os"
	"strings"
	"time"
)

// options are what the manager is told by flags and by its pod's environment.
type options struct {
	leaderElect   bool
	leaseDuration time.Duration
	metricsAddr   string
	healthAddr    string
	collectorAddr string
	collectorURL  string
	namespace     string
	pod           string
	image         string
	watch         string
}

func (o *options) bind(fs *flag.FlagSet) {
	fs.BoolVar(&o.leaderElect, "leader-elect", true, "let only one of several managers act")
	fs.DurationVar(&o.leaseDuration, "leader-lease", 10*time.Second,
		"how long a leader that is silent keeps the lead (at least 2s)")
	fs.StringVar(&o.metricsAddr, "metrics-bind-address", ":8080", "address of the metrics endpoint; 0: none")
	fs.StringVar(&o.healthAddr, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	fs.StringVar(&o.collectorAddr, "collector-bind-address", ":8443", "address that the collector listens on")
	fs.StringVar(&o.collectorURL, "collector-url", "",
		"how reporters reach the collector, such as https://10.0.0.1:8443; default: the Service podtest-collector")
	fs.StringVar(&o.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "namespace of the manager itself")
	fs.StringVar(&o.pod, "pod", os.Getenv("POD_NAME"), "name of the manager's own pod; empty outside a cluster")
	fs.StringVar(&o.image, "agent-image", os.Getenv("PODTEST_IMAGE"), "image that holds the agent")
	fs.StringVar(&o.watch, "watch-namespace", os.Getenv("PODTEST_WATCH_NAMESPACES"),
		"the namespaces to look after, with commas between them; default: all")
}

func (o *options) check() error {
	var errs []error
	if o.namespace == "" {
		errs = append(errs, errors.New("no namespace: set --namespace or POD_NAMESPACE to the manager's own"))
	}
	if o.image == "" {
		errs = append(errs, errors.New("no agent image: set --agent-image or PODTEST_IMAGE to podtest's own image"))
	}
	if o.leaseDuration < 2*time.Second {
		errs = append(errs, errors.New("--leader-lease: at least 2s"))
	}
	return errors.Join(errs...)
}

// watched are the namespaces to look after; none: all.
func (o *options) watched() []string {
	return strings.FieldsFunc(o.watch, func(r rune) bool { return r == ',' || r == ' ' })
}
