package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryVerbHasItsLineInTheReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| verb | does |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var got []string
	for row := range strings.SplitSeq(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for i, word := range strings.Split(cell, "`") {
			if i%2 == 1 {
				got = append(got, word)
			}
		}
	}
	want := []string{"help"}
	for _, verb := range newShell(t).cli(strings.NewReader(""), nil).root().Commands() {
		if verb.Runnable() || verb.HasSubCommands() {
			want = append(want, verb.Name())
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verbs (-) and the table of docs/cli.md (+):\n%s", diff)
	}
}
