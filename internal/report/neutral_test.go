package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/ci"
	"github.com/podtest/podtest/internal/report/ctrf"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/html"
	"github.com/podtest/podtest/internal/report/junit"
	"github.com/podtest/podtest/internal/report/markdown"
	"github.com/podtest/podtest/internal/report/reporttest"
	"github.com/podtest/podtest/internal/report/trace"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// evil is what a name of the hostile run has within it, and shown is how a reader sees that.
const (
	evil  = "\u202eright-to-left"
	shown = `\u202eright-to-left`
)

// renderer is a way from a run to what a terminal, a browser or the log of a CI system shows.
type renderer struct {
	write func(w io.Writer, made *reporttest.Made, in report.Input) error
	// read is what a reader of the format sees of it.
	read   func(t *testing.T, text []byte) string
	data   bool // names are as they are for those who read it
	steers bool // it writes sequences of its own
}

func TestNoRendererLetsHostileTextThrough(t *testing.T) {
	for name, r := range map[string]renderer{
		"terminal": {write: printed(report.Options{Status: "all", Final: "all", Verbose: true}), read: asIs},
		"terminal, in color": {
			write: printed(report.Options{Terminal: true, Width: 80, Height: 24, Color: true}), read: asIs, steers: true,
		},
		"log of GitHub": {write: logged(ci.GitHub), read: asIs},
		"annotations": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			_, err := w.Write((&ci.Annotations{}).Tests(in))
			return err
		}, read: asIs},
		"events": {write: func(w io.Writer, made *reporttest.Made, _ report.Input) error {
			return each(made, func(e report.Event) error {
				line, err := report.EncodeEvent(e, made.Now)
				_, _ = w.Write(line)
				return err
			})
		}, read: lines, data: true},
		"results, a table": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			return report.Table{Wide: true}.Write(w, in.Book.Results(in.Run))
		}, read: asIs},
		"results, JSON": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			return report.WriteJSONLines(w, in.Book.Results(in.Run))
		}, read: lines, data: true},
		"explanation": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			return in.Book.Explain(in.Run, settings.Provenance{}, 0).Write(w)
		}, read: asIs},
		"comparison": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			return compared(in).Write(w, 0)
		}, read: asIs},
		"comparison, Markdown": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			return compared(in).WriteMarkdown(w, 0)
		}, read: asIs},
		"ranking": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			ranking := report.NewRanking()
			ranking.Add(in.Run.Name, in.Book.Results(in.Run))
			return report.WriteTop(w, ranking.Top("flaky", 10), true)
		}, read: asIs},
		"plan": {write: func(w io.Writer, made *reporttest.Made, in report.Input) error {
			set, err := settings.Resolve(&in.Run.Spec, settings.Provenance{}, &made.Catalog)
			return errors.Join(err, report.WritePlan(w, report.Plan(&made.Catalog, set, true)))
		}, read: asIs},
		"list as nextest's": {write: func(w io.Writer, made *reporttest.Made, in report.Input) error {
			set, err := settings.Resolve(&in.Run.Spec, settings.Provenance{}, &made.Catalog)
			return errors.Join(err, report.WriteListJSON(w, &made.Catalog, set))
		}, read: object, data: true},
		"JUnit": {write: func(w io.Writer, _ *reporttest.Made, in report.Input) error {
			return junit.Write(w, in)
		}, read: elements},
		"HTML":     {write: ofFacts(html.Write), read: page},
		"trace":    {write: ofFacts(trace.Write), read: object},
		"CTRF":     {write: ofFacts(ctrf.Write), read: object},
		"Markdown": {write: ofFacts(func(w io.Writer, run *facts.Run) error { return markdown.Write(w, run, 60_000) }), read: asIs},
	} {
		t.Run(name, func(t *testing.T) {
			made := reporttest.Hostile()
			var text bytes.Buffer
			if err := r.write(&text, made, made.Input(t)); err != nil {
				t.Fatal(err)
			}
			raw := text.Bytes()
			if r.steers {
				raw = ours.ReplaceAll(raw, nil)
			}
			plain(t, string(raw))
			seen := r.read(t, raw)
			if !r.data {
				plain(t, seen)
			}
			if want := map[bool]string{false: shown, true: evil}[r.data]; !strings.Contains(strings.ToLower(seen), want) {
				t.Errorf("no %q: the name is not to be told from others", want)
			}
		})
	}
}

