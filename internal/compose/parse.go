package compose

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ParseMaxFail reads N, N:wait, N:immediate or all, as nextest's --max-fail does.
func ParseMaxFail(text string) (FailFast, error) {
	if strings.EqualFold(text, "all") {
		return FailFast{}, nil
	}
	count, mode, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(count, 10, 32)
	if err != nil || n < 1 || n > everything {
		return FailFast{}, fmt.Errorf("%q: want a number from 1 to %d, or all", count, everything)
	}
	f := FailFast{MaxFail: int32(n)}
	switch {
	case !strings.Contains(text, ":"), mode == "wait":
		f.Terminate = "Wait"
	case mode == "immediate":
		f.Terminate = "Immediate"
	default:
		return FailFast{}, fmt.Errorf("%q: want wait or immediate after the colon", mode)
	}
	return f, nil
}

// ParseThreads reads how many tests may run at a time in all.
func ParseThreads(text string) (int32, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case text == "num-cpus", err == nil && n < 0:
		return 0, errors.New("the tests run on other machines than this one, so its CPUs do not count: give a number")
	case err != nil || n == 0:
		return 0, errors.New("want a number of tests, at least 1")
	}
	return int32(n), nil
}

var partition = regexp.MustCompile(`^(hash|slice|count):([0-9]{1,20})/([0-9]{1,20})$`)

// CheckPartition checks what nextest's --partition takes.
func CheckPartition(text string) error {
	parts := partition.FindStringSubmatch(text)
	if parts == nil {
		return errors.New("want hash:M/N or slice:M/N, such as hash:1/4")
	}
	m, err := strconv.ParseUint(parts[2], 10, 64)
	n, more := strconv.ParseUint(parts[3], 10, 64)
	if errors.Join(err, more) != nil || m < 1 || m > n {
		return fmt.Errorf("part %s of %s: want one from 1 to %s", parts[2], parts[3], parts[3])
	}
	return nil
}

// ParseStress reads how often each test is to run.
func ParseStress(text string) (Stress, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case text == "infinite":
		return Stress{}, errors.New("a run has an end: give --stress-duration, up to 720h")
	case err != nil || n < 1:
		return Stress{}, errors.New("want a number, at least 1")
	}
	return Stress{Count: int32(n)}, nil
}

// ParseSlow reads PERIOD or PERIOD:N.
func ParseSlow(text string) (SlowTimeout, error) {
	period, periods, counted := strings.Cut(text, ":")
	d, err := Duration(period)
	if err != nil {
		return SlowTimeout{}, err
	}
	slow := SlowTimeout{Period: d}
	if counted {
		n, err := strconv.ParseInt(periods, 10, 32)
		if err != nil || n < 1 {
			return SlowTimeout{}, fmt.Errorf("%q: want a number of periods after the colon, at least 1", periods)
		}
		slow.TerminateAfter = int32(n)
	}
	return slow, nil
}

// Duration reads 90s, 1h30m, or 1h 30m as nextest's users write it.
func Duration(text string) (string, error) {
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil || d <= 0 {
		return "", fmt.Errorf("%q: want a duration such as 90s or 1h30m", text)
	}
	return d.String(), nil
}
