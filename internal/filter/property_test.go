package filter

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tree is a filterset as the tests understand it.
type tree struct {
	op   string // not, and, or, minus, or a predicate's name
	text string
	of   []tree
}

func randomTree(t *rapid.T, depth int) tree {
	ops := []string{"test", "test", "binary", "kind", "suite", "group", "all", "none"}
	if depth > 0 {
		ops = append(ops, "not", "and", "or", "minus", "and", "or")
	}
	n := tree{op: rapid.SampledFrom(ops).Draw(t, "op")}
	switch n.op {
	case "not":
		n.of = []tree{randomTree(t, depth-1)}
	case "and", "or", "minus":
		n.of = []tree{randomTree(t, depth-1), randomTree(t, depth-1)}
	case "group":
		n.text = rapid.SampledFrom([]string{"@global", "serial"}).Draw(t, "group")
	default:
		n.text = rapid.SampledFrom([]string{"a", "b", "a,b", "(a)", `\`, "é/"}).Draw(t, "text")
	}
	return n
}

var spellings = map[string][]string{
	"not": {"not ", "!", "! ", "not  "},
	"and": {" and ", "&", "\r\nand "}, "or": {" or ", "|", "+", " +\n"}, "minus": {"-", " - "},
}

var level = map[string]int{"or": 1, "and": 2, "minus": 2, "not": 3}

// print writes a tree for a place that binds as tightly as outer.
func (n tree) print(t *rapid.T, outer int) string {
	own, joined := level[n.op], ""
	spelling := ""
	if own > 0 {
		spelling = rapid.SampledFrom(spellings[n.op]).Draw(t, "spelling")
	}
	switch {
	case own == 0:
		return n.printPredicate(t)
	case n.op == "not":
		joined = spelling + n.of[0].print(t, own)
	default:
		joined = n.of[0].print(t, own) + spelling + n.of[1].print(t, own+1)
	}
	if own < outer || rapid.Bool().Draw(t, "parentheses") {
		return "( " + joined + ")"
	}
	return joined
}

func (n tree) printPredicate(t *rapid.T) string {
	if n.op == "all" || n.op == "none" {
		return n.op + "( )"
	}
	accent := rapid.SampledFrom([]string{"é", `\u{e9}`}).Draw(t, "é")
	text := strings.NewReplacer(`\`, `\\`, ")", `\)`, ",", `\,`, "é", accent).Replace(n.text)
	if n.op == "test" {
		return n.op + rapid.SampledFrom([]string{"(", "( ", "(~", " (~"}).Draw(t, "sign") + text + ")"
	}
	return n.op + "(=" + text + ")"
}

func (n tree) match(t Test) bool {
	switch n.op {
	case "not":
		return !n.of[0].match(t)
	case "and":
		return n.of[0].match(t) && n.of[1].match(t)
	case "or":
		return n.of[0].match(t) || n.of[1].match(t)
	case "minus":
		return n.of[0].match(t) && !n.of[1].match(t)
	case "test":
		return strings.Contains(t.Name, n.text)
	case "all", "none":
		return n.op == "all"
	}
	asked := map[string]string{"binary": t.Binary.Name, "kind": t.Binary.Kind, "suite": t.Binary.Suite, "group": t.Group}
	return asked[n.op] == n.text
}

func TestWhatIsPrintedMeansTheSame(t *testing.T) {
	names := rapid.SampledFrom([]string{"a", "b", "a,b", "(a)", `x\y`, "é/b"})
	rapid.Check(t, func(t *rapid.T) {
		n := randomTree(t, 4)
		text := n.print(t, 0)
		e, err := Parse(text, options)
		if err != nil {
			t.Fatal(err)
		}
		b := Binary{Suite: names.Draw(t, "suite"), Name: names.Draw(t, "binary"), Kind: names.Draw(t, "kind")}
		var answers []bool
		for range 5 {
			test := Test{&b, names.Draw(t, "test"), rapid.SampledFrom([]string{"@global", "serial"}).Draw(t, "group")}
			got := e.Match(test)
			if want := n.match(test); got != want {
				t.Fatalf("%s on %+v: want %t, got %t", text, test, want, got)
			}
			answers = append(answers, got)
		}
		known := e.MatchBinary(b)
		if known == No && slices.Contains(answers, true) || known == Yes && slices.Contains(answers, false) {
			t.Fatalf("%s: the binary was pruned wrongly: %v", text, answers)
		}
	})
}
