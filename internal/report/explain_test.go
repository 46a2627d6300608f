package report

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/settings"
)

// readBook is the book of a story with these batches read.
func readBook(t *testing.T, s story, from settings.Provenance, batches ...*v1alpha1.TestBatch) *Book {
	t.Helper()
	s.cat.Stress = s.run.Spec.Stress != nil
	set, err := settings.Resolve(&s.run.Spec, from, s.cat)
	if err != nil {
		t.Fatal(err)
	}
	book := NewBook(s.cat, set)
	for _, b := range batches {
		if _, err := book.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	return book
}

// detailed is a story of which much can be said.
func detailed() (story, settings.Provenance) {
	s := newStory()
	s.run.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
	}
	s.run.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "ssd"}
	s.run.Spec.Groups = []v1alpha1.Group{{Name: "db", MaxParallel: 1}}
	s.run.Spec.Retries = &v1alpha1.Retries{Count: 1, Delay: &metav1.Duration{Duration: time.Second}}
	s.run.Spec.Filter = "all()"
	s.run.Spec.Fixtures = []v1alpha1.Fixture{{Name: "postgres", Filter: "binary_id(unit::pay)"}}
	s.run.Spec.SlowTimeout = &v1alpha1.SlowTimeout{Period: &metav1.Duration{Duration: time.Minute}, TerminateAfter: 2}
	s.run.Spec.Overrides = []v1alpha1.Override{
		{
			Name: "heavy", Filter: "test(Refund)", Group: "db", Env: []v1alpha1.EnvVar{{Name: "A", Value: "b c\x1b[2J"}},
			Resources:   &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}},
			Tolerations: []corev1.Toleration{{Key: "big", Operator: corev1.TolerationOpExists}},
		},
		{Filter: "test(Card)", Weight: 1, Isolation: v1alpha1.IsolationPod, FlakyResult: v1alpha1.Fail},
	}
	return s, settings.Provenance{
		Settings: map[string]string{"slowTimeout": "profile ci"}, Overrides: []string{"", "profile ci overrides[0]"},
	}
}

func onNode(name string) func(*v1alpha1.TestBatchStatus) {
	return func(st *v1alpha1.TestBatchStatus) {
		st.Pod = &v1alpha1.BatchPod{Name: "shop-w00000", Node: name}
	}
}

func TestExplain(t *testing.T) {
	oom := func(r outcome.Row) outcome.Row {
		r.Outcome, r.Reason, r.Code, r.PeakRSS = outcome.OOMKilled, outcome.Signal, 9, 1<<20
		return r
	}
	s, from := detailed()
	whole := s.at("", "", ended)
	going := s.at(v1alpha1.ReasonRunning, "", listed, func(st *v1alpha1.TestRunStatus) {
		st.Running = []v1alpha1.RunningTest{{Ordinal: 3, Attempt: 2, Pod: "shop-w00001", StartTime: metav1.NewMicroTime(start)}}
	})
	both := []*v1alpha1.TestBatch{
		s.batch(0, []outcome.Row{added, card1, card2}, said, evicted, onNode("node-1")),
		s.batch(1, []outcome.Row{oom(crashed1), oom(crashed2)}),
	}
	for name, c := range map[string]struct {
		run     *v1alpha1.TestRun
		batches []*v1alpha1.TestBatch
		test    string
	}{
		"explain-passed":       {whole, both, "TestAdd"},
		"explain-flaky-fails":  {whole, both, "unit::pay TestCard"},
		"explain-oom":          {whole, both, "TestRefund\x1b[2J"},
		"explain-not-selected": {whole, both, "TestHuge"},
		"explain-never-ran":    {whole, nil, "TestAdd"},
		"explain-running":      {going, []*v1alpha1.TestBatch{s.batch(0, []outcome.Row{crashed1})}, "TestRefund\x1b[2J"},
		"explain-waiting":      {going, nil, "TestAdd"},
		"explain-failed-once":  {whole, []*v1alpha1.TestBatch{s.batch(0, []outcome.Row{crashed1})}, "TestRefund\x1b[2J"},
	} {
		t.Run(name, func(t *testing.T) {
			book := readBook(t, s, from, c.batches...)
			ordinal, err := book.Find(c.test)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := book.Explain(c.run, from, ordinal).Write(&b); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), b.Bytes())
		})
	}
}

