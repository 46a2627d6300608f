package filter

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// regexError is a place in a regular expression that Go would read otherwise than Rust, or not at all.
type regexError struct {
	from, length  int
	message, hint string
}

// flags of Rust that change what is written here; Go knows the others by the same letters.
type flags struct{ ascii, fold bool }

// translator rewrites Rust's spelling into Go's. What Go cannot express is refused: a silent difference would select
// other tests.
type translator struct {
	text  string
	pos   int
	flags flags
	outer []flags // of the open groups
	out   strings.Builder
	err   *regexError
}

func translate(pattern string) (string, *regexError) {
	t := &translator{text: pattern}
	for t.pos < len(t.text) && t.err == nil {
		t.next()
	}
	return t.out.String(), t.err
}

func (t *translator) refuse(from int, message, hint string) {
	if t.err == nil {
		t.err = &regexError{from, max(t.pos-from, 1), message, hint}
	}
}

func (t *translator) char() rune {
	r, n := utf8.DecodeRuneInString(t.text[t.pos:])
	t.pos += n
	return r
}

func (t *translator) take(s string) bool {
	if !strings.HasPrefix(t.text[t.pos:], s) {
		return false
	}
	t.pos += len(s)
	return true
}

func (t *translator) next() {
	at := t.pos
	switch r := t.char(); r {
	case '\\':
		t.out.WriteString(t.escape(false))
	case '[':
		t.class(at)
	case '(':
		t.group(at)
	case ')':
		if n := len(t.outer); n > 0 {
			t.flags, t.outer = t.outer[n-1], t.outer[:n-1]
		}
		t.out.WriteByte(')')
	case '{':
		t.repeat(at)
	case '.':
		if t.flags.ascii {
			t.refuse(at, "a dot without Unicode may match half a character", "write (?u:.)")
		}
		t.out.WriteByte('.')
	case '*', '+', '?', '|', '^', '$':
		t.out.WriteRune(r)
	default:
		t.out.WriteString(regexp.QuoteMeta(string(r)))
	}
}

var repetition = regexp.MustCompile(`^\s*([0-9]+)\s*(,\s*([0-9]+)?\s*)?\}`)

func (t *translator) repeat(at int) {
	m := repetition.FindStringSubmatch(t.text[t.pos:])
	if m == nil {
		t.refuse(at, "this { begins no repetition", `write \{ for the character`)
		return
	}
	t.pos += len(m[0])
	for _, number := range []string{m[1], m[3]} {
		if n, err := strconv.Atoi(number); number != "" && (err != nil || n > 1000) {
			t.refuse(at, "a repetition can be at most 1000 times", "")
			return
		}
	}
	t.out.WriteString("{" + m[1])
	if m[2] != "" {
		t.out.WriteString("," + m[3])
	}
	t.out.WriteString("}")
}

var (
	groupName  = regexp.MustCompile(`^\?P?<[_\p{L}][\w.\[\]\p{L}\p{Nd}]*>`)
	groupFlags = regexp.MustCompile(`^\?([A-Za-z]*)(-[A-Za-z]+)?([:)])`)
)

func (t *translator) group(at int) {
	rest := t.text[t.pos:]
	if !strings.HasPrefix(rest, "?") {
		t.outer = append(t.outer, t.flags)
		t.out.WriteString("(?:")
		return
	}
	if name := groupName.FindString(rest); name != "" {
		t.pos += len(name)
		t.outer = append(t.outer, t.flags)
		t.out.WriteString("(?:")
		return
	}
	for _, look := range []string{"?=", "?!", "?<=", "?<!"} {
		if strings.HasPrefix(rest, look) {
			t.refuse(at, "there is no looking ahead or behind", "join predicates with and, or, not")
		}
	}
	m := groupFlags.FindStringSubmatch(rest)
	if m == nil || m[1]+m[2] == "" && m[3] == ")" {
		t.refuse(at, "this group is not understood", `write \( for the character`)
		return
	}
	t.pos += len(m[0])
	if m[3] == ":" {
		t.outer = append(t.outer, t.flags)
	}
	t.setFlags(at, m[1], strings.TrimPrefix(m[2], "-"), m[3])
}

