package wire

// Probe is what `agent probe` found out about the way to the collector.
type Probe struct {
	Error        string `json:"error,omitempty"`  // why it was not reached; empty: it was
	Checked      bool   `json:"checked"`          // its certificate was checked
	Server       string `json:"server,omitempty"` // its time
	Milliseconds int64  `json:"milliseconds"`
}
