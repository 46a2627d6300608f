package reporter

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// Probe asks the collector a question that it refuses to anybody: that it does says that it was reached. Without a CA
// the certificate is not checked, which the result tells.
func Probe(ctx context.Context, o Options) wire.Probe {
	c, err := probeClient(o)
	if err != nil {
		return wire.Probe{Error: err.Error()}
	}
	defer c.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Collector+wire.PathHello, http.NoBody)
	if err != nil {
		return wire.Probe{Error: err.Error()}
	}
	response, err := c.Do(request)
	if err != nil {
		return wire.Probe{Error: err.Error()}
	}
	defer func() { _ = response.Body.Close() }()
	p := wire.Probe{Checked: len(o.CA) > 0}
	if at, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		p.Server = at.UTC().Format(time.RFC3339)
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorReply))
	var reply wire.ErrorReply
	if response.StatusCode != http.StatusUnauthorized || json.Unmarshal(text, &reply) != nil || reply.Error == "" {
		p.Error = "something else than podtest's collector answers there: HTTP " + response.Status
	}
	return p
}

func probeClient(o Options) (*http.Client, error) {
	if len(o.CA) > 0 {
		c, err := newClient(o)
		if err != nil {
			return nil, err
		}
		return c.http, nil
	}
	// Nothing is told to the other side, and nothing that it says is believed but that it is there.
	config := &tls.Config{InsecureSkipVerify: true, ServerName: o.ServerName, MinVersion: tls.VersionTLS13}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, TLSHandshakeTimeout: handshakeTimeout}}, nil
}
