package ci_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// command is one that GitHub's runner would carry out.
type command struct {
	name       string
	properties map[string]string
	data       string
}

// known are the runner's commands that a log may hold.
var known = []string{
	"stop-commands", "group", "endgroup", "error", "warning", "notice", "debug", "add-mask", "set-output", "set-env",
	"add-path", "save-state", "add-matcher", "remove-matcher", "echo",
}

// runner reads a log as GitHub's runner does: a command may stand behind spaces, and in its old spelling anywhere in a
// line; while commands are stopped, only the token counts.
func runner(t *testing.T, log string) (carriedOut []command, stopped bool) {
	t.Helper()
	token := ""
	for line := range strings.SplitSeq(log, "\n") {
		names := known
		if token != "" {
			names = append(slices.Clone(known), token)
		}
		c, ok := parse(line, names)
		switch {
		case !ok:
		case token != "" && c.name == token:
			token = ""
		case token != "":
		case c.name == "stop-commands":
			token = c.data
		default:
			carriedOut = append(carriedOut, c)
		}
	}
	return carriedOut, token != ""
}

func parse(line string, names []string) (command, bool) {
	if inner, ok := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::"); ok {
		if head, rest, ok := strings.Cut(inner, "::"); ok {
			if c, ok := read(head, rest, ",", names); ok {
				return c, true
			}
		}
	}
	if _, inner, ok := strings.Cut(line, "##["); ok {
		if head, rest, ok := strings.Cut(inner, "]"); ok {
			return read(head, rest, ";", names)
		}
	}
	return command{}, false
}

func read(head, rest, comma string, names []string) (command, bool) {
	name, list, _ := strings.Cut(head, " ")
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return command{}, false
	}
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	c := command{name: names[i], data: unescape.Replace(rest), properties: map[string]string{}}
	for pair := range strings.SplitSeq(list, comma) {
		if key, value, ok := strings.Cut(pair, "="); ok {
			c.properties[key] = unescape.Replace(value)
		}
	}
	return c, true
}

func TestTheRunnerOfTheseTestsFallsForWhatGitHubsFallsFor(t *testing.T) {
	for _, line := range []string{"::error::x", "  \t::error::x", "PASS ##[error]x", "::ERROR file=a::x"} {
		if got, _ := runner(t, line); len(got) != 1 || got[0].name != "error" || got[0].data != "x" {
			t.Errorf("%q: %v", line, got)
		}
	}
	for _, line := range []string{"x ::error::x", "::bogus::x", "::error", "##[bogus]x"} {
		if got, _ := runner(t, line); len(got) != 0 {
			t.Errorf("%q: %v", line, got)
		}
	}
}
