package main

// A part adds its binaries to an image.
type part func(*image) error

var sets = map[string][]part{
	"demo": {
		goModule("github.com/spf13/cobra@v1.10.2"),
		goModule("github.com/spf13/pflag@v1.0.10"),
		goModule("github.com/google/go-cmp@v0.7.0"),
		goModule("github.com/google/uuid@v1.6.0"),
		crate("heck", "0.5.0"),
		crate("semver", "1.0.28"),
		crate("itoa", "1.0.19"),
		suites("good"),
	},
	"many": {
		goModule("golang.org/x/text@v0.40.0"),
		goModule("golang.org/x/net@v0.57.0"),
		// The two left out panic while they list, for want of a file of another module.
		goModule("k8s.io/apimachinery@v0.37.2", "pkg/util/managedfields", "pkg/util/managedfields/internal"),
		goModule("github.com/prometheus/common@v0.70.0"),
	},
	"evil": {
		goFolder("evil"),
		crateFolder("evil-rust"),
		suites("lines", "odd", "json", "libtest", "empty", "fails", "noise", "invalid", "duplicate", "vanished", "long"),
	},
	"noop":    {noop(2000)},
	"nextest": {nextestWorkspace("nextest")},
}
