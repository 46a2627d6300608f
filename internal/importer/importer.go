// Package importer makes TestProfiles and a TestRun of a configuration of cargo-nextest, and names each key that it
// cannot carry. What it writes means what nextest means by it, in pods that run Linux. It asks no cluster.
package importer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Options are what the configuration does not say.
type Options struct {
	Name      string // of the TestRun
	Profile   string // nextest's name of the profile that the TestRun has
	Image     string
	Archive   string // path in the image
	Workspace string // path in the image; empty: where it was when the tests were built
}

// Result is what became of a configuration.
type Result struct {
	Profiles []v1alpha1.TestProfile // each after the one that it inherits
	Run      v1alpha1.TestRun
	Notes    []Note // by line
}

type importer struct {
	*document
	groups    map[string]string // nextest's names, podtest's names
	groupList []v1alpha1.Group
	setup     map[string]*script
	setups    []string // in the order in which they are written
	wrapper   map[string]*script
	profiles  map[string]*profile
	order     []string          // of profiles
	names     map[string]string // of TestProfiles, by nextest's
	result    Result
}

// Nextest reads a .config/nextest.toml. The error tells all that is wrong with it, and where.
func Nextest(data []byte, o Options) (*Result, error) {
	d, err := read(data)
	if err != nil {
		return nil, err
	}
	i := &importer{
		document: d, groups: map[string]string{}, setup: map[string]*script{}, wrapper: map[string]*script{},
		profiles: map[string]*profile{}, names: map[string]string{},
	}
	root := d.newTable(nil, d.root)
	i.ofTheTool(root)
	i.readGroups(root)
	i.readScripts(root)
	i.readProfiles(root)
	if len(d.wrong) == 0 {
		i.checkInherits()
	}
	if len(d.wrong) == 0 {
		i.write()
		i.writeRun(o)
	}
	if len(d.wrong) > 0 {
		return nil, listed(d.wrong)
	}
	i.unusedScripts()
	d.unknown()
	sortNotes(d.notes)
	i.result.Notes = d.notes
	return &i.result, nil
}

func sortNotes(notes []Note) {
	slices.SortStableFunc(notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Key, b.Key), strings.Compare(a.Text, b.Text))
	})
}

func listed(wrong []Note) error {
	sortNotes(wrong)
	var errs []error
	for _, w := range wrong {
		errs = append(errs, errors.New(w.String()))
	}
	return errors.Join(errs...)
}

// String is the note with its line and key before it.
func (n Note) String() string {
	if n.Line == 0 {
		return n.Text
	}
	return fmt.Sprintf("line %d: %s: %s", n.Line, n.Key, n.Text)
}

// ofTheTool are keys about nextest itself.
func (i *importer) ofTheTool(root *table) {
	for key, why := range map[string]string{
		"nextest-version": "not carried: a TestRun's apiVersion says what is understood",
		"experimental":    "not carried: nothing of podtest has to be switched on",
		"store":           "not carried: results are kept in the cluster, with the TestRun",
	} {
		if _, ok := root.get(key); ok {
			root.note(root.at(key), "%s", why)
		}
	}
}

func (i *importer) readProfiles(root *table) {
	var all *table
	if root.has("profile") {
		all, _ = root.object("profile")
	}
	if all == nil {
		all = i.newTable(root.at("profile"), nil)
	}
	i.order = all.keys()
	if !slices.Contains(i.order, nameDefault) {
		i.order = append(i.order, nameDefault)
	}
	taken := map[string]bool{}
	for _, name := range i.order {
		t := i.newTable(all.at(name), nil)
		if all.has(name) {
			if t, _ = all.object(name); t == nil {
				continue
			}
		}
		i.profiles[name] = i.profile(t, name)
		known := safe(strings.ToLower(name), func(r rune) bool { return notBare(r) || r == '_' }, '-', 200)
		i.names[name] = unique(taken, strings.Trim(known, "-"))
		if i.names[name] != name {
			t.note(t.path, "not a name of a Kubernetes object: the TestProfile is %s", i.names[name])
		}
	}
}

// checkInherits finds parents that are not there, and circles.
func (i *importer) checkInherits() {
	for _, name := range i.order {
		p := i.profiles[name]
		seen := []string{name}
		for up := p; up != nil && up.inherits != ""; up = i.profiles[up.inherits] {
			if slices.Contains(seen, up.inherits) {
				p.fault(p.at("inherits"), "goes in a circle: %s, %s", strings.Join(seen, ", "), up.inherits)
				break
			}
			if i.profiles[up.inherits] == nil {
				up.fault(up.at("inherits"), "there is no profile %q", up.inherits)
				break
			}
			seen = append(seen, up.inherits)
		}
		if p.inherits != "" && p.inherits != nameDefault && i.profiles[p.inherits] != nil {
			i.profiles[p.inherits].children = true
		}
	}
}

