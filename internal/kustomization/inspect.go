package kustomization

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// remote is what kustomize would fetch: a scheme, a user at a host, or a host of which it knows that it serves
// repositories.
var remote = regexp.MustCompile(`(?i)^([a-z][a-z0-9+.-]*:|[^/]*@|((www\.)?(github|gitlab)\.com|bitbucket\.org)(/|$))`)

// Remote tells whether kustomize would take a name for something to fetch.
func Remote(name string) bool { return remote.MatchString(name) }

// inspection visits all that a build would read for its structure, before it is built.
type inspection struct {
	disk filesys.FileSystem
	seen map[string]bool
}

func inspect(disk filesys.FileSystem, folder string) error {
	i := inspection{disk: disk, seen: map[string]bool{}}
	return i.folder(folder)
}

func (i *inspection) folder(folder string) error {
	clean := filepath.Clean(folder)
	if i.seen[clean] {
		return nil // kustomize itself tells of a cycle
	}
	i.seen[clean] = true
	if !i.disk.IsDir(clean) {
		return fmt.Errorf("%s is no folder: want one with a kustomization.yaml", folder)
	}
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file := filepath.Join(clean, name)
		if i.disk.Exists(file) && !i.disk.IsDir(file) {
			return i.file(file)
		}
	}
	return fmt.Errorf("%s has no kustomization.yaml", folder)
}

// file inspects a kustomization, or what configures a transformer.
func (i *inspection) file(file string) error {
	data, err := i.disk.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return i.text(file, string(data))
}

func (i *inspection) text(file, text string) error {
	for document := range strings.SplitSeq("\n"+text, "\n---") {
		var object any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := i.value(place{file: file}, object); err != nil {
			return err
		}
	}
	return nil
}

// place is where a value stands.
type place struct {
	file string
	key  string // the nearest field
}

// What fields hold.
var (
	structure = []string{
		"resources", "bases", "components", "transformers", "generators", "validators",
	}
	paths = append([]string{
		"path", "paths", "files", "envs", "env", "crds", "configurations", "patchesStrategicMerge", "schemaFile",
	}, structure...)
	texts  = []string{"labels", "annotations", "commonLabels", "commonAnnotations", "literals", "patch", "images"}
	charts = []string{"helmCharts", "helmChartInflationGenerator", "helmGlobals"}
)

func (i *inspection) value(at place, value any) error {
	switch v := value.(type) {
	case map[string]any:
		return i.fields(at, v)
	case []any:
		for _, element := range v {
			if err := i.value(at, element); err != nil {
				return err
			}
		}
	case string:
		if slices.Contains(paths, at.key) {
			return i.entry(at, v)
		}
	}
	return nil
}

func (i *inspection) fields(at place, object map[string]any) error {
	if err := runs(at.file, object); err != nil {
		return err
	}
	for key, value := range object {
		if slices.Contains(texts, key) {
			continue
		}
		if slices.Contains(charts, key) {
			return fmt.Errorf("%s: %s: podtest fetches and runs nothing: render the chart first, "+
				"and name the result in resources", at.file, key)
		}
		if err := i.value(place{at.file, key}, value); err != nil {
			return err
		}
	}
	return nil
}

// runs is an error for what is configured to run a program.
func runs(file string, object map[string]any) error {
	meta, _ := object["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	for key := range annotations {
		if key == "config.kubernetes.io/function" || key == "config.k8s.io/function" {
			return fmt.Errorf("%s: annotation %s: podtest runs no plugins: render with kustomize itself, "+
				"and give the result to -f -", file, key)
		}
	}
	return nil
}

// entry is a path, or text in the place of one.
func (i *inspection) entry(at place, entry string) error {
	inline := strings.Contains(entry, "\n")
	_, name, keyed := strings.Cut(entry, "=")
	if !keyed || at.key != "files" {
		name = entry
	}
	switch {
	case inline && slices.Contains(structure, at.key):
		return i.text(at.file, entry)
	case inline:
		return nil
	case Remote(name):
		return fmt.Errorf("%s: %s: %s is not of this machine: podtest fetches nothing; "+
			"copy it beside the kustomization and name the copy (./%s if it is one)", at.file, at.key, name, name)
	case !slices.Contains(structure, at.key):
		return nil
	}
	target := filepath.Join(filepath.Dir(at.file), name)
	switch {
	case filepath.IsAbs(name):
		return fmt.Errorf("%s: %s: %s is an absolute path: name it from the kustomization's folder", at.file, at.key, name)
	case i.disk.IsDir(target):
		return i.folder(target)
	case !i.disk.Exists(target):
		return fmt.Errorf("%s: %s: there is no %s", at.file, at.key, name)
	case at.key == "transformers", at.key == "generators", at.key == "validators":
		return i.file(target)
	}
	return nil
}
