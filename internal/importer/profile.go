package importer

import (
	"fmt"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
)

const nameDefault = "default"

// profile is a profile of nextest.
type profile struct {
	*table
	name     string // nextest's
	inherits string // nextest's; empty: default
	children bool   // others inherit it by name

	plain         v1alpha1.TestSettings
	noFailFast    bool // it says that all tests are run
	weight        int32
	defaultFilter string
	// platformFilter: an override by platform has set defaultFilter, which counts before all others.
	platformFilter bool
	overrides      []v1alpha1.Override
	rules          []rule
	threads        any // test-threads
}

// rule is one of [[profile.NAME.scripts]] that holds in pods.
type rule struct {
	*table
	filter    string // empty: all tests
	setup     []string
	run, list string
}

func (i *importer) profile(t *table, name string) *profile {
	p := &profile{table: t, name: name}
	p.inherits, _ = t.text("inherits")
	if name == nameDefault && p.inherits != "" {
		t.fault(t.at("inherits"), "the default profile inherits nothing")
	}
	of := t.shared()
	p.plain = v1alpha1.TestSettings{
		Retries: of.Retries, FlakyResult: of.FlakyResult, SlowTimeout: of.SlowTimeout, LeakTimeout: of.LeakTimeout,
		RunExtraArgs: of.RunExtraArgs, SuccessOutput: of.SuccessOutput, FailureOutput: of.FailureOutput, JUnit: of.JUnit,
	}
	p.weight = of.Weight
	p.plain.FailFast, p.noFailFast = t.failFast()
	p.plain.GlobalTimeout = t.duration("global-timeout", boundsGlobal)
	p.defaultFilter, _ = t.filterset("default-filter", "not carried, so all tests are run")
	p.threads, _ = t.get("test-threads")
	if n, isNumber := p.threads.(int64); p.threads != nil && p.threads != "num-cpus" && (!isNumber || n == 0) {
		t.fault(t.at("test-threads"), "want a number that is not 0, or num-cpus")
	}
	for _, o := range t.objects("overrides") {
		i.override(p, o)
	}
	for _, s := range t.objects("scripts") {
		i.rule(p, s)
	}
	p.leftOut()
	return p
}

// leftOut names what a TestProfile has no place for.
func (p *profile) leftOut() {
	for _, key := range []string{"status-level", "final-status-level"} {
		if level, ok := p.text(key); ok {
			p.note(p.at(key), "not carried: it is about the terminal: `podtest run --%s %s`", key, level)
		}
	}
	if _, ok := p.get("archive"); ok {
		p.note(p.at("archive"), "not carried: it is about making the archive, where `cargo nextest archive` still reads it")
	}
}

func (i *importer) override(p *profile, t *table) {
	o := t.shared()
	o.Group, o.Priority = i.group(t), t.priority()
	if !t.has("filter") && !t.has("platform") {
		t.fault(t.path, "an override needs a filter or a platform")
	}
	holds := t.applies("the override")
	filterset, readable := t.filterset("filter", "the override is left out")
	if t.has("filter") && !readable || !holds {
		t.get("default-filter")
		return
	}
	p.platformDefault(t)
	if filterset == "" {
		filterset = "all()"
	}
	if o.Filter = filterset; says(o) {
		p.overrides = append(p.overrides, o)
	}
}

// platformDefault reads the default filter of an override that holds on a platform: the first counts.
func (p *profile) platformDefault(t *table) {
	f, ok := t.filterset("default-filter", "not carried")
	switch {
	case !ok:
	case t.has("filter"):
		t.fault(t.at("default-filter"), "goes with a platform only, not with a filter")
	case !p.platformFilter:
		p.defaultFilter, p.platformFilter = f, true
	}
}

func (t *table) priority() *int32 {
	n, ok := t.integer("priority")
	switch {
	case !ok:
		return nil
	case n < -100 || n > 100:
		t.fault(t.at("priority"), "%d: want -100 to 100", n)
		return nil
	}
	return new(int32(n))
}

// says tells whether the override sets anything.
func says(o v1alpha1.Override) bool {
	return o.Retries != nil || o.FlakyResult != "" || o.SlowTimeout != nil || o.LeakTimeout != nil || o.Group != "" ||
		o.Weight != 0 || o.Priority != nil || len(o.RunWrapper) > 0 || len(o.RunExtraArgs) > 0 ||
		o.SuccessOutput != "" || o.FailureOutput != "" || o.JUnit != nil
}

// group is the group of an override.
func (i *importer) group(t *table) string {
	name, ok := t.text("test-group")
	if !ok {
		return ""
	}
	if name == "@global" {
		t.note(t.at("test-group"), "not carried: it is what tests without a group have; if a later override puts these "+
			"tests into a group, take them out of its filter")
		return ""
	}
	known, ok := i.groups[name]
	if !ok {
		t.fault(t.at("test-group"), "there is no group %q: add it to test-groups", name)
	}
	return known
}

// readGroups reads [test-groups].
func (i *importer) readGroups(root *table) {
	all, ok := root.object("test-groups")
	if !ok {
		return
	}
	taken := map[string]bool{}
	for _, name := range all.keys() {
		t, ok := all.object(name)
		if !ok {
			continue
		}
		known := unique(taken, safe(name, notGroup, '_', 63))
		if known != name {
			t.note(t.path, "podtest's names of groups are ASCII letters, digits, - and _: it is %s there", known)
		}
		i.groups[name] = known
		i.groupList = append(i.groupList, v1alpha1.Group{Name: known, MaxParallel: t.maxParallel()})
	}
	if len(i.groupList) > maxGroups {
		all.fault(all.path, "%d groups, and podtest takes at most %d", len(i.groupList), maxGroups)
	}
}

func (t *table) maxParallel() int32 {
	v, there := t.get("max-threads")
	n, isNumber := v.(int64)
	switch {
	case !there:
		t.fault(t.path, "no max-threads")
	case isNumber && n > 0:
		most, _ := t.number("max-threads", 1, maxParallel)
		return most
	case v == "num-cpus" || isNumber && n < 0:
		t.note(t.at("max-threads"), "not carried: how many CPUs there are is not known here; %d is written, which limits "+
			"nothing: set maxParallel", maxParallel)
		return maxParallel
	default:
		t.fault(t.at("max-threads"), "want a number that is not 0, or num-cpus")
	}
	return 1
}

// safe is the name with what bad finds replaced.
func safe(name string, bad func(rune) bool, by rune, most int) string {
	name = strings.Map(func(r rune) rune {
		if bad(r) {
			return by
		}
		return r
	}, name)
	return name[:min(len(name), most)]
}

func notGroup(r rune) bool { return notBare(r) }

// unique is the name, with a number if it is taken.
func unique(taken map[string]bool, name string) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	taken[free] = true
	return free
}