// chain is the profile and all that it inherits, the default profile as the last.
func (i *importer) chain(p *profile) []*profile {
	chain := []*profile{p}
	for p.name != nameDefault {
		p = i.profiles[cmp.Or(p.inherits, nameDefault)]
		chain = append(chain, p)
	}
	return chain
}

// write makes the TestProfiles, the default one first.
func (i *importer) write() {
	written := map[string]bool{}
	var add func(p *profile)
	add = func(p *profile) {
		if written[p.name] {
			return
		}
		if chain := i.chain(p); len(chain) > 1 {
			add(chain[1])
		}
		written[p.name] = true
		i.testProfiles(p)
	}
	for _, name := range i.order {
		add(i.profiles[name])
	}
}

// testProfiles makes one TestProfile of a profile; two if others inherit it and it has what they do not inherit in
// nextest, where only settings are passed on, and neither overrides nor scripts nor the default filter.
func (i *importer) testProfiles(p *profile) {
	settings := p.plain
	settings.Overrides = i.weights(p)
	i.failFast(p, &settings)
	own := i.own(p)
	if p.name == nameDefault {
		settings.Groups = i.groupList
	}
	name, inherits := i.names[p.name], ""
	if p.name != nameDefault {
		inherits = i.settingsOf(i.profiles[cmp.Or(p.inherits, nameDefault)])
	}
	if i.split(p) {
		i.add(i.settingsOf(p), inherits, settings)
		p.note(p.path, "two TestProfiles: profiles that inherit it take its settings only (%s), and not its overrides, "+
			"scripts and default filter, as in nextest", i.settingsOf(p))
		settings, inherits = v1alpha1.TestSettings{}, i.settingsOf(p)
	}
	settings.DefaultFilter, settings.ListWrapper, settings.Fixtures = own.DefaultFilter, own.ListWrapper, own.Fixtures
	settings.Overrides = append(own.Overrides, settings.Overrides...)
	if len(settings.Overrides) > maxOverrides {
		p.fault(p.path, "%d overrides, and podtest takes at most %d", len(settings.Overrides), maxOverrides)
	}
	if len(settings.Fixtures) > maxFixtures {
		p.fault(p.path, "%d setup scripts, and podtest takes at most %d", len(settings.Fixtures), maxFixtures)
	}
	i.add(name, inherits, settings)
}

func (i *importer) add(name, inherits string, s v1alpha1.TestSettings) {
	i.result.Profiles = append(i.result.Profiles, v1alpha1.TestProfile{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "TestProfile"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.TestProfileSpec{Inherits: inherits, TestSettings: s},
	})
}

// own is what nextest takes from the chosen profile and the default one only.
func (i *importer) own(p *profile) v1alpha1.TestSettings {
	wrapped, list := i.wrappers(p)
	s := v1alpha1.TestSettings{
		DefaultFilter: p.defaultFilter, ListWrapper: list, Fixtures: i.fixtures(p),
		Overrides: append(slices.Clone(p.overrides), wrapped...),
	}
	if p.name != nameDefault && !p.platformFilter && i.profiles[nameDefault].platformFilter {
		s.DefaultFilter = "" // that one counts before all that profiles say
	}
	return s
}

func (i *importer) split(p *profile) bool {
	return p.name != nameDefault && p.children && len(p.overrides)+len(p.rules)+len(p.defaultFilter) > 0
}

// settingsOf is the TestProfile that those inherit who inherit a profile.
func (i *importer) settingsOf(p *profile) string {
	if i.split(p) {
		return i.names[p.name] + "-settings"
	}
	return i.names[p.name]
}

// weights are overrides that say what threads-required of a profile does: it holds where no override, of the default
// profile either, says anything.
func (i *importer) weights(p *profile) []v1alpha1.Override {
	if p.weight == 0 {
		return nil
	}
	var all []v1alpha1.Override
	if p.name != nameDefault {
		for _, o := range i.profiles[nameDefault].overrides {
			if o.Weight != 0 {
				all = append(all, v1alpha1.Override{Filter: o.Filter, Weight: o.Weight})
			}
		}
	}
	return append(all, v1alpha1.Override{Filter: "all()", Weight: p.weight})
}

// failFast: nextest ends a run with the first failed test unless told otherwise, podtest does not.
func (i *importer) failFast(p *profile, s *v1alpha1.TestSettings) {
	if p.name == nameDefault {
		if s.FailFast == nil && !p.noFailFast {
			s.FailFast = &v1alpha1.FailFast{MaxFail: 1}
		}
		return
	}
	if !p.noFailFast {
		return
	}
	for _, above := range i.chain(p)[1:] {
		if above.noFailFast {
			return
		}
		if above.plain.FailFast != nil {
			break
		}
	}
	s.FailFast = &v1alpha1.FailFast{MaxFail: maxFailures} // as many as a run may have
}
