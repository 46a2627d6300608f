package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

func list(kind string) {
	if ids, ok := strings.CutPrefix(kind, "ids:"); ok {
		printLines(strings.Split(ids, ","))
		return
	}
	print, ok := lists[kind]
	if !ok {
		usage()
	}
	print()
}

var lists = map[string]func(){
	"good":      func() { printLines(sums()) },
	"lines":     func() { printLines(ids()) },
	"odd":       func() { printLines(oddIDs) },
	"json":      printJSON,
	"libtest":   printLibtest,
	"empty":     func() {},
	"fails":     failAfter("passes"),
	"noise":     failToParse,
	"invalid":   func() { fmt.Print("passes\nbad \xff\xfe id\nnul \x00 id\n\x1b[31mred\x1b[0m\n") },
	"duplicate": func() { printLines([]string{"passes", "skips", "passes"}) },
	"vanished":  func() { printLines([]string{"passes", "listed but unknown when run"}) },
	"long":      func() { printLines([]string{"passes", strings.Repeat("long", 4096)}) },
}

func ids() []string { return slices.Sorted(maps.Keys(tests)) }

func sums() []string {
	all := []string{"skips"}
	for n := range 20 {
		all = append(all, fmt.Sprintf("sum/%d+%d=%d", n, n+1, 2*n+1))
	}
	return all
}

func printLines(ids []string) {
	for _, id := range ids {
		fmt.Println(id)
	}
}

func printJSON() {
	lines := json.NewEncoder(os.Stdout)
	for _, id := range append(ids(), oddIDs...) {
		lines.Encode(map[string]any{"v": 1, "id": id, "tags": []string{"evil"}, "unknownField": true})
	}
}

func printLibtest() {
	for _, id := range ids() {
		fmt.Printf("%s: test\n", id)
	}
}

// failAfter names a test before it fails: half a list is no list.
func failAfter(id string) func() {
	return func() {
		fmt.Println(id)
		fmt.Fprintln(os.Stderr, "cannot reach the test database")
		os.Exit(1)
	}
}

// failToParse is neither libtest lines nor JSON, whichever was asked for.
func failToParse() {
	fmt.Println("passes: test")
	fmt.Println("Segmentation fault")
	fmt.Println(`{"id": "passes"`)
}
