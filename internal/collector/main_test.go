package collector_test

import (
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/wire"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	records.Pack([]wire.Output{{}}) // the one encoder of all tests is not to be made in one test's bubble
	os.Exit(m.Run())
}
