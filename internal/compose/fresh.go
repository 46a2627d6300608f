package compose

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	shellquote "github.com/kballard/go-shellquote"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Suites are the test binaries of a run that has no manifest: one suite for each harness that is named.
type Suites struct {
	Go             []string // paths or patterns of binaries
	Libtest        []string
	NextestArchive string // a path
	WorkspaceRemap string // where the sources of the archive are
	ExecList       string // a command line
	ExecRun        string // a command line with {id}
}

// Any tells whether one is named.
func (s Suites) Any() bool {
	return len(s.Go)+len(s.Libtest) > 0 || s.NextestArchive+s.WorkspaceRemap+s.ExecList+s.ExecRun != ""
}

// Fresh is a run that no manifest describes.
func (s Suites) Fresh(image string) (Document, error) {
	suites, err := s.list()
	if err != nil {
		return Document{}, err
	}
	if image == "" {
		return Document{}, errors.New("tests without an image: name the one that holds them with --image, " +
			"or give a manifest with -f")
	}
	return fresh(baseName(image), suites, map[string]any{"name": "test", "image": image}), nil
}

// Here is a run of tests of this machine that no manifest describes: it needs no image.
func (s Suites) Here() (Document, error) {
	suites, err := s.list()
	if err != nil {
		return Document{}, err
	}
	return fresh("local", suites, map[string]any{"name": "test"}), nil
}

func fresh(name string, suites []any, container map[string]any) Document {
	o := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"generateName": name + "-"},
		"spec": map[string]any{
			"suites":   suites,
			"template": map[string]any{"spec": map[string]any{"containers": []any{container}}},
		},
	}}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(KindTestRun))
	return Document{Object: o}
}

func (s Suites) list() ([]any, error) {
	var suites []any
	if len(s.Go) > 0 {
		suites = append(suites, binaries("go", s.Go))
	}
	if len(s.Libtest) > 0 {
		suites = append(suites, binaries("libtest", s.Libtest))
	}
	if s.NextestArchive == "" && s.WorkspaceRemap != "" {
		return nil, errors.New("--workspace-remap goes with --nextest-archive")
	}
	if s.NextestArchive != "" {
		nextest := map[string]any{"archive": s.NextestArchive}
		if s.WorkspaceRemap != "" {
			nextest["workspaceRemap"] = s.WorkspaceRemap
		}
		suites = append(suites, map[string]any{"name": "nextest", "nextest": nextest})
	}
	if s.ExecList+s.ExecRun != "" {
		suite, err := s.exec()
		if err != nil {
			return nil, err
		}
		suites = append(suites, suite)
	}
	if len(suites) == 0 {
		return nil, errors.New("no tests: say where they are in the image with --go, --libtest, --nextest-archive, " +
			"or --exec-list and --exec-run; or give a manifest with -f")
	}
	return suites, nil
}

func binaries(harness string, patterns []string) any {
	return map[string]any{"name": harness, harness: map[string]any{"binaries": elements(patterns)}}
}

func (s Suites) exec() (any, error) {
	list, err := words("--exec-list", s.ExecList)
	if err != nil {
		return nil, err
	}
	run, err := words("--exec-run", s.ExecRun)
	if err != nil {
		return nil, err
	}
	return map[string]any{"name": "exec", "exec": map[string]any{
		"list": map[string]any{"command": elements(list)}, "run": map[string]any{"command": elements(run)},
	}}, nil
}

// words cuts a command line as a shell does, and leaves all else that a shell does undone.
func words(flag, line string) ([]string, error) {
	cut, err := shellquote.Split(line)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", flag, line, err)
	}
	if len(cut) == 0 {
		return nil, fmt.Errorf("--exec-list and --exec-run go together: %s is missing", flag)
	}
	return cut, nil
}

func elements(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// baseName makes a name of the last part of an image's.
func baseName(image string) string {
	name, _, _ := strings.Cut(image, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	name, _, _ = strings.Cut(name, ":")
	name = notInNames.ReplaceAllString(strings.ToLower(name), "-")
	name = strings.Trim(name[:min(len(name), 50)], "-")
	if name == "" {
		return "run"
	}
	return name
}
