package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/compose"
	"github.com/podtest/podtest/internal/report"
)

// changeFlags are what flags say over a manifest, spelt as cargo-nextest spells it.
type changeFlags struct {
	cmd         *cobra.Command
	to          compose.Changes
	retries     int32
	maxFail     string
	failFast    bool
	noFailFast  bool
	runIgnored  string
	flakyResult string
	noTests     string
	threads     string
	stressCount string
	stressTime  string
	slow        string
	global      string
	ttl         time.Duration
}

func addChangeFlags(cmd *cobra.Command) *changeFlags {
	o := &changeFlags{cmd: cmd}
	f := cmd.Flags()
	f.SetNormalizeFunc(alias)
	o.selection(f)
	o.endings(f)
	o.pod(f)
	for flag, values := range map[string][]string{
		"run-ignored": {"default", "only", "all"}, "flaky-result": {"pass", "fail"}, "no-tests": {"auto", "fail", "pass"},
		"partition": {"hash:1/", "slice:1/"}, "max-fail": {"1", "1:immediate", "all"},
	} {
		complete(cmd, flag, values...)
	}
	for _, flag := range []string{"filterset", "retries", "test-threads", "slots", "parallelism", "image", "name", "env"} {
		complete(cmd, flag)
	}
	return o
}

// alias are nextest's other names of flags.
func alias(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if long, is := map[string]string{
		"ff": "fail-fast", "nff": "no-fail-fast", "jobs": "test-threads", "filter-expr": "filterset",
	}[name]; is {
		name = long
	}
	return pflag.NormalizedName(name)
}

func (o *changeFlags) selection(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.to.Filters, "filterset", "E", nil,
		"filterset of the tests to run, instead of the manifest's; of several, what any of them selects")
	f.BoolVar(&o.to.IgnoreDefault, "ignore-default-filter", false, "take no notice of the default filter")
	f.StringVar(&o.runIgnored, "run-ignored", "", "default, only or all: what becomes of tests marked as ignored")
	f.StringVar(&o.to.Partition, "partition", "", "run one part of the tests: hash:M/N or slice:M/N")
	f.StringVarP(&o.to.Profile, "profile", "P", "", "TestProfile whose settings hold where the run says nothing")
	f.StringVar(&o.stressCount, "stress-count", "", "run each test so many times")
	f.StringVar(&o.stressTime, "stress-duration", "", "run each test again and again for so long")
}

func (o *changeFlags) endings(f *pflag.FlagSet) {
	f.Int32Var(&o.retries, "retries", 0, "how often a failing test is tried again, whatever overrides say")
	f.StringVar(&o.flakyResult, "flaky-result", "", "pass or fail: what a test is that passes on a later attempt")
	f.StringVar(&o.maxFail, "max-fail", "", "end the run after N failed tests: N, N:wait, N:immediate, or all (never)")
	f.BoolVar(&o.failFast, "fail-fast", false, "end the run after the first failed test (--ff)")
	f.BoolVar(&o.noFailFast, "no-fail-fast", false, "run all tests, whatever fails (--nff)")
	f.StringVar(&o.noTests, "no-tests", "", "pass, fail or auto (fail): what a run is that has no test to run")
	f.StringVar(&o.slow, "slow-timeout", "", "after how long a test is slow: 60s; 60s:N ends it after N such periods")
	f.StringVar(&o.global, "global-timeout", "", "how long the tests may take together")
	f.DurationVar(&o.ttl, "ttl", 0, "how long the finished run is kept")
	f.StringVarP(&o.threads, "test-threads", "j", "",
		"tests at a time in all (--jobs): N divided by the slots of a pod, rounded up, are the pods;\n"+
			"N below the slots makes one pod with N slots")
	f.Int32Var(&o.to.Load.Slots, "slots", 0, "tests at a time in each pod")
	f.Int32Var(&o.to.Load.Parallelism, "parallelism", 0, "pods at a time")
}

func (o *changeFlags) pod(f *pflag.FlagSet) {
	f.StringVar(&o.to.Name, "name", "", "name of the run; without a manifest, one is made from the image's")
	f.BoolVar(&o.to.GenerateName, "generate-name", false, "take the name as the beginning of one that is not in use")
	f.StringVar(&o.to.Pod.Image, "image", "", "image that holds the tests")
	f.StringVar(&o.to.Pod.Memory, "memory", "", "memory that a pod asks for and may use: 512Mi")
	f.StringVar(&o.to.Pod.CPU, "cpu", "", "CPU that a pod asks for and may use: 2 or 500m")
	f.StringArrayVar(&o.to.Pod.Env, "env", nil, "variable of the tests, NAME=VALUE; may be given several times")
	f.StringVar(&o.to.Pod.ServiceAccount, "service-account", "", "service account of the pods")
	f.StringArrayVar(&o.to.Pod.PullSecrets, "image-pull-secret", nil, "secret for the image's registry")
}

// changes are what the flags and the last arguments say.
func (o *changeFlags) changes(args []string) (compose.Changes, error) {
	to := o.to
	before, after := args, []string(nil)
	if n := o.cmd.ArgsLenAtDash(); n >= 0 {
		n -= o.cmd.Flags().NArg() - len(args)
		before, after = args[:n], args[n:]
	}
	var err error
	if to.Names, err = compose.ParseNames(before, after); err != nil {
		return to, err
	}
	for _, step := range []func(*compose.Changes) error{o.ignored, o.failing, o.words, o.load, o.times, o.kept} {
		if err := step(&to); err != nil {
			return to, err
		}
	}
	return to, nil
}

