package importer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Note is something that the reader of the result has to know.
type Note struct {
	Line int    // of the configuration; 0: of no line
	Key  string // such as profile.ci.retries
	Text string // what is different, and what to do instead
}

// document is a configuration with the line of each key.
type document struct {
	root   map[string]any
	lines  map[string]int // by path
	tables []*table       // that have been read
	notes  []Note
	wrong  []Note
}

// path is the way to a key; elements of lists are numbers.
type path []string

func (p path) with(key string) path { return append(slices.Clone(p), key) }
func (p path) id() string           { return strings.Join(p, "\x00") }

// String is the path as TOML would have it, with the elements of lists in brackets.
func (p path) String() string {
	var b strings.Builder
	for i, key := range p {
		switch {
		case strings.HasPrefix(key, "["):
			b.WriteString(key)
			continue
		case strings.ContainsFunc(key, notBare) || key == "":
			key = strconv.Quote(key)
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(key)
	}
	return b.String()
}

// bare are the characters of keys that need no quotes.
const bare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func notBare(r rune) bool { return !strings.ContainsRune(bare, r) }

func element(i int) string { return fmt.Sprintf("[%d]", i) }

// read parses TOML. The error says where it is wrong.
func read(data []byte) (*document, error) {
	d := &document{root: map[string]any{}, lines: map[string]int{}}
	if err := toml.Unmarshal(data, &d.root); err != nil {
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, column := at.Position()
			return nil, fmt.Errorf("line %d, column %d: %s\n%s", row, column,
				strings.TrimPrefix(at.Error(), "toml: "), at.String())
		}
		return nil, err
	}
	p := &unstable.Parser{}
	p.Reset(data)
	l := locator{d, p, map[string]int{}}
	var at path
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table:
			at = l.header(e, false)
		case unstable.ArrayTable:
			at = l.header(e, true)
		case unstable.KeyValue:
			l.keyValue(at, e)
		default: // a comment
		}
	}
	return d, p.Error()
}

// locator notes the lines of keys.
type locator struct {
	*document
	parser *unstable.Parser
	counts map[string]int // tables in each list of tables
}

func (l locator) note(p path, key *unstable.Node) {
	if _, known := l.lines[p.id()]; !known {
		l.lines[p.id()] = l.parser.Shape(key.Raw).Start.Line
	}
}

// header is the path of [a.b] or [[a.b]].
func (l locator) header(e *unstable.Node, list bool) path {
	var at path
	keys := e.Key()
	for keys.Next() {
		n := keys.Node()
		at = at.with(string(n.Data))
		l.note(at, n)
		count := l.counts[at.id()]
		if list && keys.IsLast() {
			count++
			l.counts[at.id()] = count
		}
		if count > 0 {
			at = at.with(element(count - 1))
			l.note(at, n)
		}
	}
	return at
}

func (l locator) keyValue(at path, e *unstable.Node) {
	keys := e.Key()
	var last *unstable.Node
	for keys.Next() {
		last = keys.Node()
		at = at.with(string(last.Data))
		l.note(at, last)
	}
	l.value(at, e.Value(), last)
}

func (l locator) value(at path, v, key *unstable.Node) {
	children := v.Children()
	switch v.Kind {
	case unstable.InlineTable:
		for children.Next() {
			l.keyValue(at, children.Node())
		}
	case unstable.Array:
		for i := 0; children.Next(); i++ {
			item, child := at.with(element(i)), children.Node()
			if child.Raw.Length > 0 {
				l.note(item, child)
			} else {
				l.note(item, key)
			}
			l.value(item, child, key)
		}
	default:
	}
}

// line of a key, or of the nearest thing around it.
func (d *document) line(p path) int {
	for len(p) > 0 {
		if line, known := d.lines[p.id()]; known {
			return line
		}
		p = p[:len(p)-1]
	}
	return 0
}

func (d *document) note(p path, format string, args ...any) {
	d.notes = append(d.notes, Note{d.line(p), p.String(), fmt.Sprintf(format, args...)})
}

func (d *document) fault(p path, format string, args ...any) {
	d.wrong = append(d.wrong, Note{d.line(p), p.String(), fmt.Sprintf(format, args...)})
}

// unknown notes each key that nobody has asked for, as nextest does.
func (d *document) unknown() {
	for _, t := range d.tables {
		for key := range t.values {
			if !t.used[key] {
				d.note(t.path.with(key), "not a key of nextest: ignored, as nextest does")
			}
		}
	}
}

// table is a table of the document. Whatever is read of it is known to be a key.
type table struct {
	*document
	path   path
	values map[string]any
	used   map[string]bool
}

func (d *document) newTable(p path, values map[string]any) *table {
	t := &table{d, p, values, map[string]bool{}}
	d.tables = append(d.tables, t)
	return t
}

// keys in the order of their lines.
func (t *table) keys() []string {
	return slices.SortedFunc(maps.Keys(t.values), func(a, b string) int {
		if by := t.line(t.path.with(a)) - t.line(t.path.with(b)); by != 0 {
			return by
		}
		return strings.Compare(a, b)
	})
}

func (t *table) at(key string) path { return t.path.with(key) }

func (t *table) get(key string) (any, bool) {
	v, there := t.values[key]
	t.used[key] = true
	return v, there
}

func (t *table) has(key string) bool {
	_, there := t.values[key]
	return there
}

// as reads a key of one type; want names it in the error.
func as[T any](t *table, key, want string) (v T, there bool) {
	raw, there := t.get(key)
	if !there {
		return v, false
	}
	v, ok := raw.(T)
	if !ok {
		t.fault(t.at(key), "want %s", want)
	}
	return v, ok
}

func (t *table) text(key string) (string, bool)   { return as[string](t, key, "a string") }
func (t *table) boolean(key string) (bool, bool)  { return as[bool](t, key, "true or false") }
func (t *table) integer(key string) (int64, bool) { return as[int64](t, key, "a whole number") }
func (t *table) items(key string) ([]any, bool)   { return as[[]any](t, key, "a list") }
func (t *table) object(key string) (*table, bool) { return t.objectIn(t.path, key) }

func (t *table) objectIn(at path, key string) (*table, bool) {
	values, ok := as[map[string]any](t, key, "a table")
	if !ok {
		return nil, false
	}
	return t.newTable(at.with(key), values), true
}

// words reads a list of strings.
func (t *table) words(key string) ([]string, bool) {
	list, ok := t.items(key)
	if !ok {
		return nil, false
	}
	words := make([]string, 0, len(list))
	for i, v := range list {
		word, ok := v.(string)
		if !ok {
			t.fault(t.at(key).with(element(i)), "want a string")
			return nil, false
		}
		words = append(words, word)
	}
	return words, true
}

// objects reads a list of tables.
func (t *table) objects(key string) []*table {
	list, _ := t.items(key)
	var tables []*table
	for i, v := range list {
		at := t.at(key).with(element(i))
		values, ok := v.(map[string]any)
		if !ok {
			t.fault(at, "want a table")
			continue
		}
		tables = append(tables, t.newTable(at, values))
	}
	return tables
}

// word reads one of the known words and gives what stands for it.
func word[T ~string](t *table, key string, known map[string]T) T {
	text, ok := t.text(key)
	if !ok {
		return ""
	}
	v, ok := known[text]
	if !ok {
		t.fault(t.at(key), "%q: want one of %s", text, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	return v
}
