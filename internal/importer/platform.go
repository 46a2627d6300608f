package importer

import (
	"fmt"
	"strings"
)

// answer is what is known of a platform without knowing the machines.
type answer int

const (
	never answer = iota
	perhaps
	always
)

// onLinux tells whether a platform of nextest is that of pods: they run Linux, on an architecture that is not known. It
// is a target triple or a cfg() expression.
func onLinux(platform string) (answer, error) {
	text := strings.TrimSpace(platform)
	inner, isCfg := strings.CutPrefix(text, "cfg(")
	if !isCfg {
		switch {
		case text == "":
			return never, fmt.Errorf("%q is no platform", platform)
		case strings.Contains(text, "-linux"):
			return perhaps, nil
		}
		return never, nil
	}
	p := &cfgParser{rest: inner}
	a := p.expression()
	if p.expect(")"); p.failed || p.space() != "" {
		return never, fmt.Errorf("%q is no cfg() expression", platform)
	}
	return a, nil
}

type cfgParser struct {
	rest   string
	failed bool
}

func (p *cfgParser) space() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return p.rest
}

func (p *cfgParser) take(word string) bool {
	rest, ok := strings.CutPrefix(p.space(), word)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *cfgParser) expect(word string) {
	if !p.take(word) {
		p.failed = true
	}
}

func (p *cfgParser) name() string {
	end := strings.IndexFunc(p.space(), notBare)
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	if name == "" {
		p.failed = true
	}
	return name
}

func (p *cfgParser) expression() answer {
	name := p.name()
	switch {
	case p.failed:
		return never
	case (name == "all" || name == "any" || name == "not") && p.take("("):
		return p.combined(name)
	case p.take("="):
		p.expect(`"`)
		value, rest, ok := strings.Cut(p.rest, `"`)
		p.rest, p.failed = rest, p.failed || !ok
		return predicate(name, value)
	case name == "unix":
		return always
	case name == "windows":
		return never
	}
	return perhaps
}

func (p *cfgParser) combined(how string) answer {
	var all []answer
	for !p.failed && !p.take(")") {
		if len(all) > 0 {
			p.expect(",")
			if p.take(")") {
				break
			}
		}
		all = append(all, p.expression())
	}
	switch {
	case how == "not" && len(all) == 1:
		return always - all[0]
	case how == "not":
		p.failed = true
		return never
	}
	result := always
	if how == "any" {
		result = never
	}
	for _, a := range all {
		if how == "all" {
			result = min(result, a)
		} else {
			result = max(result, a)
		}
	}
	return result
}

func predicate(name, value string) answer {
	is := map[bool]answer{true: always, false: never}
	switch name {
	case "target_os":
		return is[value == "linux"]
	case "target_family":
		return is[value == "unix"]
	}
	return perhaps
}
