package importer

import (
	"slices"
	"strings"
	"time"

	shellquote "github.com/kballard/go-shellquote"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// script is a setup or a wrapper script.
type script struct {
	*table
	name    string // the fixture's
	command []string
	timeout *metav1.Duration // of a setup script
	used    bool
}

// readScripts reads [scripts.setup], [scripts.wrapper], and [script], as setup scripts were written once.
func (i *importer) readScripts(root *table) {
	taken := map[string]bool{}
	setup := func(in *table) {
		for _, name := range in.keys() {
			if t, ok := in.object(name); ok {
				i.setups = append(i.setups, name)
				i.setup[name] = readSetup(t, name, taken)
			}
		}
	}
	if old, ok := root.object("script"); root.has("script") && ok {
		setup(old)
	}
	all, ok := root.object("scripts")
	if !root.has("scripts") || !ok {
		return
	}
	if in, ok := all.object("setup"); ok {
		setup(in)
	}
	if in, ok := all.object("wrapper"); ok {
		i.readWrappers(in)
	}
}

func (i *importer) readWrappers(wrappers *table) {
	for _, name := range wrappers.keys() {
		t, ok := wrappers.object(name)
		if !ok {
			continue
		}
		s := &script{table: t}
		s.command = t.bounded("command", t.command(), maxWords)
		if with, ok := t.text("target-runner"); ok && with != "ignore" {
			t.note(t.at("target-runner"), "not carried: there is no target runner; write it into the wrapper's command")
		}
		i.wrapper[name] = s
	}
}

func readSetup(t *table, name string, taken map[string]bool) *script {
	fixture := safe(strings.ToLower(name), func(r rune) bool { return notBare(r) || r == '_' }, '-', maxFixtureName)
	s := &script{table: t, name: unique(taken, strings.Trim(fixture, "-"))}
	if s.name != name {
		t.note(t.path, "podtest's names of fixtures are lower-case letters, digits and -: it is %s there", s.name)
	}
	s.command = t.bounded("command", t.command(), maxCommand)
	s.timeout = t.setupTimeout()
	for _, key := range []string{"leak-timeout", "capture-stdout", "capture-stderr", "junit"} {
		if _, ok := t.get(key); ok {
			t.note(t.at(key), "not carried: the log of the fixture's pod has all that it prints, and the pod takes what it "+
				"leaves behind with it")
		}
	}
	return s
}

// setupTimeout: nextest's scripts may take as long as they like.
func (t *table) setupTimeout() *metav1.Duration {
	longest := &metav1.Duration{Duration: boundsSetup.most}
	slow := t.slowTimeout()
	if slow == nil || slow.Period == nil || slow.TerminateAfter == 0 {
		return longest
	}
	if in, ok := t.values["slow-timeout"].(map[string]any); ok && in["grace-period"] != nil {
		t.note(t.at("slow-timeout").with("grace-period"), "not carried: a fixture has 10s from SIGTERM to SIGKILL")
	}
	d := slow.Period.Duration * time.Duration(slow.TerminateAfter)
	if d < boundsSetup.least || d > boundsSetup.most {
		d = min(max(d, boundsSetup.least), boundsSetup.most)
		t.note(t.at("slow-timeout"), "not within podtest's limits: %s is written instead", d)
	}
	return &metav1.Duration{Duration: d}
}

// command is the command of a script, in any of the three forms it may have.
func (t *table) command() []string {
	in, key := t, "command"
	var env []string
	if _, isTable := t.values["command"].(map[string]any); isTable {
		in, _ = t.object("command")
		key = "command-line"
		if to, ok := in.text("relative-to"); ok && to != "none" {
			in.note(in.at("relative-to"), "not carried: write an absolute path of the image, or one from the container's "+
				"working directory")
		}
		if vars, ok := in.object("env"); in.has("env") && ok {
			for _, name := range vars.keys() {
				value, _ := vars.text(name)
				env = append(env, name+"="+value)
			}
			in.note(in.at("env"), "carried with the program env, which the image must have")
		}
	}
	var words []string
	switch v := in.values[key].(type) {
	case string:
		in.used[key] = true
		var err error
		if words, err = shellquote.Split(v); err != nil {
			in.fault(in.at(key), "%q: %s", v, err)
			return nil
		}
	default:
		words, _ = in.words(key)
	}
	if len(words) == 0 {
		in.fault(in.at(key), "no command")
		return nil
	}
	if len(env) > 0 {
		return append(append([]string{"env"}, env...), words...)
	}
	return words
}

// rule reads one of [[profile.NAME.scripts]].
func (i *importer) rule(p *profile, t *table) {
	r := rule{table: t}
	if !t.has("filter") && !t.has("platform") {
		t.fault(t.path, "a rule needs a filter or a platform")
	}
	holds := t.applies("the rule")
	var readable bool
	r.filter, readable = t.filterset("filter", "the rule is left out")
	holds = holds && (readable || !t.has("filter"))
	if name, isText := t.values["setup"].(string); isText {
		t.used["setup"] = true
		r.setup = []string{name}
	} else if t.has("setup") {
		r.setup, _ = t.words("setup")
	}
	r.run, _ = t.text("run-wrapper")
	r.list, _ = t.text("list-wrapper")
	for _, name := range r.setup {
		i.use(t, "setup", name, i.setup)
	}
	for key, name := range map[string]string{"run-wrapper": r.run, "list-wrapper": r.list} {
		if name != "" {
			i.use(t, key, name, i.wrapper)
		}
	}
	if holds {
		p.rules = append(p.rules, r)
	}
}

func (i *importer) use(t *table, key, name string, all map[string]*script) {
	if s, ok := all[name]; ok {
		s.used = true
		return
	}
	t.fault(t.at(key), "there is no script %q", name)
}

// fixtures are the setup scripts that rules name, in the order in which the scripts are written. Rules of the default
// profile hold too, as in nextest: a fixture of the same name here would hide the one there.
func (i *importer) fixtures(p *profile) []v1alpha1.Fixture {
	rules := slices.Clone(p.rules)
	if p.name != nameDefault {
		rules = append(rules, i.profiles[nameDefault].rules...)
	}
	var fixtures []v1alpha1.Fixture
	for _, name := range i.setups {
		own := slices.ContainsFunc(p.rules, func(r rule) bool { return slices.Contains(r.setup, name) })
		s := i.setup[name]
		if !own || s == nil {
			continue
		}
		fixtures = append(fixtures, v1alpha1.Fixture{
			Name: s.name, Filter: whole(rules, name),
			Setup: &v1alpha1.FixtureCommand{Command: s.command, Timeout: s.timeout},
		})
	}
	return fixtures
}

// whole is the filter of all rules that name a script; empty: all tests.
func whole(rules []rule, name string) string {
	var either []string
	for _, r := range rules {
		if !slices.Contains(r.setup, name) {
			continue
		}
		if r.filter == "" {
			return ""
		}
		if !slices.Contains(either, r.filter) {
			either = append(either, r.filter)
		}
	}
	if len(either) == 1 {
		return either[0]
	}
	return "(" + strings.Join(either, ") or (") + ")"
}

// wrappers are overrides for run-wrappers; a list-wrapper is for all binaries or not carried.
func (i *importer) wrappers(p *profile) (overrides []v1alpha1.Override, list []string) {
	settled := false // an earlier rule sets a list-wrapper
	for _, r := range p.rules {
		filter := r.filter
		if filter == "" {
			filter = "all()"
		}
		if s := i.wrapper[r.run]; s != nil {
			overrides = append(overrides, v1alpha1.Override{Filter: filter, RunWrapper: s.command})
		}
		s := i.wrapper[r.list]
		switch {
		case s == nil:
		case filter == "all()" && !settled:
			list, settled = s.command, true
		default:
			settled = true
			r.note(r.at("list-wrapper"), "not carried: podtest's listWrapper is for all binaries, and this one is for some")
		}
	}
	return overrides, list
}

// unusedScripts notes scripts that no rule names.
func (i *importer) unusedScripts() {
	for _, all := range []map[string]*script{i.setup, i.wrapper} {
		for _, s := range all {
			if !s.used {
				s.note(s.path, "left out: no rule in [[profile.NAME.scripts]] names it")
			}
		}
	}
}
