package records_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
)

func TestWhatIsKnownOfTheRunsBeforeComesBack(t *testing.T) {
	many := &settings.Before{}
	for i := range 30_000 { // names that do not compress, so that they take several records
		name := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, i)))
		many.Learn("unit::a", name, settings.Standing(1+i%3))
	}
	few := &settings.Before{}
	few.Learn("unit::a", "TestA", settings.HasFailed)
	few.Learn("unit::a", "TestA", settings.HasPassed)
	few.Learn("unit::b", "\u202e <b>", settings.HasNotRun)
	for name, want := range map[string]*settings.Before{"few": few, "many": many} {
		t.Run(name, func(t *testing.T) {
			ctx, c := context.Background(), cluster(t)
			store, run := records.Objects{Writer: c, Reader: c}, testRun("uid")
			for range 2 { // two leaders
				if err := records.PutBefore(ctx, store, run, want); err != nil {
					t.Fatal(err)
				}
			}
			got, err := records.GetBefore(ctx, store, run)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v %.2000s", err, diff)
			}
		})
	}
}

func TestARerunThatHasStoredNothingYetIsTold(t *testing.T) {
	c := cluster(t)
	_, err := records.GetBefore(context.Background(), records.Objects{Writer: c, Reader: c}, testRun("uid"))
	if !errors.Is(err, records.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
