package compose

import (
	"strings"

	"github.com/podtest/podtest/internal/filter"
)

// Filterset joins filtersets and names as nextest does: what one of the filtersets selects, and the names choose.
func Filterset(filters []string, names Names) string {
	chosen := names.Filterset()
	switch {
	case len(filters) == 0:
		return chosen
	case chosen == "":
		return union(filters)
	}
	return "(" + union(filters) + ") and (" + chosen + ")"
}

func union(filters []string) string {
	if len(filters) == 1 {
		return filters[0]
	}
	return "(" + strings.Join(filters, ") or (") + ")"
}

// checkFiltersets is a *filter.Error if one of them means nothing.
func checkFiltersets(filters []string) error {
	for _, f := range filters {
		// Which groups there are may be known to a profile in the cluster only.
		if _, err := filter.Parse(f, filter.Options{Default: filter.All(), AnyGroup: true}); err != nil {
			return err
		}
	}
	return nil
}
