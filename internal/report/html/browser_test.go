package html_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/html"
	"github.com/podtest/podtest/internal/report/reporttest"
)

// patience is for slow machines; nothing waits that long unless it is broken.
const patience = time.Minute

var (
	once    sync.Once
	browser context.Context
	stop    = func() {}
	started error
)

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

// startBrowser starts one browser for all tests.
func startBrowser() {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endContext := chromedp.NewContext(allocator)
	stop = func() { endContext(); end() }
	browser, started = ctx, chromedp.Do(ctx)
}

// tab is a page in a browser that must not complain, ask the network for anything or open a dialog.
type tab struct {
	testing.TB
	ctx  context.Context
	file string
}

func newTab(t testing.TB, made *reporttest.Made) *tab {
	t.Helper()
	once.Do(startBrowser)
	if started != nil {
		t.Fatalf("starting Chromium: %v\ninstall it: apt-get install chromium", started)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	p := &tab{TB: t, ctx: ctx, file: filepath.Join(t.TempDir(), "report.html")}
	var text bytes.Buffer
	if err := html.Write(&text, facts.Of(made.Input(t), "podtest")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.file, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(1300, 900))
	must(t, chromedp.Listen(ctx, p.judge))
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// judge looks at all that the browser tells.
func (p *tab) judge(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.Errorf("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		p.Errorf("the console says %s: %v", e.Type, e.Args)
	case *log.EventEntryAdded:
		p.Errorf("the log says: %s", e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		p.Errorf("a dialog opened: %s", e.Message)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, "file://"+p.file) && !strings.HasPrefix(u, "data:") {
			p.Errorf("it asked for %s", u)
		}
	}
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	must(p.TB, chromedp.Do(p.ctx, actions...))
}

// open opens the report at a place of it.
func (p *tab) open(at string) {
	p.Helper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+p.file+at))
}

// ask is the value of an expression in the page.
func ask[T any](p *tab, expression string) T {
	p.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits in the page for a condition.
func (p *tab) until(condition string) {
	p.Helper()
	wait := fmt.Sprintf(`new Promise((done) => {
		const look = () => ((%s) ? done(true) : setTimeout(look, 10));
		look();
	})`, condition)
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise)); err != nil {
		p.Fatalf("waiting for %s: %v", condition, err)
	}
}

// press presses keys as a keyboard does: a page that prevents what a key does gets no character of it.
func (p *tab) press(keys ...string) {
	p.Helper()
	for _, key := range keys {
		down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key}
		if len(key) == 1 {
			down.Text = key
		}
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, down)
		must(p.TB, err)
		up := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key}
		_, err = chromedp.Call(p.ctx, input.DispatchKeyEvent, up)
		must(p.TB, err)
	}
}

// view goes to a place of the report that is open.
func (p *tab) view(address string) {
	p.Helper()
	ask[string](p, fmt.Sprintf("location.hash = %q", address))
}

func (p *tab) want(expression, want string) {
	p.Helper()
	if got := ask[string](p, expression); got != want {
		p.Errorf("%s is %q, want %q", expression, got, want)
	}
}