// kept: what passed tests print is kept by the run if the display is to show it.
func (o *changeFlags) kept(to *compose.Changes) error {
	flag := o.cmd.Flags().Lookup("success-output")
	if flag == nil || !flag.Changed {
		return nil
	}
	if policy := report.OutputPolicies[flag.Value.String()]; policy != v1alpha1.OutputNever {
		to.SuccessOutput = string(policy) // a word that is none is refused by the display
	}
	return nil
}

func (o *changeFlags) said(flag string) bool { return o.cmd.Flags().Changed(flag) }

// contradicts is an error if both of two flags are given.
func (o *changeFlags) contradicts(flags ...string) error {
	for i, flag := range flags {
		for _, other := range flags[i+1:] {
			if o.said(flag) && o.said(other) {
				return fmt.Errorf("--%s cannot be used with --%s: leave one of them out", flag, other)
			}
		}
	}
	return nil
}

func (o *changeFlags) ignored(to *compose.Changes) error {
	which, name := o.runIgnored, "--run-ignored "+o.runIgnored
	if to.Names.Ignored != "" {
		if which != "" {
			return fmt.Errorf("%s cannot be used with -- %s: leave one of them out", name, to.Names.Ignored)
		}
		which = map[string]string{"--ignored": "only", "--include-ignored": "all"}[to.Names.Ignored]
	}
	var err error
	to.RunIgnored, err = choice(name, which, map[string]string{
		"default": "Default", "only": "Only", "ignored-only": "Only", "all": "All",
	})
	return err
}

func (o *changeFlags) failing(to *compose.Changes) error {
	if o.said("max-fail") {
		if err := errors.Join(o.contradicts("max-fail", "no-fail-fast"), o.contradicts("max-fail", "fail-fast")); err != nil {
			return err
		}
	}
	if err := o.contradicts("fail-fast", "no-fail-fast"); err != nil {
		return err
	}
	switch {
	case o.said("max-fail"):
		f, err := compose.ParseMaxFail(o.maxFail)
		if err != nil {
			return fmt.Errorf("--max-fail %w", err)
		}
		to.FailFast = &f
	case o.failFast:
		to.FailFast = &compose.FailFast{MaxFail: 1}
	case o.noFailFast:
		to.FailFast = &compose.FailFast{}
	}
	return nil
}

// words are the flags with a choice of words.
func (o *changeFlags) words(to *compose.Changes) error {
	if o.noTests == "warn" {
		return errors.New("--no-tests warn: a verdict that is none is no help in a pipeline: " +
			"use pass, and look at status.tests.selected of the run")
	}
	var first, second error
	to.NoTests, first = choice("--no-tests "+o.noTests, o.noTests, map[string]string{
		"auto": "Fail", "fail": "Fail", "pass": "Pass",
	})
	to.FlakyResult, second = choice("--flaky-result "+o.flakyResult, o.flakyResult, map[string]string{
		"pass": "Pass", "fail": "Fail",
	})
	if o.said("partition") {
		if err := compose.CheckPartition(to.Partition); err != nil {
			return fmt.Errorf("--partition %s: %w", to.Partition, err)
		}
	}
	return errors.Join(first, second)
}

func (o *changeFlags) load(to *compose.Changes) error {
	if o.said("retries") {
		if o.retries < 0 || o.retries > 100 {
			return fmt.Errorf("--retries %d: want a number from 0 to 100", o.retries)
		}
		to.Retries = &o.retries
	}
	for flag, n := range map[string]int32{"slots": to.Load.Slots, "parallelism": to.Load.Parallelism} {
		if o.said(flag) && n < 1 {
			return fmt.Errorf("--%s %d: want at least 1", flag, n)
		}
	}
	if !o.said("test-threads") {
		return nil
	}
	if err := o.contradicts("test-threads", "parallelism"); err != nil {
		return err
	}
	var err error
	if to.Load.Threads, err = compose.ParseThreads(o.threads); err != nil {
		return fmt.Errorf("--test-threads %s: %w", o.threads, err)
	}
	return nil
}

func (o *changeFlags) times(to *compose.Changes) error {
	if err := o.contradicts("stress-count", "stress-duration"); err != nil {
		return err
	}
	var problems []error
	read := func(flag, text string, take func() error) {
		if !o.said(flag) {
			return
		}
		if err := take(); err != nil {
			problems = append(problems, fmt.Errorf("--%s %s: %w", flag, text, err))
		}
	}
	read("stress-count", o.stressCount, func() error {
		s, err := compose.ParseStress(o.stressCount)
		to.Stress = &s
		return err
	})
	read("stress-duration", o.stressTime, func() error {
		d, err := compose.Duration(o.stressTime)
		to.Stress = &compose.Stress{Duration: d}
		return err
	})
	read("slow-timeout", o.slow, func() error {
		s, err := compose.ParseSlow(o.slow)
		to.SlowTimeout = &s
		return err
	})
	read("global-timeout", o.global, func() (err error) {
		to.GlobalTimeout, err = compose.Duration(o.global)
		return err
	})
	read("ttl", o.ttl.String(), func() error {
		if o.ttl < 0 {
			return errors.New("want a duration from 0s on")
		}
		to.TTL = new(int64(o.ttl / time.Second))
		return nil
	})
	return errors.Join(problems...)
}

// choice is the API's word for a flag's.
func choice(what, word string, words map[string]string) (string, error) {
	if word == "" {
		return "", nil
	}
	if meant, known := words[word]; known {
		return meant, nil
	}
	return "", fmt.Errorf("%s: want %s", what, either(words))
}

// either lists words: a, b or c.
func either(words map[string]string) string {
	sorted := slices.Sorted(maps.Keys(words))
	if len(sorted) == 1 {
		return sorted[0]
	}
	last := len(sorted) - 1
	return strings.Join(sorted[:last], ", ") + " or " + sorted[last]
}