func (t *translator) setFlags(at int, on, off, end string) {
	for i, letter := range on + off {
		set := i < len(on)
		switch letter {
		case 'u':
			t.flags.ascii = !set
		case 'i':
			t.flags.fold = set
		case 'm', 's', 'U':
		case 'x':
			t.refuse(at, "the verbose mode (?x) is not supported", "write the expression without spaces and comments")
		case 'R':
			t.refuse(at, "the flag R is not supported", "")
		default:
			t.refuse(at, fmt.Sprintf("there is no flag %c", letter), "the flags are i, m, s, U and u")
		}
	}
	if t.flags.ascii && t.flags.fold {
		t.refuse(at, "ignoring case without Unicode is not supported", "write (?i) or (?-u), not both")
	}
	without := func(s string) string { return strings.ReplaceAll(s, "u", "") }
	on, off = without(on), without(off)
	if off != "" {
		off = "-" + off
	}
	if on+off != "" || end == ":" {
		t.out.WriteString("(?" + on + off + end)
	}
}

// escape reads what follows a backslash, in a class or outside.
func (t *translator) escape(inClass bool) string {
	at := t.pos - 1
	if t.pos == len(t.text) {
		t.refuse(at, "there is nothing after the backslash", "")
		return ""
	}
	r := t.char()
	switch {
	case strings.ContainsRune("dDsSwW", r):
		return t.perl(at, r, inClass)
	case r == 'p' || r == 'P':
		return t.property(at, r)
	case strings.ContainsRune("xuU", r):
		return t.hex(at, r)
	case strings.ContainsRune("nrtfva", r):
		return `\` + string(r)
	case isPunctuation(r):
		return hexBytes(string(r))
	case inClass:
		t.refuse(at, `there is no \`+string(r)+" in a class", "")
		return ""
	}
	return t.assertion(at, r)
}

// isPunctuation reports whether a backslash before r makes it stand for itself.
func isPunctuation(r rune) bool {
	return r < utf8.RuneSelf && !isWord(byte(r)) && r != '<' && r != '>' || r == '_'
}

func (t *translator) assertion(at int, r rune) string {
	switch r {
	case 'A', 'z':
		return `\` + string(r)
	case 'b', 'B', '<', '>':
		if (r == 'b' || r == 'B') && t.flags.ascii && !strings.HasPrefix(t.text[t.pos:], "{") {
			return `\` + string(r)
		}
		t.refuse(at, "word boundaries of Unicode are not supported",
			`write (?-u:\b) if the names are ASCII, or (?:^|\W) and (?:\W|$)`)
	case 'Q', 'E', 'C', 'Z':
		t.refuse(at, `there is no \`+string(r), `it is no escape of nextest's regular expressions; use \z for the end`)
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		t.refuse(at, "there are no back references and no octal numbers", `write \x{…} for a character`)
	default:
		t.refuse(at, `there is no \`+string(r), `write \\ for a backslash`)
	}
	return ""
}

// Unicode's classes, written for the inside of [].
const (
	digits = `\p{Nd}`
	spaces = `\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	// Alphabetic is the letters, the numbers that are letters, and some symbols; marks are words anyway.
	words = `\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}\x{24b6}-\x{24e9}` +
		`\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}`
)

var asciiClasses = map[rune]string{'d': `0-9`, 's': `\t-\r `, 'w': `0-9A-Za-z_`}

func (t *translator) perl(at int, r rune, inClass bool) string {
	lower := unicode.ToLower(r)
	set := map[rune]string{'d': digits, 's': spaces, 'w': words}[lower]
	if t.flags.ascii {
		set = asciiClasses[lower]
		if r != lower {
			t.refuse(at, `\`+string(r)+" without Unicode may match half a character", "write it without (?-u)")
		}
	}
	switch {
	case inClass && r == lower:
		return set
	case inClass && r == 'D':
		return `\P{Nd}`
	case inClass:
		return complement(set)
	case r == lower:
		return `[` + set + `]`
	}
	return `[^` + set + `]`
}

func (t *translator) hex(at int, kind rune) string {
	digits, width := "", map[rune]int{'x': 2, 'u': 4, 'U': 8}[kind]
	if t.take("{") {
		var closed bool
		digits, _, closed = strings.Cut(t.text[t.pos:], "}")
		if !closed {
			digits = ""
		}
		t.pos += len(digits) + 1
	} else {
		digits = t.text[t.pos:min(t.pos+width, len(t.text))]
		t.pos += len(digits)
		if len(digits) < width {
			digits = ""
		}
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || n > unicode.MaxRune || !utf8.ValidRune(rune(n)) {
		t.pos = min(t.pos, len(t.text))
		t.refuse(at, "this is no character", `write \x{…} with the hexadecimal number of one`)
		return ""
	}
	if t.flags.ascii && n > 0x7f {
		t.refuse(at, "without Unicode this is half a character", "write it without (?-u)")
	}
	return fmt.Sprintf(`\x{%x}`, n)
}
