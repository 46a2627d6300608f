package records_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/wire"
)

func cluster(t *testing.T) client.Client {
	t.Helper()
	s := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(s).Build()
}

func testRun(uid string) *v1alpha1.TestRun {
	return &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{
		Name: strings.Repeat("n", 200), Namespace: "ns", UID: types.UID(uid),
	}}
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = r.Read(b)
	return b
}

// listed is a catalog of n tests whose names compress badly, or well.
func listed(t *testing.T, n int, random bool) *catalog.Catalog {
	t.Helper()
	part := wire.Catalog{Binaries: []wire.Binary{{ID: "unit::a"}}}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		name := fmt.Sprintf("Test%07d", i)
		if random {
			name += fmt.Sprintf("_%x%x%x%x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
		}
		part.Tests = append(part.Tests, wire.Listed{Name: name})
	}
	c, err := catalog.New(part)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACatalogIsStoredInPiecesAndReadBack(t *testing.T) {
	for name, want := range map[string]*catalog.Catalog{
		"of no tests":                 listed(t, 0, false),
		"of some":                     listed(t, 1000, false),
		"whose names are much alike":  listed(t, 20_000, false),
		"whose names do not compress": listed(t, 20_000, true),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, c, run := context.Background(), cluster(t), testRun("uid")
			n, err := records.SaveCatalog(ctx, c, run, want)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := records.SaveCatalog(ctx, c, run, want); err != nil || again != n {
				t.Fatalf("storing it again: %d, %v", again, err)
			}
			var all v1alpha1.TestRecordList
			if err := c.List(ctx, &all); err != nil || len(all.Items) != n {
				t.Fatalf("%d records, want %d, error %v", len(all.Items), n, err)
			}
			if large := strings.Contains(name, "do not compress"); large != (n > 1) {
				t.Errorf("%d tests are in %d records", len(want.Tests), n)
			}
			for _, r := range all.Items {
				if len(r.Spec.Data) > records.MaxData || len(r.Name) > 253 {
					t.Errorf("record %s has %d bytes", r.Name, len(r.Spec.Data))
				}
				wantOwners := []metav1.OwnerReference{{
					APIVersion: "podtest.dev/v1alpha1", Kind: "TestRun", Name: run.Name, UID: run.UID,
				}}
				if diff := cmp.Diff(wantOwners, r.OwnerReferences); diff != "" {
					t.Error(diff)
				}
			}
			run.Status.Catalog = &v1alpha1.CatalogRef{Digest: want.Digest(), Records: int32(n)}
			got, err := records.LoadCatalog(ctx, c, run)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want.Tests, got.Tests) || !slices.Equal(want.Binaries, got.Binaries) {
				t.Error("what was read is not what was stored")
			}
		})
	}
}

func TestACatalogThatIsNotWhole(t *testing.T) {
	ctx := context.Background()
	cat := listed(t, 100, false)
	for name, spoil := range map[string]func(c client.Client, run *v1alpha1.TestRun, r *v1alpha1.TestRecord) error{
		"a record is gone": func(c client.Client, _ *v1alpha1.TestRun, r *v1alpha1.TestRecord) error {
			return c.Delete(ctx, r)
		},
		"a byte has flipped": func(c client.Client, _ *v1alpha1.TestRun, r *v1alpha1.TestRecord) error {
			r.Spec.Data[len(r.Spec.Data)/2] ^= 1
			return c.Update(ctx, r)
		},
		"it is another run's": func(_ client.Client, run *v1alpha1.TestRun, _ *v1alpha1.TestRecord) error {
			run.UID = "another"
			return nil
		},
		"the status says otherwise": func(_ client.Client, run *v1alpha1.TestRun, r *v1alpha1.TestRecord) error {
			run.Status.Catalog.Digest = r.Spec.Digest[:8] + strings.Repeat("0", 56)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, run := cluster(t), testRun("uid")
			n, err := records.SaveCatalog(ctx, c, run, cat)
			if err != nil {
				t.Fatal(err)
			}
			run.Status.Catalog = &v1alpha1.CatalogRef{Digest: cat.Digest(), Records: int32(n)}
			var all v1alpha1.TestRecordList
			if err := errors.Join(c.List(ctx, &all), spoil(c, run, &all.Items[0])); err != nil {
				t.Fatal(err)
			}
			if got, err := records.LoadCatalog(ctx, c, run); err == nil {
				t.Errorf("it was read as %d tests", got.Len())
			}
		})
	}
}

func TestARecordOfAnotherRunIsInTheWay(t *testing.T) {
	ctx, c, cat := context.Background(), cluster(t), listed(t, 3, false)
	if _, err := records.SaveCatalog(ctx, c, testRun("first"), cat); err != nil {
		t.Fatal(err)
	}
	if _, err := records.SaveCatalog(ctx, c, testRun("second"), cat); !errors.Is(err, records.ErrTaken) {
		t.Errorf("got %v", err)
	}
}

func TestOutputsAreKeptInOrderAndFoundBehindThoseOfTheLastLeader(t *testing.T) {
	ctx, c, run := context.Background(), cluster(t), testRun("uid")
	store := records.Objects{Writer: c, Reader: c}
	put := func(from int, outputs ...wire.Output) int {
		t.Helper()
		for _, data := range records.Pack(outputs) {
			next, err := records.PutOutput(ctx, store, run, records.Piece{Batch: "batch", Index: from, Data: data})
			if err != nil {
				t.Fatal(err)
			}
			from = next
		}
		return from
	}
	out := func(o uint32, text []byte) wire.Output {
		return wire.Output{Ordinal: o, Attempt: 1, Stderr: wire.Stream{Head: text, Dropped: 3}}
	}
	first := []wire.Output{out(1, []byte("one")), out(2, noise(200_000)), out(3, noise(200_001))}
	next := put(0, first...)
	if next != 3 {
		t.Errorf("%d records for what does not fit one", next)
	}
	if again := put(0, first...); again != next {
		t.Errorf("what is there already is stored again: %d", again)
	}
	second := out(4, []byte("four"))
	if after := put(0, second); after != next+1 { // a leader that begins to count anew
		t.Errorf("the next record is %d", after)
	}
	var got []wire.Output
	err := records.LoadOutputs(ctx, c, run, func(_ string, o wire.Output) error {
		got = append(got, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(first, second), got); diff != "" {
		t.Errorf("%.500s", diff)
	}
}

func TestAnOutputThatFitsNoRecordIsCutOnceMore(t *testing.T) {
	text := noise(1 << 20)
	huge := wire.Output{
		Stdout: wire.Stream{Head: text, Tail: text[:100], Dropped: 5}, Stderr: wire.Stream{Head: text, Tail: text},
	}
	data := records.Pack([]wire.Output{huge})
	if len(data) != 1 || len(data[0]) > records.MaxData {
		t.Fatalf("%d pieces, the first has %d bytes", len(data), len(data[0]))
	}
	if len(huge.Stdout.Head) != len(text) {
		t.Error("the caller's output was changed")
	}
}
