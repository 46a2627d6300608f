package importer

import (
	"fmt"
	"math"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// units of nextest's durations.
var units = map[string]time.Duration{}

func init() {
	const day = 24 * time.Hour
	for unit, names := range map[time.Duration]string{
		time.Nanosecond: "nanos nsec ns", time.Microsecond: "usec us µs", time.Millisecond: "millis msec ms",
		time.Second: "seconds second secs sec s", time.Minute: "minutes minute min mins m",
		time.Hour: "hours hour hr hrs h", day: "days day d", 7 * day: "weeks week wk wks w",
		2_630_016 * time.Second: "months month M", 31_557_600 * time.Second: "years year yr yrs y",
	} {
		for name := range strings.FieldsSeq(names) {
			units[name] = unit
		}
	}
}

// parseDuration reads what nextest takes: numbers with their units, "1h 30m". What is longer than can be told is as
// long as can be told.
func parseDuration(text string) (time.Duration, error) {
	rest, total := strings.TrimSpace(text), time.Duration(0)
	if rest == "0" {
		return 0, nil
	}
	if rest == "" {
		return 0, fmt.Errorf("%q is no duration: want such as \"90s\" or \"1h 30m\"", text)
	}
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		number := rest[:digits]
		rest = strings.TrimLeft(rest[digits:], " ")
		letters := strings.IndexFunc(rest, func(r rune) bool { return r == ' ' || '0' <= r && r <= '9' })
		if letters < 0 {
			letters = len(rest)
		}
		unit, known := units[rest[:letters]]
		if number == "" || !known {
			return 0, fmt.Errorf("%q is no duration: want such as \"90s\" or \"1h 30m\"", text)
		}
		rest = strings.TrimLeft(rest[letters:], " ")
		total = add(total, times(number, unit))
	}
	return total, nil
}

func times(number string, unit time.Duration) time.Duration {
	n := time.Duration(0)
	for _, digit := range number {
		if n > (math.MaxInt64-9)/10 {
			return math.MaxInt64
		}
		n = n*10 + time.Duration(digit-'0')
	}
	if n > math.MaxInt64/unit {
		return math.MaxInt64
	}
	return n * unit
}

func add(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// bounds are the shortest and the longest duration of a setting.
type bounds struct{ least, most time.Duration }

var (
	boundsPeriod = bounds{time.Millisecond, 24 * time.Hour}
	boundsDelay  = bounds{0, 24 * time.Hour}
	boundsGrace  = bounds{0, 10 * time.Minute}
	boundsGlobal = bounds{time.Second, 720 * time.Hour}
	boundsSetup  = bounds{time.Second, 24 * time.Hour}
)

// duration reads a duration and keeps it within the bounds, and says so.
func (t *table) duration(key string, b bounds) *metav1.Duration {
	text, ok := t.text(key)
	if !ok {
		return nil
	}
	return t.document.duration(t.at(key), text, b)
}

func (d *document) duration(at path, text string, b bounds) *metav1.Duration {
	meant, err := parseDuration(text)
	if err != nil {
		d.fault(at, "%s", err)
		return nil
	}
	// The API knows nothing below a millisecond.
	said := min(max((meant+time.Millisecond-1).Truncate(time.Millisecond), b.least), b.most)
	if meant > b.most {
		said = b.most
	}
	if said != meant {
		d.note(at, "%q is not within podtest's limits: %s is written instead", text, said)
	}
	return &metav1.Duration{Duration: said}
}
