package reporttest

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// NewContainers are those of a template.
func NewContainers(image string) []corev1.Container {
	return []corev1.Container{{Name: "test", Image: image}}
}

const (
	ms  = time.Millisecond
	sec = time.Second
)

// ended is an attempt that ended so; with a code or a signal of its reason.
func ended(ordinal uint32, attempt uint16, o outcome.Outcome, why outcome.Reason) outcome.Row {
	return outcome.Row{
		Ordinal: ordinal, Attempt: attempt, Outcome: o, Reason: why,
		Code: map[outcome.Reason]uint8{outcome.ExitCode: 1, outcome.Signal: 11}[why],
	}
}

func passed(ordinal uint32, attempt uint16) outcome.Row {
	return ended(ordinal, attempt, outcome.Passed, outcome.NoReason)
}

func failed(ordinal uint32, attempt uint16) outcome.Row {
	return ended(ordinal, attempt, outcome.Failed, outcome.ExitCode)
}

func noMemory(ordinal uint32, attempt uint16) outcome.Row {
	r := ended(ordinal, attempt, outcome.OOMKilled, outcome.NoReason)
	r.PeakRSS = 524288
	return r
}

// Stories are small runs by what they are about.
var Stories = map[string]func() *Made{
	"mixed": Mixed, "green": Green, "cancelled": Cancelled, "goes-on": Unfinished, "infrastructure": Infrastructure,
	"hostile": Hostile, "no-tests": NoTests,
}

// Mixed is a run with tests of all outcomes.
func Mixed() *Made {
	m := New(v1alpha1.ResultFailed, v1alpha1.ExitTestsFailed, 31*sec)
	a, b := m.Worker(2*sec, 30*sec), m.Worker(3*sec, 29*sec)
	m.Binary("unit::cart")
	m.Row(a, passed(m.Test("TestAdd"), 1), 5*sec, 420*ms)
	bad := m.Test("TestTotals/with_discount")
	for i := range uint16(3) {
		m.Row(a, failed(bad, i+1),
			6*sec+time.Duration(i)*1500*ms, 1200*ms)
		m.Print(bad, i+1, "=== RUN   TestTotals/with_discount\n    cart_test.go:41: applying discount SUMMER10\n",
			fmt.Sprintf("    cart_test.go:57: total = 90.01, want 90.00 (attempt %d)\n", i+1)+
				"--- FAIL: TestTotals/with_discount\n")
	}
	flaky := m.Test("TestConcurrentCheckout")
	m.Row(b, failed(flaky, 1), 6*sec, 900*ms)
	m.Row(b, passed(flaky, 2), 7*sec, 950*ms)
	m.Print(flaky, 1, "", "race: two orders have number 17\n")
	m.Row(a, outcome.Row{Ordinal: m.Test("TestImportCatalogue"), Attempt: 1, Outcome: outcome.Passed, Slow: true},
		11*sec, 17*sec)
	m.Binary("integration::payment")
	late := m.Test("TestGatewayTimeout")
	m.Row(b, ended(late, 1, outcome.TimedOut, outcome.SlowTimeout), 8*sec, 10*sec)
	m.Print(late, 1, "dialling payments.internal:443\nstill waiting\n", "")
	m.Row(b, ended(late, 2, outcome.TimedOut, outcome.SlowTimeout), 18*sec, 5*sec)
	m.Row(b, ended(late, 3, outcome.Crashed, outcome.Signal), 23*sec, 3*sec)
	oom := m.Test("TestLoadEverything")
	m.Row(a, noMemory(oom, 1), 28*sec, sec)
	m.Row(a, noMemory(oom, 2), 29*sec, 300*ms)
	m.Row(a, noMemory(oom, 3), 29500*ms, 300*ms)
	leaky := passed(m.Test("TestLeavesAServerBehind"), 1)
	leaky.Leaky = true
	m.Row(b, leaky, 26*sec, 700*ms)
	m.Row(b, outcome.Row{Ordinal: m.Test("TestOnWindowsOnly"), Attempt: 1, Outcome: outcome.Skipped}, 27*sec, 2*ms)
	m.Condition(v1alpha1.ConditionWarning, v1alpha1.ReasonUnused, "overrides[1]: its filter matches no test")
	return m
}

