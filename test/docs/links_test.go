// Package docs holds what is written for people to what there is: links lead somewhere.
package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// tree is the root of the project.
const tree = "../.."

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`^#{1,6} +(.*)$`)
	fence   = regexp.MustCompile("^ *```")
	code    = regexp.MustCompile("`[^`]*`")
)

// page is what a Markdown file has outside of code.
type page struct {
	links   []string
	anchors map[string]bool
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	pages := map[string]page{}
	err := filepath.WalkDir(tree, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "testdata" || e.Name() == ".git" || e.Name() == "bin"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			pages[path] = read(string(text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, p := range pages {
		for _, to := range p.links {
			if strings.Contains(to, "://") {
				continue
			}
			n++
			if err := follow(pages, path, to); err != nil {
				t.Errorf("%s: link to %s: %v", path, to, err)
			}
		}
	}
	if len(pages) < 10 || n < 50 {
		t.Errorf("only %d links of %d pages were found", n, len(pages))
	}
}

// follow goes to where a link of a page leads.
func follow(pages map[string]page, from, link string) error {
	file, anchor, _ := strings.Cut(link, "#")
	to := from
	if file != "" {
		to = filepath.Join(filepath.Dir(from), file)
	}
	if _, err := os.Stat(to); err != nil {
		return err
	}
	if anchor != "" && !pages[to].anchors[anchor] {
		return fmt.Errorf("%s has no such heading", to)
	}
	return nil
}

func read(text string) page {
	p := page{anchors: map[string]bool{}}
	inCode := false
	for line := range strings.SplitSeq(text, "\n") {
		if fence.MatchString(line) {
			inCode = !inCode
		}
		if inCode {
			continue
		}
		if found := heading.FindStringSubmatch(line); found != nil {
			p.add(slug(found[1]))
		}
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(line, "code"), -1) {
			p.links = append(p.links, found[1])
		}
	}
	return p
}

// add adds an anchor; one that is there already gets a number, as on GitHub.
func (p page) add(anchor string) {
	name := anchor
	for i := 1; p.anchors[name]; i++ {
		name = fmt.Sprintf("%s-%d", anchor, i)
	}
	p.anchors[name] = true
}

// slug is the anchor that GitHub gives a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

func TestALinkToNowhereIsFound(t *testing.T) {
	pages := map[string]page{"links_test.go": read("# A `b.c` d\n# A b.c D\n[x](y.md) `[no](link)`\n```\n[no](link)\n# no\n```\n")}
	if p := pages["links_test.go"]; len(p.links) != 1 || len(p.anchors) != 2 {
		t.Errorf("%+v", p)
	}
	for to, want := range map[string]bool{
		"y.md": false, "#a-bc-d": true, "#a-bc-d-1": true, "#a-bc-d-2": false, "links_test.go#no": false, "#a": false,
	} {
		if got := follow(pages, "links_test.go", to) == nil; got != want {
			t.Errorf("%s leads somewhere: %t", to, got)
		}
	}
}