func TestSelectionIsExplained(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.TestRunSpec)
		from   settings.Provenance
		want   string
	}{
		"a filter":               {func(s *v1alpha1.TestRunSpec) { s.Filter = "none()" }, settings.Provenance{}, "no: spec.filter does not match it: none()"},
		"a default filter":       {func(s *v1alpha1.TestRunSpec) { s.DefaultFilter = "none()" }, settings.Provenance{Settings: map[string]string{"defaultFilter": "profile ci"}}, "no: defaultFilter of profile ci does not match it: none()"},
		"its own default filter": {func(s *v1alpha1.TestRunSpec) { s.DefaultFilter = "none()" }, settings.Provenance{}, "no: defaultFilter of spec does not match it: none()"},
		"a partition":            {func(s *v1alpha1.TestRunSpec) { s.Partition = "slice:2/4" }, settings.Provenance{}, "no: it is in another part than spec.partition: slice:2/4"},
		"only ignored":           {func(s *v1alpha1.TestRunSpec) { s.RunIgnored = v1alpha1.RunIgnoredOnly }, settings.Provenance{}, "no: spec.runIgnored is Only, and the test binary does not mark it as ignored"},
		"nothing":                {func(*v1alpha1.TestRunSpec) {}, settings.Provenance{}, "yes: nothing leaves it out"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory()
			c.change(&s.run.Spec)
			if got := readBook(t, s, c.from).Explain(s.run, c.from, 0).Selection; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	stress := newStory()
	stress.run.Spec.Stress = &v1alpha1.Stress{Count: 3}
	failed := stress.batch(0, []outcome.Row{ran(4, 1, outcome.Passed, 0), crashed(ran(8, 1, outcome.Crashed, 0)), crashed(ran(8, 2, outcome.Crashed, 0))})
	twins := newStory()
	twins.cat.Tests[3].Name = "TestAdd"
	halves := newStory()
	halves.cat.Tests[3].Name, halves.cat.Tests[3].Ignored = "TestAdd", true
	for name, c := range map[string]struct {
		story   story
		batches []*v1alpha1.TestBatch
		meant   string
		want    uint32
		problem string
	}{
		"by name":                         {newStory(), nil, "TestCard", 2, ""},
		"by binary id and name":           {twins, nil, "unit::pay TestAdd", 3, ""},
		"by what a terminal shows of it":  {newStory(), nil, `unit::pay TestRefund\x1b[2J`, 3, ""},
		"one that is not selected":        {newStory(), nil, "TestHuge", 1, ""},
		"a round":                         {stress, []*v1alpha1.TestBatch{failed}, "unit::cart@stress-1 TestAdd", 4, ""},
		"the round that failed":           {stress, []*v1alpha1.TestBatch{failed}, "unit::cart TestAdd", 8, ""},
		"the first round if none failed":  {stress, []*v1alpha1.TestBatch{failed}, "TestCard", 2, ""},
		"a name of two tests":             {twins, nil, "TestAdd", 0, "2 tests are called \"TestAdd\": say the binary id too; these are like it:\n  unit::cart TestAdd\n  unit::pay TestAdd"},
		"of two, one is selected":         {halves, nil, "TestAdd", 0, ""},
		"a part of a name is none":        {newStory(), nil, "Card", 0, "no test is called \"Card\"; these are like it:\n  unit::pay TestCard"},
		"nothing that resembles anything": {newStory(), nil, "x", 0, "no test is called \"x\""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readBook(t, c.story, settings.Provenance{}, c.batches...).Find(c.meant)
			problem := ""
			if err != nil {
				problem = err.Error()
			}
			if diff := cmp.Diff(c.problem, problem); diff != "" || got != c.want {
				t.Errorf("test %d, want %d: %s", got, c.want, diff)
			}
		})
	}
}
