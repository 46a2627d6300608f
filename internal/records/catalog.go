package records

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
)

// rawChunk is where cutting a catalog into records begins: names shrink by ten when compressed, most times.
const rawChunk = 4 << 20

// SaveCatalog stores a run's catalog as TestRecords and returns how many there are. Storing it again changes nothing.
func SaveCatalog(
	ctx context.Context, c client.Client, run *v1alpha1.TestRun, cat *catalog.Catalog,
) (records int, err error) {
	return PutCatalog(ctx, Objects{Writer: c, Reader: c}, run, cat)
}

// LoadCatalog reads the catalog that the run's status tells of, and checks its digest.
func LoadCatalog(ctx context.Context, r client.Reader, run *v1alpha1.TestRun) (*catalog.Catalog, error) {
	return GetCatalog(ctx, Objects{Reader: r}, run)
}

// PutCatalog is SaveCatalog for any store.
func PutCatalog(ctx context.Context, s Store, run *v1alpha1.TestRun, cat *catalog.Catalog) (records int, err error) {
	sum, pieces := cat.Digest(), pack(cat)
	for i, data := range pieces {
		r := Record{Kind: v1alpha1.RecordCatalog, Index: i, Digest: sum, Data: data}
		if err := s.Put(ctx, run, r); err != nil {
			return 0, fmt.Errorf("storing the catalog: %w", err)
		}
	}
	return len(pieces), nil
}

// pack is a catalog in pieces that fit a record each; the same catalog is always cut alike.
func pack(cat *catalog.Catalog) [][]byte {
	for raw := rawChunk; ; raw /= 2 {
		chunks := cat.Encode(raw)
		if pieces, ok := compressAll(chunks); ok || raw < MaxData/2 {
			return pieces
		}
	}
}

func compressAll(chunks [][]byte) (pieces [][]byte, fit bool) {
	pieces = make([][]byte, len(chunks))
	for i, c := range chunks {
		pieces[i] = compress(c)
		if len(pieces[i]) > MaxData {
			return nil, false
		}
	}
	return pieces, true
}

// GetCatalog is LoadCatalog for any store.
func GetCatalog(ctx context.Context, s Store, run *v1alpha1.TestRun) (*catalog.Catalog, error) {
	ref := run.Status.Catalog
	if ref == nil {
		return nil, errors.New("the run has no catalog yet")
	}
	chunks := make([][]byte, ref.Records)
	for i := range chunks {
		name := Record{Kind: v1alpha1.RecordCatalog, Index: i, Digest: ref.Digest}.Name(run.Name)
		r, err := s.Get(ctx, run, name)
		if err != nil {
			return nil, fmt.Errorf("loading the catalog: %w", err)
		}
		if chunks[i], err = decompress(r.Data); err != nil {
			return nil, fmt.Errorf("record %s: %w", name, err)
		}
	}
	cat, err := catalog.Decode(chunks)
	if err != nil {
		return nil, err
	}
	if got := cat.Digest(); got != ref.Digest {
		return nil, fmt.Errorf("the stored catalog has digest %s, and should have %s", got, ref.Digest)
	}
	return cat, nil
}