// Green is a run in which all passed.
func Green() *Made {
	m := New(v1alpha1.ResultPassed, v1alpha1.ExitPassed, 9*sec)
	w := m.Worker(2*sec, 8*sec)
	for b := range 3 {
		m.Binary(fmt.Sprintf("unit::part%d", b))
		for i := range 12 {
			o := m.Test(fmt.Sprintf("TestNumber%02d", i))
			m.Row(w, passed(o, 1), 4500*ms+time.Duration(o)*90*ms, 80*ms)
		}
	}
	return m
}

// Cancelled is a run that was ended half way.
func Cancelled() *Made {
	m := Green()
	m.Run.Status.Result, *m.Run.Status.ExitCode = v1alpha1.ResultCancelled, v1alpha1.ExitCancelled
	end := &m.Run.Status.Conditions[1]
	end.Reason, end.Message = v1alpha1.ReasonCancelled, "the run was cancelled"
	m.Rows[0] = m.Rows[0][:15]
	m.Batches[0].Status.End.Cause = "RunEnded"
	return m
}

// Unfinished is a run that goes on.
func Unfinished() *Made {
	m := Mixed()
	m.GoesOn()
	m.Now = Start.Add(26 * sec)
	m.Rows[0], m.Rows[1] = m.Rows[0][:4], m.Rows[1][:4]
	m.Batches[0].Status.End, m.Batches[0].Status.Pod.FinishedTime = nil, nil
	m.Batches[1].Status.End, m.Batches[1].Status.Pod.FinishedTime = nil, nil
	m.Run.Status.Running = []v1alpha1.RunningTest{
		{Ordinal: 3, Attempt: 1, Pod: m.Batches[0].Name, StartTime: metav1.NewMicroTime(Start.Add(11 * sec))},
		{Ordinal: 4, Attempt: 3, Pod: m.Batches[1].Name, StartTime: metav1.NewMicroTime(Start.Add(23 * sec))},
	}
	m.Condition(v1alpha1.ConditionReconciling, v1alpha1.ReasonRunning, "2 tests run")
	return m
}

// Infrastructure is a run in which pods were lost.
func Infrastructure() *Made {
	m := Green()
	m.Run.Status.Result, *m.Run.Status.ExitCode = v1alpha1.ResultError, v1alpha1.ExitInfrastructure
	m.Run.Status.Conditions[1].Reason = v1alpha1.ReasonInfrastructure
	m.Run.Status.Conditions[1].Message = "13 tests have no verdict: their pods were lost too often"
	m.Condition(v1alpha1.ConditionStalled, v1alpha1.ReasonInfrastructure, m.Run.Status.Conditions[1].Message)
	m.Rows[0] = m.Rows[0][:23]
	m.Batches[0].Status.End = &v1alpha1.BatchEnd{Cause: "Evicted", Message: "The node was low on resource: memory."}
	i := m.Worker(7*sec, 8*sec)
	m.Batches[i].Status.End = &v1alpha1.BatchEnd{Cause: "NodeLost", Message: "node node-2 is not there any more"}
	m.Batches[i].Status.Pod.StartedTime = nil
	return m
}

// NoTests is a run whose filter matched nothing.
func NoTests() *Made {
	m := New(v1alpha1.ResultFailed, v1alpha1.ExitNoTests, 4*sec)
	m.Run.Status.Conditions[1].Message = "no test is selected: check the filter"
	m.Run.Spec.Filter = "test(=nothing)"
	m.Binary("unit::cart")
	m.Test("TestAdd")
	return m
}

// Evil is text that wants out of whatever it is put into.
const Evil = "</script></pre></details><img src=x onerror=alert(1)><script>alert(2)</script>" +
	"\x1b[31mred\x1b[0m\x1b]8;;http://evil.example\x07link\x1b]8;;\x07\u202Eright-to-left\u2066\x00\xff\xfe\ufffe\r" +
	"]]> ``` ```` @everyone #1 [a](javascript:alert(3)) ${x} {{.}} --> | \u2028 &lt;b&gt; https://evil.example\r\n\ttab\n"

