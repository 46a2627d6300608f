package compose

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names choose tests by their names, as the arguments of `cargo nextest run` do.
type Names struct {
	Contain     []string // tests whose name contains one of these
	Equal       []string // or is one of these
	SkipContain []string // but none whose name contains one of these
	SkipEqual   []string // or is one of these
	Ignored     string   // --ignored or --include-ignored, or empty
}

// ParseNames reads the arguments before and after --. Before it are texts that names contain. After it are the
// arguments that nextest knows from libtest: names, --skip NAME, --exact, --ignored, --include-ignored.
func ParseNames(before, after []string) (Names, error) {
	n := Names{Contain: before}
	exact, err := isExact(after)
	if err != nil {
		return Names{}, err
	}
	var unknown []string
	for i := 0; i < len(after); i++ {
		switch arg := after[i]; {
		case arg == "--":
			n.include(exact, after[i+1:]...)
			i = len(after)
		case !strings.HasPrefix(arg, "-"):
			n.include(exact, arg)
		case arg == "--exact": // looked for before
		case arg == "--skip":
			if i++; i == len(after) {
				return Names{}, errors.New("-- --skip: want the name of tests to skip after it")
			}
			n.skip(exact, after[i])
		case arg == "--ignored", arg == "--include-ignored":
			if n.Ignored != "" {
				return Names{}, fmt.Errorf("-- %s: there was %s before: give one of them, once", arg, n.Ignored)
			}
			n.Ignored = arg
		case arg == "--nocapture", arg == "--no-capture":
			return Names{}, fmt.Errorf("-- %s: pods have no terminal to print to: what failed tests print is shown", arg)
		default:
			unknown = append(unknown, arg)
		}
	}
	if len(unknown) > 0 {
		return Names{}, fmt.Errorf("after -- there may be names, --skip NAME, --exact, --ignored and --include-ignored, "+
			"not %s: flags of podtest stand before --", strings.Join(unknown, " "))
	}
	return n, nil
}

// isExact looks for --exact, which is about what stands before it too.
func isExact(args []string) (bool, error) {
	exact := false
	for _, arg := range args {
		if arg == "--" {
			break
		}
		if arg != "--exact" {
			continue
		}
		if exact {
			return false, errors.New("-- --exact: give it once")
		}
		exact = true
	}
	return exact, nil
}

func (n *Names) include(exact bool, names ...string) {
	if exact {
		n.Equal = append(n.Equal, names...)
		return
	}
	n.Contain = append(n.Contain, names...)
}

func (n *Names) skip(exact bool, name string) {
	if exact {
		n.SkipEqual = append(n.SkipEqual, name)
		return
	}
	n.SkipContain = append(n.SkipContain, name)
}

// Filterset selects what the names choose; empty: they choose nothing in particular, so all tests. It can be joined
// with and as it is.
func (n Names) Filterset() string {
	included := union(append(questions('~', n.Contain), questions('=', n.Equal)...))
	skipped := union(append(questions('~', n.SkipContain), questions('=', n.SkipEqual)...))
	switch {
	case skipped == "":
		return included
	case included == "":
		return "not " + skipped
	}
	return included + " and not " + skipped
}

// union is what any of the filtersets selects, in parentheses if there are several.
func union(filters []string) string {
	if len(filters) < 2 {
		return strings.Join(filters, "")
	}
	return "(" + strings.Join(filters, " or ") + ")"
}

// questions are predicates, one a name. No name equals the empty one, and each contains it; the language cannot ask for
// it.
func questions(sign byte, names []string) []string {
	var all []string
	for _, name := range names {
		switch {
		case name != "":
			all = append(all, "test("+string(sign)+Escape(name)+")")
		case sign == '~':
			all = append(all, "all()")
		default:
			all = append(all, "none()")
		}
	}
	return all
}

// Escape writes text so that a filterset means just this text after a = or a ~.
func Escape(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(`\),`, r):
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n', r == '\r', r == '\t':
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		case unicode.IsGraphic(r):
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u{%x}`, r)
		}
	}
	return out.String()
}

// valid: JSON carries no other text.
func (n Names) valid() error {
	for _, names := range [][]string{n.Contain, n.Equal, n.SkipContain, n.SkipEqual} {
		for _, name := range names {
			if !utf8.ValidString(name) {
				return fmt.Errorf("the name %q is not UTF-8: no test can be called so", name)
			}
		}
	}
	return nil
}
