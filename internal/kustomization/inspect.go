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

// Named tells whether a file's name is that of a kustomization.
func Named(name string) bool { return slices.Contains(konfig.RecognizedKustomizationFileNames(), name) }

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
	documents, err := i.documents(file)
	if err != nil {
		return err
	}
	return i.all(file, documents)
}

func (i *inspection) all(file string, documents []any) error {
	for _, document := range documents {
		if err := i.value(place{file: file}, document); err != nil {
			return err
		}
	}
	return nil
}

// documents of a file; that it is not YAML is said here, for kustomize would not say of which file.
func (i *inspection) documents(file string) ([]any, error) {
	data, err := i.disk.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return parse(file, string(data))
}

func parse(file, text string) ([]any, error) {
	var all []any
	for document := range strings.SplitSeq("\n"+text, "\n---") {
		var object any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, object)
	}
	return all, nil
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
	built := slices.Contains(structure, at.key) // it is part of the build itself
	if strings.Contains(entry, "\n") {
		if !built {
			return nil
		}
		documents, err := parse(at.file, entry)
		if err != nil {
			return err
		}
		return i.all(at.file, documents)
	}
	name := entry
	if _, after, keyed := strings.Cut(entry, "="); keyed && at.key == "files" {
		name = after
	}
	switch {
	case Remote(name):
		return fmt.Errorf("%s: %s: %s is not on this machine, and podtest fetches nothing: "+
			"copy it, and name the copy by its path (./… if the name looks like this)", at.file, at.key, name)
	case built && filepath.IsAbs(name):
		return fmt.Errorf("%s: %s: %s is an absolute path: name it from the kustomization's folder", at.file, at.key, name)
	case built, at.key == "configurations", at.key == "crds":
		return i.target(at, filepath.Join(filepath.Dir(at.file), name))
	}
	return nil
}

// target is what an entry names.
func (i *inspection) target(at place, target string) error {
	switch {
	case i.disk.IsDir(target):
		return i.folder(target)
	case !i.disk.Exists(target):
		return fmt.Errorf("%s: %s: there is no %s", at.file, at.key, target)
	case at.key == "transformers", at.key == "generators", at.key == "validators":
		return i.file(target)
	}
	_, err := i.documents(target)
	return err
}
