package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/plan"
)

func TestBackoff(t *testing.T) {
	s := time.Second
	for name, c := range map[string]struct {
		backoff plan.Backoff
		retry   int
		want    time.Duration
	}{
		"none":                           {plan.Backoff{}, 1, 0},
		"fixed":                          {plan.Backoff{Delay: s}, 5, s},
		"the first retry waits once":     {plan.Backoff{Delay: s, Exponential: true}, 1, s},
		"each further one twice as long": {plan.Backoff{Delay: s, Exponential: true}, 4, 8 * s},
		"no longer than maxDelay":        {plan.Backoff{Delay: s, Exponential: true, MaxDelay: 5 * s}, 100, 5 * s},
		"not even at first":              {plan.Backoff{Delay: 9 * s, Exponential: true, MaxDelay: 5 * s}, 1, 5 * s},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.backoff.Wait(c.retry, 7); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			c.backoff.Jitter = true
			if got := c.backoff.Wait(c.retry, 7); got > c.want || got*2 < c.want || got != c.backoff.Wait(c.retry, 7) {
				t.Errorf("with jitter: %s of %s", got, c.want)
			}
		})
	}
	if got := (plan.Backoff{Delay: s, Exponential: true}).Wait(100, 0); got <= 0 {
		t.Errorf("the hundredth retry waits %s", got)
	}
}

func TestJitterIsOfTheUpperHalf(t *testing.T) {
	b := plan.Backoff{Delay: time.Second, Jitter: true}
	least, most, different := b.Delay, time.Duration(0), map[time.Duration]bool{}
	for seed := range uint64(10_000) {
		got := b.Wait(1, seed)
		if again := b.Wait(1, seed); again != got {
			t.Fatalf("seed %d waits %s, then %s", seed, got, again)
		}
		least, most = min(least, got), max(most, got)
		different[got] = true
	}
	if least < b.Delay/2 || most > b.Delay {
		t.Errorf("waits are from %s to %s, want them within (%s, %s]", least, most, b.Delay/2, b.Delay)
	}
	if least > b.Delay*6/10 || most < b.Delay*9/10 || len(different) < 9_000 {
		t.Errorf("%d different waits from %s to %s are not scattered", len(different), least, most)
	}
}

func TestNoWaitOverflows(t *testing.T) {
	year := 365 * 24 * time.Hour
	for name, b := range map[string]plan.Backoff{
		"from a second":                  {Delay: time.Second, Exponential: true},
		"from a nanosecond":              {Delay: 1, Exponential: true},
		"from a year":                    {Delay: year, Exponential: true},
		"with jitter":                    {Delay: time.Second, Exponential: true, Jitter: true},
		"with a bound beyond any":        {Delay: time.Second, Exponential: true, MaxDelay: 1<<63 - 1},
		"a delay below zero is none":     {Delay: -time.Second, Exponential: true, Jitter: true},
		"fixed delays have no other end": {Delay: year},
	} {
		t.Run(name, func(t *testing.T) {
			for retry := range 200 {
				if got := b.Wait(retry, 7); got < 0 || got > year || b.Delay > 0 && got == 0 {
					t.Fatalf("retry %d waits %s", retry, got)
				}
			}
		})
	}
}

func TestATestThatWaitsForItsRetryHoldsNothing(t *testing.T) {
	p := playFacts(t, policed(2, plan.Facts{Policies: []plan.Policy{{MaxAttempts: 2, Backoff: plan.Backoff{Delay: 5 * time.Second}}}},
		parallelism(1)))
	p.hire()
	p.tell(0, p.idle(0).Attempts[0], fail)
	p.want("the next test", gives(1, 1), p.idle(0))
	p.tell(0, held(1, 1)[0], pass)
	due := p.now.Add(5 * time.Second)
	p.want("it stays until it is due", plan.Grant{Again: due}, p.idle(0))
	p.want("so does the run", plan.Step{Again: due}, p.next())
	p.now = due
	p.want("retry", gives(0, 2), p.idle(0))
}

func TestEarlyEnds(t *testing.T) {
	t.Run("enough failed tests end the run when nothing runs any more", func(t *testing.T) {
		p := play(t, 4, func(set *plan.Settings) { set.MaxAttempts, set.MaxFail = 1, 1 })
		p.hire()
		a, b := p.idle(0).Attempts, p.idle(1).Attempts
		p.Started(1, b, p.now)
		p.tell(0, a[0], fail)
		p.want("no more work", drain, p.idle(0))
		p.want("one runs", (*plan.Ending)(nil), p.next().Ending)
		p.tell(1, b[0], pass)
		p.want("end", "FailFast", p.next().Ending.Reason)
	})
	t.Run("a cancelled run waits for its tests to end, but not for long, and tells what failed", func(t *testing.T) {
		p := play(t, 4)
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.Started(1, p.idle(1).Attempts, p.now)
		p.Cancel(false)
		p.want("what runs is ended", plan.Grant{Drain: true, Stop: plan.StopTerminate}, p.idle(1))
		p.want("it waits", p.now.Add(15*time.Second), p.next().Again)
		p.now = p.now.Add(15 * time.Second)
		p.want("end", "Cancelled", p.next().Ending.Reason)
		p.want("what has failed attempts has failed", 1, p.Counts().Failed)
	})
	t.Run("rounds are begun while the time of a stress run is not over", func(t *testing.T) {
		p := play(t, 2, parallelism(1), func(set *plan.Settings) { set.StressDuration = time.Minute })
		p.hire()
		for range 3 {
			p.tell(0, p.idle(0).Attempts[0], pass)
		}
		p.want("rounds", true, p.Rounds() >= 2)
		p.now = p.now.Add(time.Minute)
		for p.next().Ending == nil {
			p.tell(0, p.idle(0).Attempts[0], pass)
		}
		p.want("all begun are done", 2*p.Rounds(), p.Counts().Passed)
	})
}
