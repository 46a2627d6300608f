// Package archive unpacks what `cargo nextest archive` has packed. Nothing of an archive lands outside the folder it is
// unpacked into. It runs in a process of its own: the memory that decompressing takes would weigh on every test.
package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/zstd"
)

// Files that nextest puts into each archive.
const (
	BinariesMetadata = "target/nextest/binaries-metadata.json"
	CargoMetadata    = "target/nextest/cargo-metadata.json"
)

// Done is a file beside what was unpacked that says that all of it is there.
const Done = ".unpacked"

const (
	maxWindow  = 128 << 20 // bytes: that of zstd's highest level
	maxEntries = 1_000_000
	maxBytes   = 64 << 30
)

// Extract unpacks an archive into a folder that is there and empty.
func Extract(archive, dir string) error {
	f, err := open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("the folder to unpack into: %w", err)
	}
	defer func() { _ = root.Close() }()
	if err := unzstd(f, &unpacker{root: root, left: maxBytes}); err != nil {
		return err
	}
	for _, name := range []string{BinariesMetadata, CargoMetadata} {
		if _, err := root.Stat(name); err != nil {
			return fmt.Errorf("there is no %s in it: make it with `cargo nextest archive`", name)
		}
	}
	return root.WriteFile(Done, nil, 0o600)
}

func open(archive string) (*os.File, error) {
	info, err := os.Stat(archive)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file in the image")
	case err != nil:
		return nil, errors.Unwrap(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(archive)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	return f, nil
}

func unzstd(f io.Reader, u *unpacker) error {
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return explain(err)
	}
	defer z.Close()
	return explain(u.all(tar.NewReader(z)))
}

// explain says what to do about an error of the format or of the disk.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, zstd.ErrMagicMismatch):
		return errors.New("not compressed with zstd: make it with `cargo nextest archive --archive-format tar-zst`")
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("needs more than %d MiB of memory to unpack: pack it with a lower --zstd-level", maxWindow>>20)
	case errors.Is(err, tar.ErrHeader):
		return errors.New("compressed with zstd, but not a tar file: make it with `cargo nextest archive`")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("ends in the middle: it was not copied as a whole")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: give the temporary folder more room: mount a larger volume there, or set TMPDIR", err)
	}
	return err
}

type unpacker struct {
	root    *os.Root
	left    int64 // bytes that may still come
	entries int
}

func (u *unpacker) all(from *tar.Reader) error {
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		u.entries++
		if u.entries > maxEntries {
			return fmt.Errorf("more than %d files", maxEntries)
		}
		if err := u.one(h, from); err != nil {
			return fmt.Errorf("%.200q: %w", h.Name, err)
		}
	}
}

func (u *unpacker) one(h *tar.Header, from io.Reader) error {
	name := filepath.Clean(h.Name)
	switch {
	case !filepath.IsLocal(name):
		return errors.New("a path that leads out of the archive's folder")
	case name == Done:
		return errors.New("a name that no archive of cargo-nextest has")
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return u.root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		return u.file(name, h, from)
	case tar.TypeSymlink:
		return u.link(name, h.Linkname)
	}
	return fmt.Errorf("not a file, a folder or a symbolic link, but tar's type %q", h.Typeflag)
}

func (u *unpacker) file(name string, h *tar.Header, from io.Reader) error {
	if u.left -= h.Size; u.left < 0 {
		return fmt.Errorf("more than %d GiB when unpacked", maxBytes>>30)
	}
	if err := u.clear(name); err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode)&0o777 | 0o600
	to, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

func (u *unpacker) link(name, target string) error {
	if filepath.IsAbs(target) || !filepath.IsLocal(filepath.Join(filepath.Dir(name), target)) {
		return fmt.Errorf("a symbolic link that leads out of the archive's folder, to %.200q", target)
	}
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Symlink(target, name)
}

// clear makes room for an entry: the folder it is in, and no older entry of its name, as tar does.
func (u *unpacker) clear(name string) error {
	if dir := filepath.Dir(name); strings.Contains(name, "/") {
		if err := u.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := u.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
