package settings_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// recorded is a case of testdata/nextest.jsonl: what cargo-nextest 0.9.151 selected of the tests in the file's first
// line, as [binary id, name], with random filtersets, partitions and --run-ignored. Exit code 94: it refused the filterset.
type recorded struct {
	Expr string     `json:"expr"`
	Part string     `json:"part"`
	RI   string     `json:"ri"`
	Code int        `json:"code"`
	Got  [][]string `json:"got"`

	Bins map[string]struct {
		Name, Kind, Package, Platform string
		Tests                         [][2]any
	} `json:"bins"`
}

func TestSelectionIsThatOfNextest(t *testing.T) {
	file, err := os.Open("testdata/nextest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	var cat *catalog.Catalog
	cases := 0
	for lines.Scan() {
		var c recorded
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Bins != nil {
			cat = catalogOf(t, c)
			continue
		}
		cases++
		compare(t, cat, c)
	}
	if cases < 300 {
		t.Errorf("only %d cases", cases)
	}
}

func catalogOf(t *testing.T, c recorded) *catalog.Catalog {
	t.Helper()
	var told wire.Catalog
	for id, b := range c.Bins {
		for _, test := range b.Tests {
			told.Tests = append(told.Tests, wire.Listed{
				Binary: len(told.Binaries), Name: test[0].(string), Ignored: test[1].(bool),
			})
		}
		told.Binaries = append(told.Binaries, wire.Binary{
			Suite: "rust", ID: id, Name: b.Name, Kind: b.Kind, Package: b.Package, Platform: b.Platform,
		})
	}
	cat, err := catalog.New(told)
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func compare(t *testing.T, cat *catalog.Catalog, c recorded) {
	t.Helper()
	ignored := map[string]v1alpha1.RunIgnored{
		"default": v1alpha1.RunIgnoredDefault, "only": v1alpha1.RunIgnoredOnly, "all": v1alpha1.RunIgnoredAll,
	}
	spec := &v1alpha1.TestRunSpec{
		Suites: []v1alpha1.Suite{{Name: "rust", Nextest: &v1alpha1.NextestHarness{BinariesMetadata: "/m"}}},
		Filter: c.Expr, Partition: c.Part, RunIgnored: ignored[c.RI],
	}
	if problems := settings.Check(spec); len(problems) > 0 {
		if c.Code != 94 {
			t.Errorf("%s: nextest takes it: %v", c.Expr, problems)
		}
		return
	}
	set, err := settings.Resolve(spec, settings.Provenance{}, cat)
	if err != nil || c.Code != 0 {
		if (err == nil) != (c.Code == 0) {
			t.Errorf("%s: nextest ends with %d: %v", c.Expr, c.Code, err)
		}
		return
	}
	got := map[[2]string]bool{}
	for o, test := range set.Tests {
		if test.Selected {
			b, l := cat.Test(uint32(o))
			got[[2]string{b.ID, l.Name}] = true
		}
	}
	want := map[[2]string]bool{}
	for _, w := range c.Got {
		want[[2]string(w)] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s %s %s: nextest (-) and podtest (+):\n%s", c.Expr, c.Part, c.RI, diff)
	}
}
