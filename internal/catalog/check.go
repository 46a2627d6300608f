package catalog

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a catalog.
const (
	MaxTests = 1_000_000
	MaxName  = 4096 // bytes of a test's name
)

// shown is how many offenders an error names.
const shown = 5

// check looks for what would make two tests one, or a test impossible to name. The catalog is in order.
func check(c *Catalog) error {
	if len(c.Tests) > MaxTests {
		return fmt.Errorf("%d tests are listed, and a run can have at most %d: cut it into several", len(c.Tests), MaxTests)
	}
	for _, b := range c.Binaries {
		if why := badName(b.ID); why != "" {
			return fmt.Errorf("binary id %s %s", quote(b.ID), why)
		}
	}
	return errors.Join(checkNames(c), checkTwice(c))
}

func checkNames(c *Catalog) error {
	var bad []string
	for _, t := range c.Tests {
		if why := badName(t.Name); why != "" {
			bad = append(bad, fmt.Sprintf("%s %s", quote(t.Name), why))
		}
	}
	return some("cannot be run: test name", bad)
}

func checkTwice(c *Catalog) error {
	var twice []string
	for i := 1; i < len(c.Tests); i++ {
		if c.Tests[i].Binary == c.Tests[i-1].Binary && c.Tests[i].Name == c.Tests[i-1].Name {
			twice = append(twice, quote(c.DisplayName(uint32(i))))
		}
	}
	return some("listed twice", twice)
}

func badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > MaxName:
		return fmt.Sprintf("has %d bytes, more than %d", len(name), MaxName)
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.ContainsAny(name, "\x00\n"):
		return "has a NUL byte or a line break in it"
	}
	return ""
}

func quote(name string) string {
	const most = 200
	if len(name) > most {
		return fmt.Sprintf("%.*q…", most, name)
	}
	return fmt.Sprintf("%q", name)
}

func some(what string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("%s: %s", what, text)
}
