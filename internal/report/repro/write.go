package repro

import (
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
)

// Advice is what stands above a manifest.
type Advice struct {
	Podtest string // how podtest is called
	Told    string // the test as the user told it
	Ended   string // how it ended, in a few words
	Set     *settings.Test
}

// Write writes the manifest of a TestRun of the test with advice above it, as comments.
func (t Test) Write(w io.Writer, run *v1alpha1.TestRun, a Advice) error {
	m, err := manifest(run)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(m.Object)
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	var b strings.Builder
	for _, line := range t.comments(a) {
		b.WriteString(strings.TrimRight("# "+report.Line(line).String(), " ") + "\n")
	}
	b.Write(text)
	_, err = io.WriteString(w, b.String())
	return err
}

func (t Test) comments(a Advice) []string {
	which := fmt.Sprintf("--namespace %s %s", word(t.Run.Namespace), word(t.Run.Name))
	lines := []string{
		fmt.Sprintf("One test of TestRun %s/%s, once: %s", t.Run.Namespace, t.Run.Name, a.Told), "  " + a.Ended, "",
		"In the cluster:", fmt.Sprintf("  %s repro %s %s --run", a.Podtest, which, word(a.Told)),
	}
	if t.Run.Spec.ProfileRef != nil {
		lines = append(lines, "Settings of profile "+t.Run.Spec.ProfileRef.Name+" are written out.")
	}
	command := t.Command(a.Set)
	if command == "" {
		return append(lines, "")
	}
	lines = append(lines, "", "By hand, in a shell in the test's image:", "  "+t.Shell(), "  "+command)
	if names := t.elsewhere(); len(names) > 0 {
		lines = append(lines, "and with what the cluster fills in: "+strings.Join(names, ", "))
	}
	if len(a.Set.Fixtures) > 0 {
		lines = append(lines, "and with what its fixtures export")
	}
	return append(lines, "")
}
