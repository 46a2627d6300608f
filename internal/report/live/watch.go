// Package live reads objects of the API as they change: a list, then a watch, taken up again whenever it breaks.
package live

import (
	"context"
	"errors"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Seen is an object as it is now, or was when it was deleted.
type Seen struct {
	Object client.Object
	Gone   bool
}

// Watcher watches the objects of one kind.
type Watcher struct {
	Client client.WithWatch
	List   client.ObjectList // an empty one of the kind
	Object client.Object     // an empty one of the kind
	Opts   []client.ListOption
	// Trouble is told each time a list or watch fails and is about to be tried again. Optional.
	Trouble func(error)
	// Synced is told once, when see knows of all objects that were there at the start. Optional.
	Synced func()
}

// Run tells see of every object there is and of every change, one after the other, until ctx ends or the API says
// that it will never answer (no such kind, no such right), which is the error.
func (w Watcher) Run(ctx context.Context, see func(context.Context, Seen)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	informer := cache.NewSharedIndexInformer(w.listWatch(), w.Object, 0, cache.Indexers{})
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		switch {
		case hopeless(err):
			stop(err)
		case !expired(err) && w.Trouble != nil:
			w.Trouble(err)
		}
	}); err != nil {
		return fmt.Errorf("watching: %w", err)
	}
	registration, err := informer.AddEventHandler(handler(ctx, see))
	if err != nil {
		return fmt.Errorf("watching: %w", err)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) && w.Synced != nil {
			w.Synced()
		}
	})
	informer.RunWithContext(ctx)
	waiting.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("watching: %w", err)
	}
	return nil
}

func handler(ctx context.Context, see func(context.Context, Seen)) cache.ResourceEventHandler {
	tell := func(obj any, gone bool) {
		if last, ok := obj.(cache.DeletedFinalStateUnknown); ok {
			obj = last.Obj
		}
		if object, ok := obj.(client.Object); ok {
			see(ctx, Seen{Object: object, Gone: gone})
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { tell(obj, false) },
		UpdateFunc: func(_, obj any) { tell(obj, false) },
		DeleteFunc: func(obj any) { tell(obj, true) },
	}
}

// expired are answers after which a list helps.
func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// hopeless are answers that asking again will not change.
func hopeless(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) ||
		apierrors.IsNotFound(err) || meta.IsNoMatchError(err)
}

// plain keeps the informer from asking for a list as a stream, which not every client can.
type plain struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported is asked for by client-go, by this name.
func (plain) IsWatchListSemanticsUnSupported() bool { return true }

func (w Watcher) listWatch() cache.ListerWatcher {
	return plain{&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, raw metav1.ListOptions) (runtime.Object, error) {
			list := w.List.DeepCopyObject().(client.ObjectList)
			return list, w.Client.List(ctx, list, w.options(raw))
		},
		WatchFuncWithContext: func(ctx context.Context, raw metav1.ListOptions) (watch.Interface, error) {
			watching, err := w.Client.Watch(ctx, w.List.DeepCopyObject().(client.ObjectList), w.options(raw))
			if err != nil && w.Trouble != nil && ctx.Err() == nil && !hopeless(err) && !expired(err) {
				w.Trouble(err) // the informer keeps it to itself if nobody listens at the address
			}
			return watching, err
		},
	}}
}

func (w Watcher) options(raw metav1.ListOptions) *client.ListOptions {
	o := (&client.ListOptions{}).ApplyOptions(w.Opts)
	o.Limit, o.Continue, o.Raw = raw.Limit, raw.Continue, &raw
	return o
}
