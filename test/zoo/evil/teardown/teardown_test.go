// Package teardown: the tests pass and what TestMain does after them fails.
package teardown

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if flag.Lookup("test.list").Value.String() == "" {
		fmt.Println("cannot remove the test database")
		code = 3
	}
	os.Exit(code)
}

func TestPassesBeforeTeardownFails(t *testing.T) {}

func TestSkipsBeforeTeardownFails(t *testing.T) { t.Skip("not today") }