// picture keeps a screenshot for people, in $PODTEST_SCREENSHOTS.
func (p *tab) picture(name string) {
	p.Helper()
	dir := os.Getenv("PODTEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	must(p.TB, err)
	must(p.TB, os.MkdirAll(dir, 0o755))
	must(p.TB, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}

const (
	rowsShown  = `document.querySelectorAll('.body .line').length`
	found      = `document.getElementById('found').textContent`
	firstRow   = `document.querySelector('.body .line .test').textContent`
	detail     = `document.getElementById('detail')`
	detailName = `document.getElementById('detail-title').textContent`
)

func TestOfTenThousandTestsFewAreElements(t *testing.T) {
	p := newTab(t, reporttest.Many(10_000, 20))
	p.open("#view=tests")
	p.until(rowsShown + " > 0")
	p.want(found, "10,000 tests")
	p.until(`(document.querySelector('.body').scrollTop = 1e9,
		[...document.querySelectorAll('.body .line')].some((r) => r.getAttribute('aria-rowindex') === '10001'))`)
	if n := ask[int](p, rowsShown); n > 100 {
		t.Errorf("%d rows are elements", n)
	}
	p.picture("many-tests")
}

func TestWhatIsSearchedIsInTheAddress(t *testing.T) {
	p := newTab(t, reporttest.Many(1000, 4))
	p.open("")
	p.do(chromedp.Click(chromedp.CSS(`a[data-view="tests"]`)), chromedp.WaitVisible(chromedp.CSS("#search")))
	p.want(firstRow, "handlers::orders::case_00042_word_word_") // failures first
	p.press("/")
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), "case_0004"))
	p.until(found + ` === '10 of 1,000'`)
	p.do(chromedp.Click(chromedp.CSS(`[data-kind="failed"]`)))
	p.until(found + ` === '1 of 1,000'`)
	p.want("location.hash", "#view=tests&q=case_0004&outcome=failed")
	p.want(`document.querySelector('[data-kind="failed"]').getAttribute('aria-pressed')`, "true")
	p.do(chromedp.Reload())
	p.until(found + ` === '1 of 1,000'`)
	p.want(`document.getElementById('search').value`, "case_0004")
	p.want(firstRow, "handlers::orders::case_00042_word_word_")
	p.do(chromedp.NavigateBack())
	p.until(found + ` === '10 of 1,000'`)
	p.do(chromedp.NavigateBack())
	p.until(found + ` === '1,000 tests'`)
	p.want("location.hash", "#view=tests")
}

func TestWordsAreSearchedInReasonsAndMayBeUnwanted(t *testing.T) {
	p := newTab(t, reporttest.Mixed())
	p.open("#view=tests&q=sigsegv")
	p.until(found + ` === '1 of 8'`)
	p.want(firstRow, "TestGatewayTimeout")
	p.view("view=tests&q=!integration")
	p.until(found + ` === '4 of 8'`)
	p.view("view=tests&q=cart+!flaky+!discount")
	p.until(found + ` === '3 of 8'`)
}

func TestARunWithoutTestsSaysSo(t *testing.T) {
	p := newTab(t, reporttest.NoTests())
	p.open("#view=tests")
	p.until(`!document.getElementById('nothing').hidden`)
	p.want(`document.getElementById('nothing').textContent`, "The run has no tests.")
	p.view("view=top")
	p.until(`document.getElementById('toplists').textContent === 'No test has run.'`)
	p.want(`String(document.getElementById('spread').hidden)`, "true")
	p.view("view=failures")
	p.until(`document.getElementById('failures-title').innerText === 'No test ran'`)
}

func TestColumnsSort(t *testing.T) {
	p := newTab(t, reporttest.Many(2000, 4))
	p.open("#view=tests")
	p.until(rowsShown + " > 0")
	p.do(chromedp.Click(chromedp.CSS(`.head .took button`)))
	p.until(firstRow + ` === 'handlers::orders::case_01994_word_word_'`)
	p.want(`document.querySelector('.head .took').getAttribute('aria-sort')`, "descending")
	p.do(chromedp.Click(chromedp.CSS(`.head .took button`)))
	p.until(`location.hash === '#view=tests&sort=took'`)
	p.want(`document.querySelector('.body .line .took').textContent`, "20 ms")
}

