package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type test struct {
	name    string
	ignored bool
}

// tests asks the binary which tests it holds.
func (b binary) tests(place place) ([]test, error) {
	switch b.Harness {
	case "go":
		return b.namesFrom(place, goNames, b.Path, "-test.list", ".*")
	case "exec":
		return b.namesFrom(place, parsers[b.Format], b.List...)
	case "libtest":
		all, err := b.namesFrom(place, libtestNames, b.Path, "--list", "--format", "terse")
		if err != nil {
			return nil, err
		}
		ignored, err := b.namesFrom(place, libtestNames, b.Path, "--list", "--format", "terse", "--ignored")
		for i, t := range all {
			all[i].ignored = slices.Contains(ignored, t)
		}
		return all, err
	}
	return nil, fmt.Errorf("unknown harness %q", b.Harness)
}

func (b binary) namesFrom(place place, parse func(string) ([]string, error), argv ...string) ([]test, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ended := place.run(ctx, b.Cwd, argv)
	if ended.err != nil {
		return nil, ended.err
	}
	names, err := parse(string(ended.stdout))
	if err != nil {
		return nil, err
	}
	var tests []test
	for _, name := range names {
		if slices.Contains(tests, test{name: name}) {
			return nil, fmt.Errorf("%q is listed twice", name)
		}
		if !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\x1b") || len(name) > 4096 {
			return nil, fmt.Errorf("%.50q is not a name", name)
		}
		tests = append(tests, test{name: name})
	}
	return tests, nil
}

var parsers = map[string]func(string) ([]string, error){
	"Lines":   lineNames,
	"Libtest": libtestNames,
	"JSON":    jsonNames,
}

// A TestMain may print anything: only what can be the name of a test counts. Benchmarks are no tests.
var goName = regexp.MustCompile(`^(Test|Fuzz|Example)($|[^\p{Ll}])[\pL\pN_]*$`)

func goNames(printed string) ([]string, error) {
	var names []string
	for line := range strings.Lines(printed) {
		if name := strings.TrimSuffix(line, "\n"); goName.MatchString(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

func lineNames(printed string) ([]string, error) {
	var names []string
	for line := range strings.Lines(printed) {
		if name := strings.TrimSuffix(line, "\n"); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

func libtestNames(printed string) ([]string, error) {
	var names []string
	for line := range strings.Lines(printed) {
		line = strings.TrimSuffix(line, "\n")
		name, isTest := strings.CutSuffix(line, ": test")
		if !isTest && !strings.HasSuffix(line, ": benchmark") {
			return nil, fmt.Errorf("%.50q names no test", line)
		}
		if isTest {
			names = append(names, name)
		}
	}
	return names, nil
}

func jsonNames(printed string) ([]string, error) {
	var names []string
	for line := range strings.Lines(printed) {
		var t struct{ ID string }
		if err := json.Unmarshal([]byte(line), &t); err != nil {
			return nil, fmt.Errorf("reading %.50q: %w", line, err)
		}
		if t.ID == "" {
			return nil, errors.New("a test without an id")
		}
		names = append(names, t.ID)
	}
	return names, nil
}
