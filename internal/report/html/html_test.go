package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/html"
	"github.com/podtest/podtest/internal/report/reporttest"
)

func written(t testing.TB, made *reporttest.Made) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, facts.Of(made.Input(t), "podtest")); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// part is what a parser makes of a report.
type part struct {
	elements map[string]int
	scripts  []string
	style    string
	policy   string
	page     string // without style and scripts
}

func parsed(t testing.TB, text []byte) part {
	t.Helper()
	root, err := nethtml.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := part{elements: map[string]int{}}
	var walk func(n *nethtml.Node)
	walk = func(n *nethtml.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == nethtml.ElementNode {
				p.elements[c.Data]++
			}
			walk(c)
			switch {
			case c.Type != nethtml.ElementNode || c.FirstChild == nil:
			case c.Data == "script":
				p.scripts = append(p.scripts, c.FirstChild.Data)
				c.FirstChild.Data = ""
			case c.Data == "style":
				p.style = c.FirstChild.Data
				c.FirstChild.Data = ""
			}
			for i, a := range c.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
					t.Errorf("<%s> has the attribute %s", c.Data, a.Key)
				}
				if a.Key == "content" && strings.HasPrefix(a.Val, "default-src") {
					p.policy, c.Attr[i].Val = a.Val, "policy"
				}
			}
		}
	}
	walk(root)
	var b strings.Builder
	if err := nethtml.Render(&b, root); err != nil {
		t.Fatal(err)
	}
	p.page = b.String()
	return p
}

func TestThePageWithoutItsScripts(t *testing.T) {
	for name, story := range reporttest.Stories {
		t.Run(name, func(t *testing.T) {
			text := written(t, story())
			wellFormed(t, text)
			if name == "hostile" {
				return // it is long
			}
			p := parsed(t, text)
			goldentest.Compare(t, filepath.Join("testdata", name+".html"), []byte(p.page))
		})
	}
}

func TestThePolicyAllowsJustTheOneScriptAndTheOneStyle(t *testing.T) {
	p := parsed(t, written(t, reporttest.Hostile()))
	if len(p.scripts) != 2 {
		t.Fatalf("%d scripts, want 2", len(p.scripts))
	}
	source := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'",
		source(p.scripts[1]), source(p.style))
	if p.policy != want {
		t.Errorf("the policy is\n%s\nwant\n%s", p.policy, want)
	}
}

// elements are those of a page of a run, whatever its tests are called and print: by name, and how many at most.
var elements = map[string]int{"script": 2, "style": 1, "link": 1, "meta": 5, "title": 1, "canvas": 2, "input": 1, "main": 1, "aside": 1}

// wellFormed checks that a page has only elements that are ours.
func wellFormed(t testing.TB, text []byte) {
	t.Helper()
	p := parsed(t, text)
	for name, most := range elements {
		if p.elements[name] > most {
			t.Errorf("%d elements %s, want at most %d", p.elements[name], name, most)
		}
	}
	for _, name := range []string{"img", "iframe", "object", "embed", "form", "base"} {
		if p.elements[name] > 0 {
			t.Errorf("there is an element %s", name)
		}
	}
	var data struct {
		Tests [][]any `json:"tests"`
	}
	if err := json.Unmarshal([]byte(p.scripts[0]), &data); err != nil {
		t.Fatalf("the data: %v", err)
	}
}

func FuzzAnyBytesGiveAWellFormedPage(f *testing.F) {
	f.Add(reporttest.Evil, reporttest.Evil)
	f.Add("--><script>", "<!--<script")
	f.Fuzz(func(t *testing.T, name, printed string) {
		made := reporttest.Green()
		o := made.Test(name)
		made.Row(0, outcome.Row{Ordinal: o, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1}, 0, 1)
		made.Row(0, outcome.Row{Ordinal: o, Attempt: 2, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1}, 0, 1)
		made.Row(0, outcome.Row{Ordinal: o, Attempt: 3, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1}, 0, 1)
		made.Print(o, 1, printed, name)
		flaky := made.Test(name + "2")
		made.Row(0, outcome.Row{Ordinal: flaky, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1}, 0, 1)
		made.Row(0, outcome.Row{Ordinal: flaky, Attempt: 2, Outcome: outcome.Passed}, 0, 1)
		made.Print(flaky, 1, printed, name)
		wellFormed(t, written(t, made))
	})
}

func TestTheSizeIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		made *reporttest.Made
		most int
	}{
		"ten thousand tests, one of a hundred failed": {reporttest.Many(10_000, 20), 1_500_000},
		"a run whose tests print a megabyte each":     {reporttest.Hostile(), 1_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			if n := len(written(t, c.made)); n > c.most {
				t.Errorf("%d bytes, want at most %d", n, c.most)
			}
		})
	}
}
