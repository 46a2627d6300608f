package outcome_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
)

func TestALedgerIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(anyRow()).Draw(t, "rows")
		got, err := outcome.Decode(outcome.Encode(want))
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 {
			want = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheEndsOfEveryRangeFit(t *testing.T) {
	want := []outcome.Row{
		{Ordinal: math.MaxUint32, Attempt: math.MaxUint16, Start: math.MinInt64, Duration: math.MaxUint64, CPU: math.MaxUint64, PeakRSS: math.MaxUint64},
		{},
		{Start: math.MaxInt64, PeakRSS: math.MaxUint64, Leaky: true, Slow: true},
	}
	got, err := outcome.Decode(outcome.Encode(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoRowsAreNoBytes(t *testing.T) {
	if b := outcome.Encode(nil); len(b) > 0 {
		t.Errorf("Encode(nil) = %x", b)
	}
	if rows, err := outcome.Decode(nil); err != nil || len(rows) > 0 {
		t.Errorf("Decode(nil) = %v, %v", rows, err)
	}
}

func TestALedgerStaysSmall(t *testing.T) {
	for name, c := range map[string]struct {
		rows, slots int
		want        float64 // bytes a row
	}{
		"10,000 tests of a worker with one slot":    {10_000, 1, 9},
		"10,000 tests of a worker with eight slots": {10_000, 8, 12},
		"100 tests": {100, 1, 13},
	} {
		t.Run(name, func(t *testing.T) {
			b := outcome.Encode(workday(c.rows, c.slots, 1))
			got := float64(len(b)) / float64(c.rows)
			t.Logf("%.2f bytes a row", got)
			if got > c.want {
				t.Errorf("%.2f bytes a row, want at most %.1f", got, c.want)
			}
		})
	}
}

// A ledger written by the first version can be read for ever. The bytes themselves may change with Go's compressor.
func TestLedgersOfVersionOneAreRead(t *testing.T) {
	stored, err := os.ReadFile("testdata/ledger-v1.hex")
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(stored)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := outcome.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(workday(20, 2, 1), got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoLedgerIsRefused(t *testing.T) {
	good := outcome.Encode(workday(100, 1, 1))
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"a version that is not known":   {append([]byte{9}, good[1:]...), "version"},
		"a brief":                       {append([]byte{0xb1}, good[1:]...), "version"},
		"one that ends too early":       {good[:len(good)/2], "inflating"},
		"one with more behind it":       {append(bytes.Clone(good), 0), "1 bytes too many"},
		"only a version":                {good[:1], "inflating"},
		"more rows than anybody counts": {deflated(binary.AppendUvarint(nil, 1<<63)), "too early"},
		"noise":                         {[]byte("\x01 the reporter was here"), "inflating"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := outcome.Decode(c.bytes)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Decode = %d rows, error %v; want an error with %q", len(rows), err, c.want)
			}
		})
	}
}

// deflated are the bytes of a ledger that inflates to raw.
func deflated(raw []byte) []byte {
	b := bytes.NewBuffer([]byte{1})
	w, _ := flate.NewWriter(b, flate.BestCompression)
	_, _ = w.Write(raw)
	_ = w.Close()
	return b.Bytes()
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(outcome.Encode(workday(3, 1, 1)))
	f.Add(outcome.Encode(workday(300, 4, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := outcome.Decode(b)
		if err != nil {
			return
		}
		again, err := outcome.Decode(outcome.Encode(rows))
		if err != nil || !slices.Equal(rows, again) { // 100,000 rows are too many for cmp.Diff
			t.Fatalf("%d rows became %d, error %v", len(rows), len(again), err)
		}
	})
}

func TestHostileBytesCostLittle(t *testing.T) {
	bomb := deflated(bytes.Repeat([]byte{0xff}, 64<<20))
	before, after := runtime.MemStats{}, runtime.MemStats{}
	runtime.ReadMemStats(&before)
	if _, err := outcome.Decode(bomb); err == nil {
		t.Error("64 MiB of 0xff is taken for a ledger")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Errorf("%d bytes allocated for %d hostile ones", got, len(bomb))
	}
}

func BenchmarkEncode10k(b *testing.B) {
	rows := workday(10_000, 4, 1)
	for b.Loop() {
		outcome.Encode(rows)
	}
}

func BenchmarkDecode10k(b *testing.B) {
	ledger := outcome.Encode(workday(10_000, 4, 1))
	for b.Loop() {
		if _, err := outcome.Decode(ledger); err != nil {
			b.Fatal(err)
		}
	}
}
