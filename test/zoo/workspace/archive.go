package workspace

import (
	"archive/tar"
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Files are what nextest puts into an archive, by their names there. It would add Rust's own libraries, which static
// binaries do not need.
func (w *Workspace) Files() map[string]string {
	files := map[string]string{}
	add := func(name string) { files[name] = filepath.Join(w.dir, name) }
	add(BinariesMetadata)
	add(CargoMetadata)
	for _, b := range w.Binaries {
		add(strings.TrimPrefix(b.Path, w.dir+"/"))
	}
	for _, programs := range w.programs {
		for _, p := range programs {
			add(path.Join("target", p.Path))
		}
	}
	return files
}

// Pack makes an archive in the format of `cargo nextest archive`.
func (w *Workspace) Pack(archive string) error {
	files := w.Files()
	files[BinariesMetadata] = filepath.Join(w.dir, archivedMetadata)
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	z, err := zstd.NewWriter(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	t := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err = addFile(t, name, files[name]); err != nil {
			break
		}
	}
	return errors.Join(err, t.Close(), z.Close(), f.Close())
}

func addFile(t *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: int64(info.Mode().Perm())}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}