// plain checks that a text has nothing in it that steers a terminal or deceives its reader.
func plain(t *testing.T, text string) {
	t.Helper()
	for at, c := range text {
		if (c == utf8.RuneError || !unicode.IsPrint(c) || unicode.Is(unicode.Co, c)) && c != '\n' && c != '\t' {
			t.Fatalf("%U in %q", c, text[max(0, at-40):min(len(text), at+40)])
		}
	}
}

func ofFacts(write func(io.Writer, *facts.Run) error) func(io.Writer, *reporttest.Made, report.Input) error {
	return func(w io.Writer, _ *reporttest.Made, in report.Input) error { return write(w, facts.Of(in, "podtest")) }
}

func compared(in report.Input) report.Comparison {
	return report.Compare(report.ResultList{}, report.NewResultList(in.Run, in.Book.Results(in.Run)), report.DefaultThresholds)
}

// each calls show with all events of a run.
func each(made *reporttest.Made, show func(report.Event) error) error {
	f := report.Follower{Command: "podtest", Skipped: true}
	set, err := settings.Resolve(&made.Run.Spec, settings.Provenance{}, &made.Catalog)
	if err != nil {
		return err
	}
	events := f.Run(made.Run, made.Now)
	listed, err := f.Catalog(&made.Catalog, set, made.Now)
	events = append(events, listed...)
	for _, o := range made.Outputs {
		if o.Ordinal == 0 {
			continue // its excerpt is shown instead
		}
		o.Stderr.Head = o.Stderr.Head[max(0, len(o.Stderr.Head)-1000):]
		events = append(events, f.Outputs([]wire.Output{o}, made.Now)...)
	}
	for _, b := range made.Batches {
		b.Spec.Run.UID = made.Run.UID
		more, wrong := f.Batch(b, made.Now)
		events, err = append(events, more...), errors.Join(err, wrong)
	}
	events = append(append(events, f.Late(made.Now)...), f.Trouble(errors.New(reporttest.Evil), made.Now), f.Ended(made.Now))
	for _, e := range events {
		err = errors.Join(err, show(e))
	}
	return err
}

func printed(o report.Options) func(io.Writer, *reporttest.Made, report.Input) error {
	return func(w io.Writer, made *reporttest.Made, _ report.Input) error {
		p := report.NewPrinter(o)
		return each(made, func(e report.Event) error {
			_, err := w.Write(p.Print(e))
			return err
		})
	}
}

func logged(system ci.System) func(io.Writer, *reporttest.Made, report.Input) error {
	return func(w io.Writer, made *reporttest.Made, _ report.Input) error {
		log := ci.Log{System: system, Token: "0123abcd", Now: func() time.Time { return made.Now }}
		p := report.NewPrinter(report.Options{})
		return each(made, func(e report.Event) error {
			_, err := w.Write(log.Add(e, p.Print(e)))
			return err
		})
	}
}

func asIs(_ *testing.T, text []byte) string { return string(text) }

// ours are the sequences that the printer itself writes: colors, and what clears its last lines.
var ours = regexp.MustCompile("\x1b\\[[0-9;?]*[mAJKhl]|\r")

func object(t *testing.T, text []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	strung(&b, value)
	return b.String()
}

func lines(t *testing.T, text []byte) string {
	t.Helper()
	var b strings.Builder
	for line := range bytes.Lines(text) {
		b.WriteString(object(t, line))
	}
	return b.String()
}

// strung writes all strings within a value of JSON.
func strung(b *strings.Builder, value any) {
	switch v := value.(type) {
	case string:
		b.WriteString(v + "\n")
	case []any:
		for _, e := range v {
			strung(b, e)
		}
	case map[string]any:
		for k, e := range v {
			b.WriteString(k + "\n")
			strung(b, e)
		}
	}
}

// elements are all values and texts of XML.
func elements(t *testing.T, text []byte) string {
	t.Helper()
	var b strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch v := token.(type) {
		case xml.CharData:
			b.Write(v)
		case xml.StartElement:
			for _, a := range v.Attr {
				b.WriteString(a.Value + "\n")
			}
		}
	}
}

// page is all that a browser is given as text, the data of the script too.
func page(t *testing.T, text []byte) string {
	t.Helper()
	var b strings.Builder
	for z := nethtml.NewTokenizer(bytes.NewReader(text)); ; {
		switch kind := z.Next(); kind {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			b.Write(z.Text())
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				b.WriteString(a.Val + "\n")
			}
		}
	}
}
