package settings

import (
	"errors"
	"fmt"
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/filter"
)

// noGroup is the name that group() knows of tests that are in none.
const noGroup = "@global"

// FilterError is a filterset that cannot be, for the tests that there are.
type FilterError struct {
	Field string // such as spec.filter
	Err   error
}

func (e *FilterError) Error() string { return e.Field + ": " + e.Err.Error() }

func (e *FilterError) Unwrap() error { return e.Err }

// filterset is a filterset and where it is written.
type filterset struct {
	field, text string
	expr        *filter.Expr
}

// filtersets are all of a run.
type filtersets struct {
	filter, byDefault   filterset
	overrides, fixtures []filterset
}

// parse compiles all filtersets of a spec. group() is for spec.filter alone: overrides are what puts a test into its
// group.
func parse(spec *v1alpha1.TestRunSpec, p Provenance) (filtersets, []Problem) {
	in := parser{packages: knowsPackages(spec)}
	var all filtersets
	all.byDefault = in.parse(p.plainField("defaultFilter"), spec.DefaultFilter, filter.Options{})
	inConfig := filter.Options{Default: all.byDefault.expr}
	for i, o := range spec.Overrides {
		all.overrides = append(all.overrides, in.parse(p.overrideField(i)+".filter", o.Filter, inConfig))
	}
	for i, f := range spec.Fixtures {
		all.fixtures = append(all.fixtures, in.parse(p.fixtureField(i)+".filter", f.Filter, inConfig))
	}
	inRun := filter.Options{Default: all.byDefault.expr, Groups: []string{noGroup}}
	for _, g := range spec.Groups {
		inRun.Groups = append(inRun.Groups, g.Name)
	}
	all.filter = in.parse("spec.filter", spec.Filter, inRun)
	return all, in.problems
}

func knowsPackages(spec *v1alpha1.TestRunSpec) bool {
	return slices.ContainsFunc(spec.Suites, func(s v1alpha1.Suite) bool { return s.Nextest != nil })
}

type parser struct {
	packages bool // some suite knows them
	problems []Problem
}

func (p *parser) parse(field, text string, o filter.Options) filterset {
	f := filterset{field: field, text: text, expr: filter.All()}
	if text == "" {
		return f
	}
	expr, err := filter.Parse(text, o)
	if err != nil {
		p.problem(field, err)
		return f
	}
	f.expr = expr
	if use, uses := expr.UsesPackage(); uses && !p.packages {
		use.Message = "package() matches nothing: no suite of the run knows packages"
		use.Hint = "ask by binary_id() or binary(), or make a suite with nextest"
		p.problem(field, &filter.Error{Text: text, Problems: []filter.Problem{use}})
	}
	return f
}

func (p *parser) problem(field string, err error) {
	p.problems = append(p.problems, Problem{Field: field, Message: err.Error(), Filter: true})
}

// err is a problem as an error.
func (p Problem) err() error {
	if p.Filter {
		return &FilterError{Field: p.Field, Err: errors.New(p.Message)}
	}
	return fmt.Errorf("%s: %s", p.Field, p.Message)
}
