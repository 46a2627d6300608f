package main

import (
	"reflect"
	"testing"
)

func TestBinaryName(t *testing.T) {
	for importPath, want := range map[string]string{
		"example.org/a/b":  "b.test",
		"example.org/a/v3": "a.test",
		"example.org/a/v1": "v1.test",
	} {
		if got := (testPackage{importPath: importPath}).binaryName(); got != want {
			t.Errorf("%s: got %s, want %s", importPath, got, want)
		}
	}
}

func TestPackagesOfOneNameAreNeverCompiledTogether(t *testing.T) {
	a, b, otherA := testPackage{"x/a", "/x/a"}, testPackage{"x/b", "/x/b"}, testPackage{"y/a", "/y/a"}
	got := groupByName([]testPackage{a, b, otherA})
	if want := [][]testPackage{{a, b}, {otherA}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
