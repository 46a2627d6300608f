package filter

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

var posix = regexp.MustCompile(
	`^\[:\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]`)

// class reads what follows an opening bracket.
func (t *translator) class(at int) {
	t.out.WriteByte('[')
	if t.take("^") {
		if t.flags.ascii {
			t.refuse(at, "a negated class without Unicode may match half a character", "write it without (?-u)")
		}
		t.out.WriteByte('^')
	}
	for first := true; t.err == nil; first = false {
		if t.pos >= len(t.text) {
			t.refuse(at, "this [ is never closed", `write \[ for the character`)
			return
		}
		if !first && t.take("]") {
			t.out.WriteByte(']')
			return
		}
		t.classItem(first)
	}
}

func (t *translator) classItem(first bool) {
	at := t.pos
	for _, op := range []string{"&&", "--", "~~"} {
		if t.take(op) {
			t.refuse(at, "there is no "+op+" in a class",
				`join predicates with and, or, not; write \`+op[:1]+" for the character")
			return
		}
	}
	if t.posixClass(at) {
		return
	}
	switch r := t.char(); {
	case r == '[':
		t.refuse(at, "there is no class in a class", `write \[ for the character`)
	case r == '\\':
		t.classEscape(at)
	case r == '-' && rangeToClass.MatchString(t.text[t.pos:]):
		t.refuse(at, "a range cannot end with a class", `write \- for the character`)
	case r == '-' && !first && !strings.HasPrefix(t.text[t.pos:], "]"):
		t.out.WriteByte('-') // of a range; Go refuses those that are none
	default:
		fmt.Fprintf(&t.out, `\x{%x}`, r)
	}
}

// posixClass reads a class such as [:alpha:], if there is one.
func (t *translator) posixClass(at int) bool {
	name := posix.FindString(t.text[t.pos:])
	if name == "" {
		return false
	}
	if t.flags.ascii && strings.HasPrefix(name, "[:^") {
		t.refuse(at, "a negated class without Unicode may match half a character", "write it without (?-u)")
	}
	t.pos += len(name)
	t.out.WriteString(name)
	return true
}

func (t *translator) classEscape(at int) {
	set := strings.ContainsAny(t.text[t.pos:min(t.pos+1, len(t.text))], "dDsSwWpP")
	t.out.WriteString(t.escape(true))
	if rest := t.text[t.pos:]; set && strings.HasPrefix(rest, "-") && !strings.HasPrefix(rest, "-]") {
		t.refuse(at, "a range cannot begin with a class", `write \- for the character`)
	}
}

var rangeToClass = regexp.MustCompile(`^\\[dDsSwWpP]`)

var propertyName = regexp.MustCompile(`^(?:([A-Za-z])|\{([A-Za-z][A-Za-z_ -]*)\})`)

// property reads a class of Unicode by its name: a general category or a script.
func (t *translator) property(at int, kind rune) string {
	m := propertyName.FindStringSubmatch(t.text[t.pos:])
	if m == nil {
		t.refuse(at, "this class of Unicode is not supported", `write a category or a script, such as \p{Lu} or \p{Greek}`)
		return ""
	}
	t.pos += len(m[0])
	if t.flags.ascii {
		t.refuse(at, `\p without Unicode has no meaning`, "write it without (?-u)")
	}
	name := property(m[1] + m[2])
	if name == "" {
		t.refuse(at, "there is no category or script "+m[1]+m[2],
			`such as \p{Lu} or \p{Greek}; other properties are not supported`)
	}
	return `\` + string(kind) + `{` + name + `}`
}

// property is Go's spelling of a name: case, spaces, hyphens and underscores do not count.
func property(name string) string {
	loose := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", " ", "", "-", "").Replace(s))
	}
	want := loose(name)
	for known := range unicode.Categories {
		if loose(known) == want {
			return known
		}
	}
	for alias, known := range unicode.CategoryAliases {
		if loose(alias) == want {
			return known
		}
	}
	for known := range unicode.Scripts {
		if loose(known) == want {
			return known
		}
	}
	return ""
}

// complement is all that a set is not, for the inside of []: Go has no way to say it there.
func complement(set string) string {
	parsed, err := syntax.Parse(`[^`+set+`]`, syntax.Perl)
	if err != nil {
		return set // never: the sets are constants
	}
	var out strings.Builder
	for i := 0; i+1 < len(parsed.Rune); i += 2 {
		fmt.Fprintf(&out, `\x{%x}-\x{%x}`, parsed.Rune[i], min(parsed.Rune[i+1], utf8.MaxRune))
	}
	return out.String()
}
