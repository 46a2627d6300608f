package controllers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/podtest/podtest/api/v1alpha1"
)

var (
	crds   = filepath.Join("..", "config", "crd", "bases")
	server = &envtest.Environment{CRDDirectoryPaths: []string{crds}, ErrorIfCRDPathMissing: true}
	start  = sync.OnceValues(startServer)
	api    = sync.OnceValues(newClient)
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func startServer() (*rest.Config, error) {
	// What is stored here need not outlive the machine.
	server.ControlPlane.Etcd = &envtest.Etcd{}
	server.ControlPlane.Etcd.Configure().Set("unsafe-no-fsync", "true")
	config, err := server.Start()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}

func newClient() (client.WithWatch, error) {
	config, err := start()
	if err != nil {
		return nil, err
	}
	return client.NewWithWatch(config, client.Options{Scheme: scheme()})
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}

// apiServer is a client of a real API server that knows podtest's CRDs. There is no kubelet, no Job controller and no
// garbage collector: tests play them.
func apiServer(t testing.TB) (*rest.Config, client.WithWatch) {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Fatal("this test needs etcd and kube-apiserver, and KUBEBUILDER_ASSETS does not say where they are: " +
			"run `make test-api`")
	}
	config, err := start()
	if err != nil {
		t.Fatalf("starting the API server: %v", err)
	}
	c, err := api()
	if err != nil {
		t.Fatalf("making a client: %v", err)
	}
	return config, c
}
