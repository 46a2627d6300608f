package manifest

import (
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// Lease is a grant with all that an agent has to know of its tests; told are the run's AgentSettings.
func Lease(cat *catalog.Catalog, set *settings.Resolved, told []wire.TestSettings, g plan.Grant) wire.Lease {
	lease := wire.Lease{Drain: g.Drain, Stop: g.Stop}
	place, setting := map[int]int{}, map[int32]int{}
	for _, h := range g.Attempts {
		b, t := cat.Test(h.Ordinal)
		at, ok := place[t.Binary]
		if !ok {
			at = len(lease.Binaries)
			place[t.Binary] = at
			lease.Binaries = append(lease.Binaries, b)
		}
		of := set.Of[int(h.Ordinal)%len(set.Of)]
		with, ok := setting[of]
		if !ok {
			with = len(lease.Settings)
			setting[of] = with
			lease.Settings = append(lease.Settings, told[of])
		}
		lease.Attempts = append(lease.Attempts, wire.Assignment{
			Ordinal: h.Ordinal, Attempt: h.Attempt, Binary: at, Name: t.Name, Ignored: t.Ignored,
			Settings: with, Slot: h.Slot, GroupSlot: h.GroupSlot, Round: cat.Round(h.Ordinal),
		})
	}
	return lease
}
