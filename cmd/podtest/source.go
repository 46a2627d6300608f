package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podtest/podtest/internal/compose"
	"github.com/podtest/podtest/internal/kustomization"
)

// sourceFlags say what is run: manifests, a kustomization, or flags alone; and what differs from them.
type sourceFlags struct {
	cmd       *cobra.Command
	files     []string
	kustomize string
	suites    compose.Suites
	changes   *changeFlags
	here      bool // the tests are on this machine: no image, no namespace
}

// addSourceFlags adds them to a verb; its arguments are names of tests then.
func addSourceFlags(cmd *cobra.Command) *sourceFlags {
	o := &sourceFlags{cmd: cmd}
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "filename", "f", nil,
		"manifest with TestRuns and TestProfiles: a file, a folder, or - for standard input; may be given several times")
	f.StringVarP(&o.kustomize, "kustomize", "k", "", "folder with a kustomization; bases must be folders of this machine")
	f.StringArrayVar(&o.suites.Go, "go", nil, "test binaries of Go in the image, a path or pattern: '/tests/*.test'")
	f.StringArrayVar(&o.suites.Libtest, "libtest", nil, "test binaries of Rust in the image, a path or pattern")
	f.StringVar(&o.suites.NextestArchive, "nextest-archive", "", "archive of cargo-nextest in the image, a path")
	f.StringVar(&o.suites.WorkspaceRemap, "workspace-remap", "", "folder in the image with the archive's sources")
	f.StringVar(&o.suites.ExecList, "exec-list", "", "command in the image that prints the tests, one a line; no shell")
	f.StringVar(&o.suites.ExecRun, "exec-run", "", "command in the image that runs the test {id}; no shell")
	o.changes = addChangeFlags(cmd)
	for _, flag := range []string{"go", "libtest", "nextest-archive", "workspace-remap", "exec-list", "exec-run"} {
		complete(cmd, flag)
	}
	return o
}

// read is what the flags ask for, checked but not created; no cluster is asked. args are the verb's arguments.
func (o *sourceFlags) read(c *cli, args []string) (*compose.Set, error) {
	changes, err := o.changes.changes(args)
	if err != nil {
		return nil, err
	}
	documents, err := o.documents(c, changes.Pod.Image)
	if err != nil {
		return nil, err
	}
	set := &compose.Set{}
	set.Add(documents...)
	switch {
	case len(set.Runs) == 0:
		return nil, fmt.Errorf("there is no TestRun in %s", o.from())
	case changes.Name != "" && len(set.Runs) > 1:
		return nil, fmt.Errorf("--name %s: %s has %d TestRuns: name them there", changes.Name, o.from(), len(set.Runs))
	}
	for _, d := range set.Runs {
		if err := changes.Apply(d); err != nil {
			return nil, err
		}
	}
	if o.here {
		return set, nil
	}
	namespace, told, err := c.namespace()
	if err != nil {
		return nil, err
	}
	for _, d := range set.All() {
		if err := place(d.Object, namespace, told); err != nil {
			return nil, d.Wrap(err)
		}
	}
	return set, nil
}

func (o *sourceFlags) from() string {
	if o.kustomize != "" {
		return o.kustomize
	}
	names := slices.Clone(o.files)
	if i := slices.Index(names, "-"); i >= 0 {
		names[i] = "standard input"
	}
	return strings.Join(names, ", ")
}

func (o *sourceFlags) documents(c *cli, image string) ([]compose.Document, error) {
	manifests := len(o.files) > 0 || o.kustomize != ""
	switch {
	case manifests && o.suites.Any():
		return nil, errors.New("the manifest says where the tests are: leave out --go, --libtest, --nextest-archive, " +
			"--exec-list and --exec-run, or -f and -k")
	case len(o.files) > 0 && o.kustomize != "":
		return nil, errors.New("-f and -k: give one of them")
	case o.kustomize != "":
		return rendered(o.kustomize)
	case manifests:
		return c.manifests(o.files)
	}
	fresh, err := o.fresh(c, image)
	return []compose.Document{fresh}, err
}

// fresh is a run made from flags alone.
func (o *sourceFlags) fresh(c *cli, image string) (compose.Document, error) {
	help := fmt.Sprintf("(`%s %s --help` tells more)", c.command, o.cmd.Name())
	switch {
	case o.here && !o.suites.Any():
		return compose.Document{}, fmt.Errorf("nothing to run: name a manifest with -f, a kustomization with -k, or the "+
			"tests: %s %s --local --go './*.test' %s", c.command, o.cmd.Name(), help)
	case o.here:
		return o.suites.Here()
	case image == "" && !o.suites.Any():
		return compose.Document{}, fmt.Errorf("nothing to run: name a manifest with -f, a kustomization with -k, or an "+
			"image with --image and the tests in it %s", help)
	}
	return o.suites.Fresh(image)
}

func rendered(folder string) ([]compose.Document, error) {
	if kustomization.Remote(folder) {
		return nil, fmt.Errorf("-k %s: podtest fetches nothing: clone it and give the folder", folder)
	}
	objects, err := kustomization.Render(folder)
	if err != nil {
		return nil, err
	}
	var all []compose.Document
	for _, o := range objects {
		where := fmt.Sprintf("%s, %s", folder, compose.Name(o))
		documents, err := compose.Objects(where, o)
		if err != nil {
			return nil, err
		}
		all = append(all, documents...)
	}
	return all, nil
}

// manifests are the documents of files, folders and standard input.
func (c *cli) manifests(names []string) ([]compose.Document, error) {
	if n := slices.Index(names, "-"); n >= 0 && slices.Contains(names[n+1:], "-") {
		return nil, errors.New("-f -: standard input can be read once only")
	}
	var all []compose.Document
	for _, name := range names {
		files, err := c.manifestFiles(name)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			documents, err := c.readManifest(file)
			if err != nil {
				return nil, err
			}
			all = append(all, documents...)
		}
	}
	return all, nil
}

// manifestFiles are the files that a name stands for: those of a folder, but not of the folders in it.
func (c *cli) manifestFiles(name string) ([]string, error) {
	if name == "-" {
		return []string{name}, nil
	}
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		return nil, fmt.Errorf("-f %s: podtest fetches nothing: `curl -fsSL %s | %s run -f -` does", name, name, c.command)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, fmt.Errorf("reading a folder of manifests: %w", err)
	}
	var files []string
	for _, e := range entries {
		if kustomization.Named(e.Name()) {
			return nil, fmt.Errorf("-f %s: there is a %s in it: give the folder with -k", name, e.Name())
		}
		if !e.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(name, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("-f %s: no file of the folder ends in .yaml, .yml or .json", name)
	}
	return files, nil
}

func (c *cli) readManifest(file string) ([]compose.Document, error) {
	if file == "-" {
		return compose.Read("standard input", c.in)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	return compose.Read(file, f)
}

// place sets the namespace of a manifest that names none.
func place(m *unstructured.Unstructured, namespace string, told bool) error {
	switch was := m.GetNamespace(); {
	case was == "":
		m.SetNamespace(namespace)
	case told && was != namespace:
		return fmt.Errorf("%s is of namespace %s, and --namespace says %s: leave one of them out",
			compose.Name(m), was, namespace)
	}
	return nil
}
