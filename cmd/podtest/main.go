// Command podtest installs podtest, starts runs of tests, follows them and shows what became of them. Found on the PATH
// as kubectl-podtest it is also `kubectl podtest`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	if code, is := helper(os.Args[1:]); is {
		os.Exit(code)
	}
	// What the client libraries have to say is in the errors already.
	klog.SetLogger(logr.Discard())
	ctrllog.SetLogger(logr.Discard())

	// A reader that goes is an error when writing, not the end of podtest. It is taken and not ignored, for children
	// would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := newCLI(os.Args[0], os.Stdin, os.Stdout, os.Stderr).run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
