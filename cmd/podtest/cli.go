package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/report/attach"
)

// exitUsage is for whatever keeps podtest from doing as it was told: nextest's code for a wrong set-up.
const exitUsage = int(v1alpha1.ExitSetup)

// exitCode ends podtest with this code; all has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// cli is what all verbs share.
type cli struct {
	command string // how podtest is called
	in      io.Reader
	out     io.Writer
	err     io.Writer
	flags   *genericclioptions.ConfigFlags
	connect func() (client.WithWatch, error)
	attach  func() (attach.Looker, error)
	now     func() time.Time
	// interrupts tells of signals that ask podtest to end, until ignore is called.
	interrupts func() (signals <-chan os.Signal, ignore func())
	// patience is how often is looked again for the ends of workers when a run has ended, four times a second.
	patience int
}

func newCLI(arg0 string, in io.Reader, out, err io.Writer) *cli {
	c := &cli{
		command: "podtest", in: in, out: out, err: err,
		flags: genericclioptions.NewConfigFlags(true), now: time.Now, interrupts: interrupted,
		patience: 12,
	}
	if strings.HasPrefix(filepath.Base(arg0), "kubectl-") {
		c.command = "kubectl podtest"
	}
	c.connect, c.attach = c.connectToCluster, c.attachToPods
	return c
}

// run does what the arguments say and returns the exit code.
func (c *cli) run(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, syscall.EPIPE):
		return int(v1alpha1.ExitOutput) // who read has gone, and knows
	}
	fmt.Fprintf(c.err, "error: %s\n", c.explain(err))
	if file := (*fs.PathError)(nil); errors.As(err, &file) && file.Path == os.Stdout.Name() {
		return int(v1alpha1.ExitOutput)
	}
	if filterset := (*filter.Error)(nil); errors.As(err, &filterset) {
		return int(v1alpha1.ExitFilter)
	}
	return exitUsage
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "podtest",
		Short: "Run tests in the pods of a Kubernetes cluster, each test a process of its own",
		Long: `podtest runs tests in the pods of a Kubernetes cluster, each test a process of its own.

All of kubectl's connection flags work: ` + "`" + c.command + " options` lists them." + ` In a pod without a kubeconfig,
podtest uses the pod's service account and its namespace. Exit codes are nextest's, and two more:
` + "`" + c.command + " help exit-codes` lists them.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          c.known,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	if c.command != "podtest" {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: c.command}
	}
	root.SetFlagErrorFunc(flagError)
	c.flags.AddFlags(root.PersistentFlags())
	for _, name := range []string{
		"as", "as-group", "as-uid", "as-user-extra", "cache-dir", "certificate-authority", "client-certificate", "client-key",
		"cluster", "disable-compression", "insecure-skip-tls-verify", "proxy-url", "request-timeout", "server",
		"tls-server-name", "token", "user",
	} {
		if f := root.PersistentFlags().Lookup(name); f != nil {
			f.Hidden = true
		}
	}
	root.AddCommand(
		c.cancelVerb(),
		c.compareVerb(),
		c.doctorVerb(),
		c.eventsVerb(),
		c.exitCodesTopic(),
		c.explainVerb(),
		c.harnessVerb(),
		c.importVerb(),
		c.installVerb(),
		c.junitVerb(),
		c.listVerb(),
		c.logsVerb(),
		c.optionsVerb(),
		c.replayVerb(),
		c.reportVerb(),
		c.reproVerb(),
		c.rerunVerb(),
		c.resultsVerb(),
		c.runVerb(),
		c.topVerb(),
		c.uninstallVerb(),
		c.upgradeVerb(),
		c.versionVerb(),
		c.watchVerb(),
	)
	c.addCompletion(root)
	return root
}

// example makes the example of a help text: one command a line.
func (c *cli) example(lines ...string) string {
	for i, line := range lines {
		lines[i] = "  " + strings.ReplaceAll(line, "podtest ", c.command+" ")
	}
	return strings.Join(lines, "\n")
}

// known says what is wrong with a verb that is none.
func (c *cli) known(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	root.SuggestionsMinimumDistance = 2
	hint := ""
	if like := root.SuggestionsFor(args[0]); len(like) > 0 {
		hint = fmt.Sprintf(": did you mean %s?", strings.Join(like, " or "))
	}
	return fmt.Errorf("unknown command %q for %q%s (`%s --help` lists them)", args[0], c.command, hint, c.command)
}

// flagError says where flags are told of, if one is none.
func flagError(cmd *cobra.Command, err error) error {
	if unknown := (*pflag.NotExistError)(nil); errors.As(err, &unknown) {
		return fmt.Errorf("%w (`%s --help` lists the flags)", err, cmd.CommandPath())
	}
	return err
}

// named wants a TestRun's name as the first argument, and as many others as most says.
func (c *cli) named(others string, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < 1+least || (most >= 0 && len(args) > 1+most) {
			return fmt.Errorf("want the name of a TestRun%s: %s %s (`%s %s --help` tells more)",
				others, c.command, cmd.Use, c.command, cmd.Name())
		}
		return nil
	}
}

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(s))
	utilruntime.Must(v1alpha1.AddToScheme(s))
	return s
}()

func (c *cli) connectToCluster() (client.WithWatch, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if c.nowhere() {
		return nil, clientcmd.NewEmptyConfigError("nobody says where the cluster is: there is no kubeconfig")
	}
	config.QPS, config.Burst = 100, 200
	config.UserAgent = "podtest"
	cluster, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", config.Host, err)
	}
	return cluster, nil
}

// nowhere is true if nobody has said where the cluster is: without this, kubectl's libraries try localhost.
func (c *cli) nowhere() bool {
	if server := c.flags.APIServer; server != nil && *server != "" {
		return false
	}
	if _, err := rest.InClusterConfig(); err == nil {
		return false
	}
	raw, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	return err == nil && len(raw.Clusters) == 0
}

// namespace is where the verb's run is, and whether the user said so by flag.
func (c *cli) namespace() (name string, told bool, err error) {
	name, told, err = c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", false, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return name, told, nil
}
