package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/podtest/podtest/api/v1alpha1"
)

func fullScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		panic(err)
	}
	if err := v1alpha1.AddToScheme(s); err != nil {
		panic(err)
	}
	return s
}

func emptyCluster(objects ...client.Object) client.WithWatch {
	return fake.NewClientBuilder().WithScheme(fullScheme()).WithObjects(objects...).Build()
}

var testNames = []string{"podtest-collector.system.svc", "podtest-collector.system.svc.cluster.local"}

// keeper is a leader's certificates at a time that the test sets.
func keeper(c client.Client, now *time.Time) *certificates {
	k := newCertificates(c, c, "system", testNames)
	k.now = func() time.Time { return *now }
	return k
}

func ensured(t *testing.T, k *certificates) (bundle []byte, serving *x509.Certificate) {
	t.Helper()
	if err := k.ensure(context.Background()); err != nil {
		t.Fatal(err)
	}
	bundle, err := k.bundle(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return bundle, k.have.serving.cert
}

func trusts(bundle []byte, serving *x509.Certificate, name string, at time.Time) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	_, err := serving.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at})
	return err
}

func TestAllLeadersServeOneAuthority(t *testing.T) {
	now := time.Now()
	c := emptyCluster()
	var bundles sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			b, err := keeper(c, &now).bundle(context.Background())
			if err != nil {
				t.Error(err)
			}
			bundles.Store(string(b), true)
		})
	}
	wg.Wait()
	n := 0
	bundles.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d authorities", n)
	}
}

func TestReportersTrustTheCollectorThroughTenYearsAndMore(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := keeper(emptyCluster(), &now)
	const podLife = 200 * day
	type pod struct {
		born   time.Time
		bundle []byte
	}
	var pods []pod
	authorities := map[string]bool{}
	for range 25 * 12 {
		bundle, serving := ensured(t, k)
		authorities[string(k.have.ca.cert.Raw)] = true
		pods = append(pods, pod{now, bundle})
		if left := serving.NotAfter.Sub(now); left < 25*day {
			t.Fatalf("%s: the certificate has %v left", now, left)
		}
		if n := len(readCerts(bundle)); n > 3 {
			t.Fatalf("%s: the bundle has %d certificates", now, n)
		}
		for _, p := range pods {
			if now.Sub(p.born) > podLife {
				continue
			}
			for _, name := range testNames {
				if err := trusts(p.bundle, serving, name, now); err != nil {
					t.Fatalf("%s: a pod of %s does not trust the collector: %v", now, p.born, err)
				}
			}
		}
		now = now.Add(30 * day)
	}
	if len(authorities) < 3 {
		t.Errorf("%d authorities in 25 years", len(authorities))
	}
}

func TestNothingIsRenewedBeforeItIsTime(t *testing.T) {
	now := time.Now()
	c := emptyCluster()
	_, first := ensured(t, keeper(c, &now))
	now = now.Add(59 * day)
	_, same := ensured(t, keeper(c, &now))
	if !first.Equal(same) {
		t.Error("renewed too early")
	}
	now = now.Add(2 * day)
	_, next := ensured(t, keeper(c, &now))
	if first.Equal(next) {
		t.Error("not renewed at two thirds of its life")
	}
}

func TestASecretThatWasSpoiledIsMadeAnew(t *testing.T) {
	now := time.Now()
	for name, data := range map[string]map[string][]byte{
		"nothing":  nil,
		"garbage":  {keyBundle: []byte("x"), keyCAKey: []byte("y"), keyServingCert: []byte("z")},
		"no bytes": {keyBundle: {}, keyServingKey: {}},
	} {
		c := emptyCluster(&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: SecretName, Namespace: "system"}, Data: data,
		})
		bundle, serving := ensured(t, keeper(c, &now))
		if err := trusts(bundle, serving, testNames[0], now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheServerSpeaksTLSToWhoTrustsItsBundle(t *testing.T) {
	c := emptyCluster()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, "hello")
	})
	s := NewServer(ServerOptions{Client: c, Live: c, Namespace: "system", Handler: handler})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	bundle, err := s.CABundle(ctx)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx, listener) }()

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	url := "https://" + listener.Addr().String()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: s.Name()}}
	trusting := &http.Client{Transport: transport}
	answer, err := trusting.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if !bytes.Equal(text, []byte("hello")) {
		t.Errorf("got %q", text)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("a client that does not know the authority was content")
	}
	waited := make(chan error, 1)
	go func() {
		answer, err := trusting.Get(url + "/wait")
		if err == nil {
			_ = answer.Body.Close()
		}
		waited <- err
	}()
	time.Sleep(50 * time.Millisecond) // until it is under way; sooner would do as well
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if err := <-waited; err != nil {
		t.Logf("the request that was under way ended with %v", err)
	}
}

func TestWhereReportersFindTheCollector(t *testing.T) {
	for name, tt := range map[string]struct {
		ip, url, want string
	}{
		"at the Service's address":              {ip: "10.96.0.7", want: "https://10.96.0.7:8443"},
		"at an address of version 6":            {ip: "fd00::7", want: "https://[fd00::7]:8443"},
		"where the flag says":                   {ip: "10.96.0.7", url: "https://c.example/", want: "https://c.example"},
		"nowhere, while there is no cluster IP": {ip: "None"},
	} {
		t.Run(name, func(t *testing.T) {
			c := emptyCluster(&corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: ServiceName, Namespace: "system"},
				Spec:       corev1.ServiceSpec{ClusterIP: tt.ip},
			})
			s := NewServer(ServerOptions{Client: c, Live: c, Namespace: "system", URL: tt.url})
			got, err := s.Address(context.Background())
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
