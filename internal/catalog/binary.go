package catalog

import (
	"cmp"
	"strings"

	"github.com/podtest/podtest/internal/filter"
)

// idParts is a binary id as nextest reads it: "<package>", "<package>::<name>" or "<package>::<kind>/<name>". Of an id
// of ours, "<suite>::<path>", the suite is the package, and the first folder of the path the kind.
type idParts struct {
	pkg, kind, name string
	form            int // 0: package alone, 1: with a name, 2: with kind and name
}

func splitID(id string) idParts {
	pkg, rest, found := strings.Cut(id, "::")
	if !found {
		return idParts{pkg: pkg}
	}
	if kind, name, found := strings.Cut(rest, "/"); found {
		return idParts{pkg: pkg, kind: kind, name: name, form: 2}
	}
	return idParts{pkg: pkg, name: rest, form: 1}
}

// compareIDs is nextest's order of binary ids: by package, then the shorter form first, then by kind, then by name,
// each byte-wise. It is a total order, since the parts make up the id; it is not the order of the ids as text: "a::z"
// comes before "a::bin/b".
func compareIDs(a, b string) int {
	x, y := splitID(a), splitID(b)
	return cmp.Or(
		cmp.Compare(x.pkg, y.pkg), cmp.Compare(x.form, y.form), cmp.Compare(x.kind, y.kind), cmp.Compare(x.name, y.name),
	)
}

// FilterBinary is what filtersets see of a binary; i is its place in Binaries.
func (c *Catalog) FilterBinary(i int) filter.Binary {
	b := &c.Binaries[i]
	return filter.Binary{
		Suite: b.Suite, ID: b.ID, Package: b.Package,
		Name:     cmp.Or(b.Name, lastName(b.ID)),
		Kind:     cmp.Or(b.Kind, "test"),
		Platform: cmp.Or(b.Platform, "target"),
	}
}

// lastName is the last element of a binary id.
func lastName(id string) string {
	if i := strings.LastIndex(id, "::"); i >= 0 {
		id = id[i+len("::"):]
	}
	return id[strings.LastIndexByte(id, '/')+1:]
}
