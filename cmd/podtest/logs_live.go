package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/attach"
	"github.com/podtest/podtest/internal/wire"
)

// How often it is looked where a test runs, and how often in vain though the status says that it does: the status may
// be a second old.
const (
	liveEvery = time.Second
	liveTries = 5
)

// errNotThere says that an attempt does not run where it was looked for.
var errNotThere = errors.New("it does not run there now")

// live shows the attempt that runs. With --follow it waits for one.
func (l *logs) live(ctx context.Context, book *report.Book, ordinal uint32) error {
	var trouble error
	for tries, told := 0, false; tries < liveTries; {
		place, runs, err := l.where(ctx, book, ordinal)
		if err != nil {
			return err
		}
		if runs {
			if trouble = l.look(ctx, book, place); !passing(trouble) {
				return trouble
			}
			tries++
		}
		over, err := l.over(ctx, ordinal, place.Attempt)
		if over || err != nil {
			return err
		}
		if !runs && !l.follow {
			fmt.Fprintf(l.cli.err, "%s does not run now, and has no verdict yet; --follow waits for it to begin\n",
				book.Test(ordinal))
			return nil
		}
		if !runs && !told {
			told = true
			fmt.Fprintf(l.cli.err, "%s does not run now: waiting for it to begin\n", book.Test(ordinal))
		}
		if !pause(ctx, liveEvery) {
			return exitCode(v1alpha1.ExitCancelled)
		}
	}
	return trouble
}

// pause is false if the wait was cut short.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// over shows what is stored by now, and reports whether nothing follows: the attempt that was looked for has ended, or
// the test has its verdict, or the run has.
func (l *logs) over(ctx context.Context, ordinal uint32, looked uint16) (bool, error) {
	in, err := l.cli.input(ctx, l.cluster, l.run)
	if err != nil {
		return false, err
	}
	if err := l.stored(in, ordinal); err != nil {
		return false, err
	}
	if l.shown[looked] || l.run.Status.CompletionTime != nil || decided(in.Book.Attempts(ordinal)) {
		return true, l.noneLeft(in.Book, ordinal)
	}
	return false, nil
}

// passing reports whether looking again may help: the attempt, or its pod, may have ended at this moment.
func passing(err error) bool {
	return errors.Is(err, errNotThere) || errors.Is(err, attach.ErrCut)
}

// where is the pod in which the attempt runs. The status knows it of the tests that run longest; of others each worker
// is asked.
func (l *logs) where(ctx context.Context, book *report.Book, ordinal uint32) (attach.Test, bool, error) {
	if err := l.cluster.Get(ctx, client.ObjectKeyFromObject(l.run), l.run); err != nil {
		return attach.Test{}, false, fmt.Errorf("reading TestRun %s/%s: %w", l.run.Namespace, l.run.Name, err)
	}
	spec := &l.run.Spec.Template.Spec
	place := attach.Test{
		Namespace: l.run.Namespace, Container: spec.Containers[v1alpha1.TestContainer(spec)].Name, RunUID: l.run.UID,
		Ordinal: ordinal, Attempt: l.attempt, Follow: l.follow,
	}
	for _, t := range l.run.Status.Running {
		if t.Ordinal == int64(ordinal) && (l.attempt == 0 || t.Attempt == int32(l.attempt)) {
			place.Pod, place.Attempt = t.Pod, uint16(t.Attempt)
			return place, true, nil
		}
	}
	if l.run.Status.Tests.Running <= int64(len(l.run.Status.Running)) {
		return attach.Test{}, false, nil
	}
	return l.search(ctx, book, place)
}

// askedAtOnce is how many workers are asked at a time.
const askedAtOnce = 8

// search asks the workers that live whether they run the test.
func (l *logs) search(ctx context.Context, book *report.Book, place attach.Test) (attach.Test, bool, error) {
	looker, err := l.cli.attach()
	if err != nil {
		return attach.Test{}, false, err
	}
	var mu sync.Mutex
	var found attach.Test
	var g errgroup.Group
	g.SetLimit(askedAtOnce)
	for _, w := range book.Workers() {
		if w.Cause != "" {
			continue
		}
		asked := place
		asked.Pod, asked.Follow = w.Pod, false
		g.Go(func() error {
			err := looker.Look(ctx, asked, func(o wire.LiveOutput) error {
				if o.Attempt > 0 {
					mu.Lock()
					defer mu.Unlock()
					found = asked
					found.Attempt, found.Follow = o.Attempt, place.Follow
				}
				return nil
			})
			if errors.Is(err, attach.ErrForbidden) {
				return err
			}
			return nil // a pod that cannot be asked may be gone
		})
	}
	err = g.Wait()
	return found, found.Pod != "", err
}

// look shows what an attempt prints, and how it ended.
func (l *logs) look(ctx context.Context, book *report.Book, place attach.Test) error {
	looker, err := l.cli.attach()
	if err != nil {
		return err
	}
	tail := report.Tail{To: l.cli.out, Raw: l.raw}
	var last wire.LiveOutput
	err = looker.Look(ctx, place, func(o wire.LiveOutput) error {
		if o.Attempt > 0 && !l.shown[o.Attempt] {
			l.shown[o.Attempt] = true
			if err := tail.Title(fmt.Sprintf("attempt %d: running, pod %s", o.Attempt, place.Pod)); err != nil {
				return err
			}
		}
		last = o
		return tail.Show(o)
	})
	if closing := tail.Close(); err == nil {
		err = closing
	}
	switch {
	case ctx.Err() != nil:
		return exitCode(v1alpha1.ExitCancelled)
	case err != nil:
		delete(l.shown, last.Attempt) // what is stored of it, and how it ended, is shown yet
		return err
	case last.End == wire.LiveAbsent:
		return errNotThere
	case last.End == wire.LiveRunning:
		fmt.Fprintf(l.cli.err, "%s still runs; --follow shows what it goes on to print\n", book.Test(place.Ordinal))
		return nil
	case last.Row == nil:
		return tail.Title(fmt.Sprintf("attempt %d: ended from outside, it has no result", last.Attempt))
	}
	return tail.Title(title(report.Entry{Row: *last.Row, Pod: place.Pod}))
}

// attachToPods asks the pods of the cluster.
func (c *cli) attachToPods() (attach.Looker, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return attach.Pods{Config: config}, nil
}
