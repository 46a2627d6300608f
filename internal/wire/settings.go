package wire

import (
	"path"
	"strings"
)

// defaultSettings are nextest's, for an assignment whose settings are missing.
var defaultSettings = TestSettings{TotalAttempts: 1, SlowPeriodMS: 60_000, GraceMS: 10_000, LeakMS: 200}

// SettingsOf is what holds for an assignment of the lease.
func (l *Lease) SettingsOf(a Assignment) *TestSettings {
	if a.Settings < 0 || a.Settings >= len(l.Settings) {
		return &defaultSettings
	}
	return &l.Settings[a.Settings]
}

// Load is how many of a worker's slots a test takes: its weight, but at least one and at most all.
func (s *TestSettings) Load(slots int) int { return max(1, min(s.Weight, slots)) }

// Named is the binary with what its empty fields mean filled in.
func (b Binary) Named() Binary {
	if b.Name == "" {
		_, last, found := strings.Cut(b.ID, "::")
		if !found {
			last = b.ID
		}
		b.Name = path.Base(last)
	}
	if b.Kind == "" {
		b.Kind = "test"
	}
	if b.Platform == "" {
		b.Platform = "target"
	}
	return b
}
