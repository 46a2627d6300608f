package repro

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/exec"
	"github.com/podtest/podtest/internal/harness/golang"
	"github.com/podtest/podtest/internal/harness/libtest"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// Command is a shell command that starts the test as its harness does, in the test's image. Whatever the names hold,
// it is one line of plain text.
func (t Test) Command(set *settings.Test) string {
	c := t.harness()
	if c.Argv == nil {
		return ""
	}
	words := t.environ(set)
	for _, w := range slices.Concat(set.Wrapper, c.Argv, set.Args) {
		words = append(words, word(w))
	}
	line := strings.Join(words, " ") + " </dev/null"
	if c.Dir != "" {
		line = "cd " + word(c.Dir) + " && " + line
	}
	return line
}

// harness is the command that the harness of the test's suite makes. nextest's own needs files of the image: there
// cargo-nextest itself does it.
func (t Test) harness() harness.Command {
	suite := t.suite()
	target := harness.Target{Suite: wire.Suite{Name: suite.Name}, Binary: t.Binary}
	one := wire.Assignment{Name: t.Listed.Name, Ignored: t.Listed.Ignored, Attempt: 1}
	switch {
	case suite.Go != nil:
		return golang.New().Attempt(target, one).Command()
	case suite.Libtest != nil:
		return libtest.New().Attempt(target, one).Command()
	case suite.Exec != nil:
		target.Suite.Run, target.Suite.WorkingDir = suite.Exec.Run.Command, suite.Exec.WorkingDir
		return exec.New().Attempt(target, one).Command()
	case suite.Nextest != nil:
		return t.nextest(suite.Nextest)
	}
	return harness.Command{}
}

// suite is that of the test.
func (t Test) suite() v1alpha1.Suite {
	i := slices.IndexFunc(t.Run.Spec.Suites, func(s v1alpha1.Suite) bool { return s.Name == t.Binary.Suite })
	if i < 0 {
		return v1alpha1.Suite{}
	}
	return t.Run.Spec.Suites[i]
}

func (t Test) nextest(n *v1alpha1.NextestHarness) harness.Command {
	argv := []string{"cargo-nextest", "nextest", "run"}
	for _, f := range []struct{ flag, value string }{
		{"--archive-file", n.Archive},
		{"--binaries-metadata", n.BinariesMetadata},
		{"--cargo-metadata", n.CargoMetadata},
		{"--workspace-remap", n.WorkspaceRemap},
		{"--target-dir-remap", n.TargetDirRemap},
	} {
		if f.value != "" {
			argv = append(argv, f.flag, f.value)
		}
	}
	argv = append(argv, "--no-capture", "--run-ignored", "all", "--ignore-default-filter")
	return harness.Command{Argv: append(argv, "-E", filter.Exactly(t.Binary.ID, t.Listed.Name))}
}

// environ is what the test is given beside what the image says, as far as the run's spec tells it.
func (t Test) environ(set *settings.Test) []string {
	env := []string{"NEXTEST=1", "NEXTEST_EXECUTION_MODE=process-per-test", "NEXTEST_ATTEMPT=1", "PODTEST_ATTEMPT=1"}
	if t.suite().Nextest != nil {
		env = nil // it says so itself
	}
	for _, e := range t.container().Env {
		if e.ValueFrom == nil {
			env = append(env, e.Name+"="+word(e.Value))
		}
	}
	for _, e := range set.Env {
		env = append(env, e.Name+"="+word(e.Value))
	}
	return env
}

// elsewhere names variables that the cluster fills in.
func (t Test) elsewhere() []string {
	var names []string
	for _, e := range t.container().Env {
		if e.ValueFrom != nil {
			names = append(names, e.Name)
		}
	}
	for _, from := range t.container().EnvFrom {
		switch {
		case from.SecretRef != nil:
			names = append(names, "all of Secret "+from.SecretRef.Name)
		case from.ConfigMapRef != nil:
			names = append(names, "all of ConfigMap "+from.ConfigMapRef.Name)
		}
	}
	return names
}

func (t Test) container() corev1.Container {
	pod := &t.Run.Spec.Template.Spec
	if len(pod.Containers) == 0 {
		return corev1.Container{}
	}
	return pod.Containers[v1alpha1.TestContainer(pod)]
}

// Shell is the command that starts a shell in the test's image.
func (t Test) Shell() string {
	return fmt.Sprintf("kubectl run %s --namespace %s --rm -it --restart=Never --image=%s --command -- sh",
		"repro-shell", word(t.Run.Namespace), word(t.container().Image))
}

// word is a word for a shell, in plain text: what cannot be seen is written as bash, zsh and ksh read it.
func word(s string) string {
	hidden := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) || unicode.Is(unicode.Co, r) }
	if !strings.ContainsFunc(s, hidden) {
		return report.Quote(s)
	}
	var b strings.Builder
	b.WriteString("$'")
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case hidden(r):
			for _, octet := range []byte(s[:size]) {
				fmt.Fprintf(&b, `\%03o`, octet)
			}
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String() + "'"
}
