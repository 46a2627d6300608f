package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// complete lets the shell propose the values of a flag, and no files.
func complete(cmd *cobra.Command, flag string, values ...string) {
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, v := range values {
		if last := v[len(v)-1]; last == '/' || last == ':' {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, directive))
	if err != nil {
		panic(err) // the flag is not there, or has it already: a mistake that every start shows
	}
}

// either lists words: a, b or c.
func either(words map[string]string) string {
	sorted := slices.Sorted(maps.Keys(words))
	if len(sorted) == 1 {
		return sorted[0]
	}
	last := len(sorted) - 1
	return strings.Join(sorted[:last], ", ") + " or " + sorted[last]
}
