package v1alpha1_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/api/v1alpha1"
)

const reference = "../../docs/testrun.md"

var fieldHeading = regexp.MustCompile(`(?m)^### ((?:spec|status)\..*)$`)

func TestEveryFieldHasItsHeadingInTheReferenceAndNoOther(t *testing.T) {
	want := slices.Concat(
		fields("spec", reflect.TypeFor[v1alpha1.TestRunSpec](), map[reflect.Type]bool{}),
		fields("status", reflect.TypeFor[v1alpha1.TestRunStatus](), map[reflect.Type]bool{}),
	)
	var got []string
	for _, heading := range fieldHeading.FindAllStringSubmatch(read(t, reference), -1) {
		got = append(got, heading[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headings of %s (-want +got):\n%s", reference, diff)
	}
}

var declared = regexp.MustCompile(`(?m)^\t(?:Reason|Condition|Exit)\w+ +(?:int32 +)?= "?(\w+)"?$`)

func TestEveryConditionReasonAndExitCodeIsInTheReference(t *testing.T) {
	text := read(t, reference)
	for _, source := range []string{"conditions.go", "testrun_status.go"} {
		for _, found := range declared.FindAllStringSubmatch(read(t, source), -1) {
			if word := found[1]; !strings.Contains(text, "`"+word+"`") && !strings.Contains(text, "\n| "+word+" |") {
				t.Errorf("%s of %s is not in %s", word, source, reference)
			}
		}
	}
}

// fields are the paths of all fields below a struct of this package; a type that comes again is told once.
func fields(path string, of reflect.Type, seen map[reflect.Type]bool) []string {
	var found []string
	for field := range of.Fields() {
		if field.Anonymous {
			found = append(found, fields(path, field.Type, seen)...)
			continue
		}
		below, at := field.Type, path+"."+jsonName(field)
		found = append(found, at)
		for below.Kind() == reflect.Pointer || below.Kind() == reflect.Slice {
			if below.Kind() == reflect.Slice {
				at += "[]"
			}
			below = below.Elem()
		}
		if below.Kind() == reflect.Struct && below.PkgPath() == of.PkgPath() && !seen[below] {
			seen[below] = true
			found = append(found, fields(at, below, seen)...)
		}
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
