package reporter

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// client posts JSON to the collector.
type client struct {
	options Options
	http    *http.Client
}

const (
	idleTimeout      = 90 * time.Second
	handshakeTimeout = 10 * time.Second
	maxReply         = 16 << 20
	maxErrorReply    = 4 << 10
)

func newClient(o Options) (*client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(o.CA) {
		return nil, errors.New("the collector's CA holds no certificate")
	}
	// HTTP/1.1 only: a broken connection is one request's trouble, and a new leader is found with the next.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, ServerName: o.ServerName, MinVersion: tls.VersionTLS13},
		TLSHandshakeTimeout: handshakeTimeout, IdleConnTimeout: idleTimeout, MaxIdleConnsPerHost: 4,
		Protocols: &protocols,
	}
	return &client{options: o, http: &http.Client{Transport: transport}}, nil
}

// refusal is an answer that is not 200.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.status, http.StatusText(r.status), r.text)
}

// post sends one request and reads its answer. The token is read each time: the kubelet renews it.
func (c *client) post(ctx context.Context, path string, body, reply any) error {
	ctx, stop := context.WithTimeout(ctx, patience[path])
	defer stop()
	request, err := c.request(ctx, path, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		c.http.CloseIdleConnections() // the next request may reach another manager
		return refused(response)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil || reply == nil {
		return err
	}
	return json.Unmarshal(text, reply)
}

// patience is how long an answer is waited for: a lease takes up to 20 s, others wait for a write to be durable; a
// catalog does both, and has up to 4 MiB to send. A collector that is gone without a word must not cost more.
var patience = map[string]time.Duration{
	wire.PathHello: 30 * time.Second, wire.PathReport: 30 * time.Second, wire.PathLease: 40 * time.Second,
	wire.PathOutput: 30 * time.Second, wire.PathCatalog: time.Minute,
}

func (c *client) request(ctx context.Context, path string, body any) (*http.Request, error) {
	token, err := os.ReadFile(c.options.TokenPath)
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.Collector+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(wire.HeaderBatch, c.options.Batch)
	return request, nil
}

func refused(response *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorReply))
	var reply wire.ErrorReply
	if json.Unmarshal(text, &reply) != nil || reply.Error == "" {
		reply.Error = fmt.Sprintf("%.200q", text)
	}
	return &refusal{status: response.StatusCode, text: reply.Error}
}
