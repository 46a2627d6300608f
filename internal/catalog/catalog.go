// Package catalog holds the listed tests of a run: their order, which of them are selected, and their encoding. A
// catalog never changes once made; a test's place in it is its ordinal. It is pure.
package catalog

import "github.com/podtest/podtest/internal/wire"

// Catalog is the ordered result of listing. Order: suites and binaries by id, tests by name, both byte-wise.
type Catalog struct {
	Binaries []wire.Binary
	Tests    []wire.Listed // by ordinal; Binary is an index into Binaries
}