func TestATestIsOpenedByAClickAndByKeys(t *testing.T) {
	p := newTab(t, reporttest.Mixed())
	p.open("#view=tests")
	p.until(rowsShown + " === 8")
	p.do(chromedp.Click(chromedp.CSS(`.body .line`)))
	p.until(`!` + detail + `.hidden`)
	p.want(detailName, "unit::cart TestTotals/with_discount")
	for _, want := range []string{"total = 90.01, want 90.00 (attempt 3)", "podtest repro --namespace ci checkout"} {
		if text := ask[string](p, detail+".textContent"); !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	p.want(`String([...`+detail+`.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).length)`, "0")
	p.press("j")
	p.until(detailName + ` === 'integration::payment TestGatewayTimeout'`)
	p.press("Escape")
	p.until(detail + `.hidden`)
	p.want("location.hash", "#view=tests")
	p.do(chromedp.Focus(chromedp.CSS(`.body`)))
	p.press("k", "ArrowDown", "Enter")
	p.until(`!` + detail + `.hidden`)
	p.picture("mixed-detail")
}

func TestATestThatCoversTheListHasTheFocus(t *testing.T) {
	p := newTab(t, reporttest.Mixed())
	p.do(chromedp.EmulateViewport(390, 844))
	p.open("#view=tests")
	p.until(rowsShown + " === 8")
	p.do(chromedp.Click(chromedp.CSS(`.body .line`)))
	p.until(`document.activeElement.className === 'close'`)
	p.press("j")
	p.until(detailName + ` === 'integration::payment TestGatewayTimeout'`)
	p.press("Escape")
	p.until(detail + `.hidden && document.activeElement.className === 'body'`)
}

func TestNothingMovesWhileAReportLoads(t *testing.T) {
	p := newTab(t, reporttest.Many(10_000, 20))
	for _, view := range []string{"", "#view=tests", "#view=timeline", "#view=run"} {
		p.open(view)
		p.until(`document.body.classList.contains('js')`)
		ask[bool](p, `(() => {
			window.moved = 0;
			const seen = new PerformanceObserver((list) => {
				for (const e of list.getEntries()) window.moved += e.value || 0;
				window.told = list.getEntriesByName('now').length > 0 || window.told;
			});
			seen.observe({ type: 'layout-shift', buffered: true });
			seen.observe({ type: 'mark' });
			requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('now')));
			return true;
		})()`)
		p.until(`window.told`)
		if moved := ask[float64](p, `window.moved`); moved > 0 {
			t.Errorf("%s: %.2f of the page moved", view, moved)
		}
	}
}

func TestKeysStepThroughFailures(t *testing.T) {
	p := newTab(t, reporttest.Mixed())
	p.open("")
	p.until(`document.body.classList.contains('js')`)
	p.press("j", "j")
	p.until(`document.activeElement.id === 'test-4'`)
	p.press("k")
	p.until(`document.activeElement.id === 'test-1'`)
	p.press("/")
	p.until(`document.activeElement.id === 'search'`)
	p.want("location.hash", "#view=tests")
}

func TestTheTimelineTellsTestsAndOpensThem(t *testing.T) {
	p := newTab(t, reporttest.Mixed())
	p.open("#view=timeline")
	p.until(`document.getElementById('canvas').width > 300`)
	// The slow test of the first pod is on the path, from second 11 to 28 of 31.
	type point struct{ X, Y float64 }
	at := ask[point](p, `(() => {
		const box = document.getElementById('rows');
		box.scrollIntoView();
		const r = box.getBoundingClientRect();
		return { X: r.left + 170 + (r.width - 170) * 20 / 31, Y: r.top + 26 + 22 + 22 + 8 };
	})()`)
	p.do(chromedp.MouseEvent("mouseMoved", at.X, at.Y))
	p.until(`document.getElementById('tip').textContent.includes('TestImportCatalogue')`)
	for _, want := range []string{"17.0 s", "slot 1", "on the critical path"} {
		if text := ask[string](p, `document.getElementById('tip').textContent`); !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	p.picture("mixed-timeline")
	p.do(chromedp.MouseClickXY(at.X, at.Y))
	p.until(`!` + detail + `.hidden`)
	p.want(detailName, "unit::cart TestImportCatalogue")
	p.press("Escape")
	p.do(chromedp.Focus(chromedp.ID("rows")))
	was := ask[string](p, `document.getElementById('canvas').toDataURL()`)
	p.press("+", "ArrowRight")
	p.until(fmt.Sprintf(`document.getElementById('canvas').toDataURL() !== %q`, was))
	p.press("0")
	p.until(fmt.Sprintf(`document.getElementById('canvas').toDataURL() === %q`, was))
}

func TestWithoutScriptsFailuresAreReadable(t *testing.T) {
	p := newTab(t, reporttest.Mixed())
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	must(t, err)
	p.open("")
	text := ask[string](p, "document.body.innerText")
	for _, want := range []string{
		"3 of 8 tests failed in 31.0 s", "total = 90.01, want 90.00 (attempt 3)", "ended by SIGSEGV", "What took the time",
		"podtest repro --namespace ci checkout 'unit::cart TestTotals/with_discount'", "With scripts there are also",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	p.picture("no-script")
}

func TestHostileTextStaysText(t *testing.T) {
	p := newTab(t, reporttest.Hostile())
	p.open("")
	p.until(`document.body.classList.contains('js')`)
	for _, view := range []string{"view=failures", "test=0", "view=tests&test=1", "view=top", "view=flaky&test=3", "view=timeline", "view=run"} {
		p.view(view)
		p.until(fmt.Sprintf(`location.hash === '#%s' || location.hash === ''`, view))
		if n := ask[int](p, `document.querySelectorAll('img, iframe, object, embed, link:not([rel=icon])').length`); n != 0 {
			t.Errorf("%s: %d elements came out of text", view, n)
		}
		if n := ask[int](p, `document.scripts.length`); n != 2 {
			t.Errorf("%s: %d scripts, want 2", view, n)
		}
		if n := ask[int](p, `[...document.querySelectorAll('a')].filter((a) => !a.getAttribute('href').startsWith('#')).length`); n != 0 {
			t.Errorf("%s: %d links lead out", view, n)
		}
	}
	p.open("#test=0")
	p.until(`!` + detail + `.hidden`)
	name := ask[string](p, `document.querySelector('#detail-title').textContent`)
	if want := `</script></pre></details><img src=x onerror=alert(1)>`; !strings.HasPrefix(name, want) {
		t.Errorf("the name is %q, want it to begin with %q", name, want)
	}
	text := ask[string](p, "document.body.textContent")
	for _, hidden := range []string{"\u202e", "\u2066", "\x1b", "\x00", "\ufffd"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q is in the page", hidden)
		}
	}
}

func TestFailuresThatThePageDoesNotShowAreAddedByItsScript(t *testing.T) {
	made := reporttest.Many(25_000, 4) // 250 failures
	p := newTab(t, made)
	p.open("")
	p.until(`document.querySelectorAll('article.failure').length === 200`)
	p.do(chromedp.Click(chromedp.CSS("#more > button")))
	p.until(`document.querySelectorAll('article.failure').length === 250`)
	last := ask[string](p, `[...document.querySelectorAll('article.failure')].pop().textContent`)
	if want := "panicked at src/orders.rs:"; !strings.Contains(last, want) {
		t.Errorf("no %q in %s", want, last)
	}
	p.want(`String(document.getElementById('more'))`, "null")
}

func TestEveryKindOfRunIsShownInEveryView(t *testing.T) {
	views := []string{"failures", "tests", "top", "flaky", "timeline", "run"}
	for name, story := range reporttest.Stories {
		t.Run(name, func(t *testing.T) {
			p := newTab(t, story())
			p.open("")
			show := func(kind string) {
				for _, view := range views {
					p.view("view=" + view)
					p.until(fmt.Sprintf(`!document.getElementById(%q).hidden`, view))
					if wide, room := ask[int](p, `document.documentElement.scrollWidth`), ask[int](p, `innerWidth`); wide > room {
						t.Errorf("%s is %d wide on a screen of %d", view, wide, room)
					}
					p.picture(name + "-" + view + "-" + kind)
				}
			}
			show("light")
			_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
			})
			must(t, err)
			show("dark")
			p.do(chromedp.EmulateViewport(360, 740))
			show("narrow")
		})
	}
}

// BenchmarkLoading tells how long a browser takes until a report is loaded, and until the list of all tests is shown.
func BenchmarkLoading(b *testing.B) {
	for _, tests := range []int{1000, 10_000, 50_000} {
		b.Run(fmt.Sprint(tests), func(b *testing.B) {
			p := newTab(b, reporttest.Many(tests, tests/500))
			var loaded, listed float64
			for b.Loop() {
				p.open("#view=tests")
				p.until(rowsShown + " > 0")
				loaded += ask[float64](p, `performance.getEntriesByType('navigation')[0].loadEventEnd`)
				listed += ask[float64](p, `performance.now()`)
			}
			size, err := os.Stat(p.file)
			must(b, err)
			b.ReportMetric(loaded/float64(b.N), "ms-loaded")
			b.ReportMetric(listed/float64(b.N), "ms-listed")
			b.ReportMetric(float64(size.Size())/1e6, "MB")
		})
	}
}