// Hostile is a run whose names, outputs and messages are all evil.
func Hostile() *Made {
	m := New(v1alpha1.ResultFailed, v1alpha1.ExitTestsFailed, 20*sec)
	m.Run.Spec.Filter = Evil
	m.Run.Spec.DefaultFilter = ""
	m.Run.Spec.Template.Spec.Containers[0].Image = Evil
	w := m.Worker(2*sec, 19*sec)
	m.Batches[w].Status.End.Message, m.Batches[w].Status.Pod.Node = Evil, Evil
	m.Binary(Evil)
	for i, name := range []string{Evil, "`", "``` a", " ", "@all", "<!--", strings.Repeat("long", 300), "'\"`$(id)"} {
		o := m.Test(name)
		m.Row(w, failed(o, 1),
			5*sec+time.Duration(i)*sec, 800*ms)
		m.Row(w, passed(o, 2), 5900*ms+time.Duration(i)*sec, 90*ms)
		if i%2 == 0 {
			m.Rows[w][len(m.Rows[w])-1] = outcome.Row{
				Ordinal: o, Attempt: 3, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1,
				Start: Start.Add(13 * sec).UnixMicro(), Duration: 1000,
			}
		}
		m.Print(o, 1, Evil, strings.Repeat("x", 1<<20)+Evil)
		m.Batches[w].Status.Failures = append(m.Batches[w].Status.Failures,
			v1alpha1.BatchFailure{Ordinal: int64(o), Attempt: 1, Message: Evil})
	}
	m.Run.Spec.Retries = &v1alpha1.Retries{Count: 1}
	m.Run.Spec.Filter = ""
	m.Condition(v1alpha1.ConditionWarning, Evil, Evil)
	return m
}

// Many is a run of so many tests, 1 % of them failing with some output, on that many workers of 4 slots each.
func Many(tests, workers int) *Made {
	m := New(v1alpha1.ResultFailed, v1alpha1.ExitTestsFailed, 0)
	m.Run.Spec.Retries, m.Run.Spec.Parallelism = nil, int32(workers)
	const slots = 4
	clock := make([]time.Duration, workers*slots)
	for w := range workers {
		m.Worker(2*sec+time.Duration(w%5)*sec, time.Minute)
		for s := range slots {
			clock[w*slots+s] = 5*sec + time.Duration(w%5)*sec + time.Duration(s)*20*ms
		}
	}
	for i := range tests {
		if i%250 == 0 {
			m.Binary(fmt.Sprintf("shop::service_%02d::integration", i/250))
		}
		o := m.Test(fmt.Sprintf("handlers::orders::case_%05d_%s", i, strings.Repeat("word_", i%4)))
		slot := i % len(clock)
		took := time.Duration(20+(i*7919)%431) * ms
		if i%997 == 0 {
			took += 6 * sec
		}
		r := outcome.Row{Ordinal: o, Attempt: 1, Outcome: outcome.Passed, Slow: took > 6*sec}
		if i%100 == 42 {
			r.Outcome, r.Reason, r.Code = outcome.Failed, outcome.ExitCode, 101
			m.Print(o, 1, "running 1 test\n", fmt.Sprintf("\nthread 'case_%05d' (7) panicked at src/orders.rs:%d:5:\n"+
				"assertion `left == right` failed\n  left: %d\n right: %d\nnote: run with `RUST_BACKTRACE=1`\n%s", i, i%900, i, i+1,
				strings.Repeat("   at shop::orders::handle\n", 20)))
		}
		m.Row(slot/slots, r, clock[slot], took)
		clock[slot] += took + 3*ms
	}
	end := time.Duration(0)
	for _, c := range clock {
		end = max(end, c)
	}
	end += sec
	m.Now = Start.Add(end)
	m.Run.Status.CompletionTime = new(metav1.NewTime(m.Now))
	for _, b := range m.Batches {
		b.Status.Pod.FinishedTime = new(metav1.NewTime(m.Now))
	}
	return m
}
