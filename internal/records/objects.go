package records

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
)

// Objects keeps records as TestRecords, which go with their run.
type Objects struct {
	Writer client.Writer
	Reader client.Reader // reads past any cache: nobody wants bulk data in one
}

// listPage bounds what one answer of the API server holds.
const listPage = 16

// Put implements Store.
func (o Objects) Put(ctx context.Context, run *v1alpha1.TestRun, r Record) error {
	name := r.Name(run.Name)
	err := o.Writer.Create(ctx, &v1alpha1.TestRecord{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: run.Namespace, Labels: manifest.Labels(run),
			OwnerReferences: []metav1.OwnerReference{owner(run)},
		},
		Spec: v1alpha1.TestRecordSpec{
			Run: manifest.Ref(run), Kind: r.Kind, Index: int32(r.Index), Batch: r.Batch, Digest: r.Digest, Data: r.Data,
		},
	})
	if !apierrors.IsAlreadyExists(err) {
		if err != nil {
			return fmt.Errorf("creating record %s: %w", name, err)
		}
		return nil
	}
	there, err := o.Get(ctx, run, name)
	if err != nil {
		return err
	}
	if there.Kind != r.Kind || there.Digest != r.Digest || there.Batch != r.Batch || there.Index != r.Index {
		return fmt.Errorf("record %s: %w", name, ErrTaken)
	}
	return nil
}

// Get implements Store.
func (o Objects) Get(ctx context.Context, run *v1alpha1.TestRun, name string) (Record, error) {
	var tr v1alpha1.TestRecord
	err := o.Reader.Get(ctx, client.ObjectKey{Namespace: run.Namespace, Name: name}, &tr)
	if apierrors.IsNotFound(err) {
		return Record{}, fmt.Errorf("record %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return Record{}, fmt.Errorf("reading record %s: %w", name, err)
	}
	if !ours(run, &tr) {
		return Record{}, fmt.Errorf("record %s of another run: %w", name, ErrTaken)
	}
	return recordOf(&tr), nil
}

// List implements Store.
func (o Objects) List(
	ctx context.Context, run *v1alpha1.TestRun, kind v1alpha1.RecordKind, f func(Record) error,
) error {
	var page v1alpha1.TestRecordList
	opts := []client.ListOption{
		client.InNamespace(run.Namespace), client.Limit(listPage),
		client.MatchingLabels{v1alpha1.LabelRunUID: string(run.UID)},
	}
	for {
		if err := o.Reader.List(ctx, &page, append(opts, client.Continue(page.Continue))...); err != nil {
			return fmt.Errorf("listing the records of run %s: %w", run.Name, err)
		}
		slices.SortFunc(page.Items, byPlace) // names are in order already, up to 9999 records of a batch
		for i := range page.Items {
			tr := &page.Items[i]
			if tr.Spec.Kind != kind || !ours(run, tr) {
				continue
			}
			if err := f(recordOf(tr)); err != nil {
				return err
			}
		}
		if page.Continue == "" {
			return nil
		}
	}
}

func byPlace(a, b v1alpha1.TestRecord) int {
	return cmp.Or(cmp.Compare(a.Spec.Batch, b.Spec.Batch), cmp.Compare(a.Spec.Index, b.Spec.Index))
}

func recordOf(tr *v1alpha1.TestRecord) Record {
	s := &tr.Spec
	return Record{Kind: s.Kind, Batch: s.Batch, Index: int(s.Index), Digest: s.Digest, Data: s.Data}
}

// owner is no controller reference: a record has nobody who looks after it, it only goes with its run.
func owner(run *v1alpha1.TestRun) metav1.OwnerReference {
	gvk := v1alpha1.GroupVersion.WithKind("TestRun")
	return metav1.OwnerReference{
		APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind, Name: run.Name, UID: run.UID,
	}
}

func ours(run *v1alpha1.TestRun, tr *v1alpha1.TestRecord) bool {
	return tr.Spec.Run.UID == run.UID &&
		slices.ContainsFunc(tr.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == run.UID })
}
