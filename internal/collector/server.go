package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ServiceName is the Service that selects the leader's pod; Port is its port.
const (
	ServiceName = "podtest-collector"
	Port        = "8443"
)

// Limits of connections. Writing covers a long poll.
const (
	maxConnections = 20_000
	headerTimeout  = 10 * time.Second
	readTimeout    = time.Minute
	writeTimeout   = 2 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeader      = 32 << 10
	shutdownAfter  = 5 * time.Second
)

// ServerOptions say what the collector serves, where it listens and how it is reached.
type ServerOptions struct {
	Client    client.Client
	Live      client.Reader // reads past the client's cache
	Namespace string        // of the manager
	Addr      string        // to listen on, such as ":8443"
	URL       string        // that reporters are told instead of the Service's address
	Handler   http.Handler
}

// Server is the HTTPS endpoint of the collector. It runs on the leader only.
type Server struct {
	options      ServerOptions
	certificates *certificates
}

// NewServer makes a server; Start starts it.
func NewServer(o ServerOptions) *Server {
	name := ServiceName + "." + o.Namespace + ".svc"
	names := []string{name, name + ".cluster.local"}
	return &Server{options: o, certificates: newCertificates(o.Client, o.Live, o.Namespace, names)}
}

// NeedLeaderElection makes only the leader serve.
func (s *Server) NeedLeaderElection() bool { return true }

// Name is the name in the collector's certificate.
func (s *Server) Name() string { return s.certificates.names[0] }

// CABundle is what reporters are to trust, as PEM. It is made at the first call if there is none.
func (s *Server) CABundle(ctx context.Context) ([]byte, error) { return s.certificates.bundle(ctx) }

// Address is where reporters find the collector.
func (s *Server) Address(ctx context.Context) (string, error) {
	if s.options.URL != "" {
		return strings.TrimSuffix(s.options.URL, "/"), nil
	}
	var service corev1.Service
	key := types.NamespacedName{Namespace: s.options.Namespace, Name: ServiceName}
	if err := s.options.Live.Get(ctx, key, &service); err != nil {
		return "", fmt.Errorf("looking up the collector's Service: %w", err)
	}
	ip := service.Spec.ClusterIP
	if ip == "" || ip == corev1.ClusterIPNone {
		return "", fmt.Errorf("the Service %s has no cluster IP: give it one, or set --collector-url", key)
	}
	return "https://" + net.JoinHostPort(ip, Port), nil
}

// Start serves until ctx is done.
func (s *Server) Start(ctx context.Context) error {
	if err := s.certificates.ensure(ctx); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.options.Addr)
	if err != nil {
		return fmt.Errorf("listening for reporters: %w", err)
	}
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		s.certificates.keepFresh(ctx)
	}()
	defer func() { <-renewed }()
	return s.serve(ctx, listener)
}

func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.options.Handler,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: s.certificates.get},
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// Questions that wait for work are answered when the lead is lost.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownAfter)
		defer done()
		stopped <- errors.Join(server.Shutdown(grace), server.Close())
	})
	log.Info("serving reporters", "address", listener.Addr().String())
	err := server.ServeTLS(netutil.LimitListener(listener, maxConnections), "", "")
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving reporters: %w", err)
	}
	if err := <-stopped; err != nil {
		log.Info("connections were cut at the end", "error", err.Error())
	}
	return nil
}
