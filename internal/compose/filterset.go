package compose

import "github.com/podtest/podtest/internal/filter"

// Filterset joins filtersets and names as nextest does: what one of the filtersets selects, and the names choose.
func Filterset(filters []string, names Names) string {
	chosen := names.Filterset()
	if len(filters) == 1 && chosen == "" {
		return filters[0]
	}
	apart := make([]string, len(filters))
	for i, f := range filters {
		apart[i] = "(" + f + ")"
	}
	text := union(apart)
	if text != "" && chosen != "" {
		text += " and "
	}
	return text + chosen
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
