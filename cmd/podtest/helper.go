package main

import (
	"log/slog"
	"os"

	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/harness/nextest"
	"github.com/podtest/podtest/internal/local"
)

// verbRunner is how podtest starts itself as the runner of --local. Like unpack it is for podtest alone, and told
// before anything else is looked at.
const verbRunner = "agent-run"

// helper does what podtest starts itself for; false: a user has.
func helper(args []string) (code int, is bool) {
	switch {
	case len(args) == 0:
		return 0, false
	case args[0] == verbRunner && len(args) == 1:
		return agent.RunOn(slog.New(slog.NewTextHandler(os.Stderr, nil)), number(), local.Descriptor), true
	case args[0] == nextest.Verb:
		return agent.Unpack(args[1:]), true
	}
	return 0, false
}
