// Package ci makes what a run has to say fit for the log of a CI system: groups that fold, annotations within their
// limits, a summary, values for later steps. It is pure: no environment, no clock, no files but those it is handed.
package ci

import (
	"fmt"
	"slices"
	"strings"
)

// System is a CI system whose log has a language of its own.
type System string

// The systems, and None for a log that is plain text.
const (
	None   System = "none"
	GitHub System = "github"
	GitLab System = "gitlab"
)

// Auto stands for the system that the environment tells of.
const Auto = "auto"

// Names are all words that Detect understands.
var Names = []string{Auto, string(GitHub), string(GitLab), string(None)}

// Detect is the system that was asked for; for Auto the one whose environment this is.
func Detect(asked string, getenv func(string) string) (System, error) {
	switch {
	case !slices.Contains(Names, asked):
		return None, fmt.Errorf("--ci %s: want one of %s", asked, strings.Join(Names, ", "))
	case asked != Auto:
		return System(asked), nil
	case getenv("GITHUB_ACTIONS") == "true":
		return GitHub, nil
	case getenv("GITLAB_CI") == "true":
		return GitLab, nil
	}
	return None, nil
}

// data escapes what stands behind the second :: of a GitHub command.
var data = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// property escapes the value of a property of a GitHub command.
var property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
