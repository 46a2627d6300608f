package records_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
)

// retrying are settings of a profile that say so many retries.
func retrying(count int32) (v1alpha1.TestSettings, settings.Provenance) {
	return v1alpha1.TestSettings{
		Retries:       &v1alpha1.Retries{Count: count, Delay: &metav1.Duration{Duration: time.Second}},
		DefaultFilter: "not test(slow)",
	}, settings.Provenance{Settings: map[string]string{"retries": "profile ci"}, Overrides: []string{"", "profile ci overrides[0]"}}
}

// profiled is a run that has a profile.
func profiled(uid string) *v1alpha1.TestRun {
	run := testRun(uid)
	run.Spec.ProfileRef = &v1alpha1.ProfileRef{Name: "ci"}
	return run
}

type frozen struct {
	Settings   v1alpha1.TestSettings
	Provenance settings.Provenance
}

func TestTheFirstSettingsThatAreStoredHold(t *testing.T) {
	var first frozen
	first.Settings, first.Provenance = retrying(1)
	for name, second := range map[string]int32{"the same again": 1, "those of a profile that has changed since": 7} {
		t.Run(name, func(t *testing.T) {
			ctx, c := context.Background(), cluster(t)
			store, run := records.Objects{Writer: c, Reader: c}, profiled("uid")
			for _, count := range []int32{1, second} {
				merged, from := retrying(count)
				got, gotFrom, err := records.PutSettings(ctx, store, run, merged, from)
				if diff := cmp.Diff(first, frozen{got, gotFrom}); err != nil || diff != "" {
					t.Fatalf("storing those with %d retries: %v\n%s", count, err, diff)
				}
			}
			got, gotFrom, err := records.GetSettings(ctx, store, run)
			if diff := cmp.Diff(first, frozen{got, gotFrom}); err != nil || diff != "" {
				t.Errorf("reading them: %v\n%s", err, diff)
			}
		})
	}
}

func TestSettingsOfAnotherRunAreInTheWay(t *testing.T) {
	ctx, c := context.Background(), cluster(t)
	store := records.Objects{Writer: c, Reader: c}
	merged, from := retrying(1)
	if _, _, err := records.PutSettings(ctx, store, profiled("first"), merged, from); err != nil {
		t.Fatal(err)
	}
	if _, _, err := records.PutSettings(ctx, store, profiled("second"), merged, from); !errors.Is(err, records.ErrTaken) {
		t.Errorf("storing: %v", err)
	}
	if _, _, err := records.GetSettings(ctx, store, profiled("second")); !errors.Is(err, records.ErrTaken) {
		t.Errorf("reading: %v", err)
	}
}

func TestEffective(t *testing.T) {
	stored, storedFrom := retrying(1)
	own := v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 5}}
	for name, tt := range map[string]struct {
		run     *v1alpha1.TestRun
		there   bool
		want    frozen
		wantErr error
	}{
		"a run without a profile keeps its own and needs no record": {testRun("uid"), false, frozen{Settings: own}, nil},
		"nor does it look at one":                                   {testRun("uid"), true, frozen{Settings: own}, nil},
		"a run with a profile has what it took":                     {profiled("uid"), true, frozen{stored, storedFrom}, nil},
		"a run that has not taken it yet says so":                   {profiled("uid"), false, frozen{Settings: own}, records.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, c := context.Background(), cluster(t)
			store := records.Objects{Writer: c, Reader: c}
			if tt.there {
				if _, _, err := records.PutSettings(ctx, store, tt.run, stored, storedFrom); err != nil {
					t.Fatal(err)
				}
			}
			tt.run.Spec.TestSettings = own
			from, err := records.Effective(ctx, store, tt.run)
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("got error %v, want %v", err, tt.wantErr)
			}
			if diff := cmp.Diff(tt.want, frozen{tt.run.Spec.TestSettings, from}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadTests(t *testing.T) {
	cat := listed(t, 3, false)
	stored, from := retrying(4)
	stored.DefaultFilter = "not test(=Test0000001)"
	withCatalog := func(c client.Client, run *v1alpha1.TestRun) error {
		n, err := records.SaveCatalog(context.Background(), c, run, cat)
		run.Status.Catalog = &v1alpha1.CatalogRef{Digest: cat.Digest(), Records: int32(n)}
		return err
	}
	withSettings := func(c client.Client, run *v1alpha1.TestRun) error {
		_, _, err := records.PutSettings(context.Background(), records.Objects{Writer: c, Reader: c}, run, stored, from)
		return err
	}
	type loaded struct {
		Reasons  []settings.Reason
		Attempts int
		Source   string
		Name     string // of the first test
	}
	of := func(reason settings.Reason) []settings.Reason { return []settings.Reason{0, reason, 0} }
	type steps = []func(client.Client, *v1alpha1.TestRun) error
	for name, tt := range map[string]struct {
		run     *v1alpha1.TestRun
		before  steps
		stress  bool
		want    loaded
		wantErr error
	}{
		"what the run took from its profile holds": {
			profiled("uid"),
			steps{withCatalog, withSettings},
			false,
			loaded{of(settings.DefaultFilter), 5, "profile ci", "unit::a Test0000000"},
			nil,
		},
		"without a profile the spec does": {
			testRun("uid"),
			steps{withCatalog},
			false,
			loaded{of(settings.Selected), 1, "", "unit::a Test0000000"},
			nil,
		},
		"a stress run tells its rounds": {
			testRun("uid"),
			steps{withCatalog},
			true,
			loaded{of(settings.Selected), 1, "", "unit::a@stress-0 Test0000000"},
			nil,
		},
		"a run that has not taken its profile is not found": {
			profiled("uid"), steps{withCatalog}, false, loaded{}, records.ErrNotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t)
			for _, step := range tt.before {
				if err := step(c, tt.run); err != nil {
					t.Fatal(err)
				}
			}
			if tt.stress {
				tt.run.Spec.Stress = &v1alpha1.Stress{Count: 2}
			}
			was := tt.run.DeepCopy()
			gotCat, set, err := records.LoadTests(context.Background(), c, tt.run)
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("got error %v, want %v", err, tt.wantErr)
			}
			if diff := cmp.Diff(was, tt.run); diff != "" {
				t.Errorf("the caller's run was changed:\n%s", diff)
			}
			if err != nil {
				return
			}
			first := set.Table[set.Of[0]]
			got := loaded{set.Reasons, set.Policy(0).MaxAttempts, first.Sources["retries"], gotCat.DisplayName(0)}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
