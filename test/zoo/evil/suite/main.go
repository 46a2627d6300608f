// Suite is a program for the exec harness: `suite list [KIND]` names tests, `suite run ID` runs one. The other verbs are
// for fixtures.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	switch args := os.Args[2:]; {
	case os.Args[1] == "list" && len(args) == 0:
		list("good")
	case os.Args[1] == "list" && len(args) == 1:
		list(args[0])
	case os.Args[1] == "run" && len(args) >= 1:
		run(args[0])
	case os.Args[1] == "export":
		export(args)
	case os.Args[1] == "wait" && len(args) == 1:
		sleep(args[0])
	case os.Args[1] == "serve" && len(args) == 1:
		serve(args[0])
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: suite list [KIND] | run ID | export KEY=VALUE… | wait MS | serve PORT")
	os.Exit(2)
}

// tests maps an id to what running it does; what returns has passed.
var tests = map[string]func(){
	"passes": func() {},
	"fails": func() {
		fmt.Println("wrong on purpose")
		os.Exit(1)
	},
	"skips":   func() { os.Exit(77) },
	"exits 2": func() { os.Exit(2) },
	"panics":  func() { panic("on purpose") },
	"dies": func() {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	},
	"hangs": func() {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
		time.Sleep(time.Hour)
	},
	"prints invalid UTF-8": func() { os.Stdout.WriteString("\xff\x00\x1b[31m\n") },
}

// oddIDs pass when they arrive as they were listed.
var oddIDs = []string{"--help", "$(exit 1)", "a;b|c&d", "{id}", "%s%n", "'\"`", "a::b/c[1-2]", "ünï/日本", "back\\slash", " spaces ", "*", "-"}

func run(id string) {
	if test, ok := tests[id]; ok {
		test()
		return
	}
	if act(id) {
		return
	}
	for _, odd := range oddIDs {
		if id == odd {
			return
		}
	}
	if !strings.HasPrefix(id, "sum/") {
		fmt.Fprintf(os.Stderr, "no such test: %q\n", id)
		os.Exit(2)
	}
	checkSum(id)
}

// checkSum runs the well-behaved tests of the demo: "sum/4+5=9".
func checkSum(id string) {
	var a, b, sum int
	if n, err := fmt.Sscanf(id, "sum/%d+%d=%d", &a, &b, &sum); n != 3 || a+b != sum {
		fmt.Println(id, "is wrong", err)
		os.Exit(1)
	}
	fmt.Println(a, "+", b, "=", sum)
}
