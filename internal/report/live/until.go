package live

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Until returns once done says yes to the object; an object that is not there is nil. ctx limits the wait.
func Until(
	ctx context.Context, c client.WithWatch, like *unstructured.Unstructured, done func(*unstructured.Unstructured) bool,
) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(like.GroupVersionKind())
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(like.GroupVersionKind())

	watching, enough := context.WithCancel(ctx)
	defer enough()
	w := Watcher{Client: c, List: list, Object: object, Opts: []client.ListOption{
		client.InNamespace(like.GetNamespace()), client.MatchingFields{"metadata.name": like.GetName()},
	}}
	var lock sync.Mutex
	seen, yes := false, false
	look := func(u *unstructured.Unstructured) {
		if !yes {
			yes = done(u)
		}
		if yes {
			enough()
		}
	}
	// A watch says nothing of an object that is not there.
	w.Synced = func() {
		lock.Lock()
		defer lock.Unlock()
		if !seen {
			look(nil)
		}
	}
	see := func(_ context.Context, s Seen) {
		u, ok := s.Object.(*unstructured.Unstructured)
		if !ok || u.GetName() != like.GetName() {
			return
		}
		lock.Lock()
		defer lock.Unlock()
		if seen = true; s.Gone {
			u = nil
		}
		look(u)
	}
	if err := w.Run(watching, see); err != nil {
		return fmt.Errorf("waiting for %s %s: %w", like.GetKind(), like.GetName(), err)
	}
	if !yes {
		return context.Cause(ctx)
	}
	return nil
}
