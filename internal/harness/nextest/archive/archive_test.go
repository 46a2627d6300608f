package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/podtest/podtest/internal/harness/nextest/archive"
)

func file(name, text string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(text)), Uname: text}
}

func link(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
}

// packed is a tar file; what a file holds is where its owner's name would be.
func packed(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		text := h.Uname
		h.Uname = ""
		must(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, text)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func zstandard(t *testing.T, text []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	must(t, err)
	return e.EncodeAll(text, nil)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// extract unpacks into a folder with a secret beside it.
func extract(t *testing.T, text []byte) (dir string, err error) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "in")
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(top, "secret"), []byte("untouched"), 0o600))
	path := filepath.Join(top, "a.tar.zst")
	must(t, os.WriteFile(path, text, 0o600))
	err = archive.Extract(path, dir)
	if secret, _ := os.ReadFile(filepath.Join(top, "secret")); string(secret) != "untouched" {
		t.Errorf("the secret is now %q", secret)
	}
	if beside, _ := os.ReadDir(top); len(beside) != 3 {
		t.Errorf("something was put beside the folder: %v", beside)
	}
	return dir, err
}

var metadata = []tar.Header{file(archive.BinariesMetadata, "{}"), file(archive.CargoMetadata, "{}")}

func TestAllOfAnArchiveIsUnpacked(t *testing.T) {
	dir, err := extract(t, zstandard(t, packed(t, append(metadata,
		tar.Header{Typeflag: tar.TypeDir, Name: "target/debug/deps/", Mode: 0o755},
		file("target/debug/deps/a", "first"), file("target/debug/deps/a", "second"),
		link("target/debug/b", "deps/a"), link("target/debug/deps/c", "../b"))...)))
	must(t, err)
	for _, name := range []string{"target/debug/deps/a", "target/debug/b", "target/debug/deps/c"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(text) != "second" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "target/debug/deps/a"))
	must(t, err)
	if info.Mode()&0o100 == 0 {
		t.Errorf("not executable: %s", info.Mode())
	}
	if _, err := os.Stat(filepath.Join(dir, archive.Done)); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoArchiveOfNextestIsRefused(t *testing.T) {
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	_, _ = z.Write(packed(t, metadata...))
	must(t, z.Close())
	good := zstandard(t, packed(t, append(metadata, file("x", strings.Repeat("0123456789", 5000)))...))
	noisy := bytes.Repeat([]byte("noise "), 500)
	cases := map[string]struct {
		text []byte
		want string
	}{
		"gzip":                        {gz.Bytes(), "not compressed with zstd"},
		"text":                        {noisy, "not compressed with zstd"},
		"zstd of something else":      {zstandard(t, noisy), "not a tar file"},
		"one cut short":               {good[:len(good)/2], "ends in the middle"},
		"an empty file":               {nil, "no " + archive.BinariesMetadata},
		"a tar file without metadata": {zstandard(t, packed(t, file("x", ""))), "no " + archive.BinariesMetadata},
		"one without Cargo's":         {zstandard(t, packed(t, metadata[0])), "no " + archive.CargoMetadata},
		"a path upwards":              {zstandard(t, packed(t, file("../secret", "x"))), `"../secret": a path that leads out`},
		"a path down and upwards":     {zstandard(t, packed(t, file("a/../../secret", "x"))), "a path that leads out"},
		"an absolute path":            {zstandard(t, packed(t, file("/secret", "x"))), "a path that leads out"},
		"an absolute link":            {zstandard(t, packed(t, link("a", "/etc"))), `a symbolic link that leads out of the archive's folder, to "/etc"`},
		"a link upwards":              {zstandard(t, packed(t, link("a/b", "../../secret"))), "a symbolic link that leads out"},
		"a file through links": {
			zstandard(t, packed(t, link("d/e", ".."), link("a", "d/e/.."), file("a/secret", "x"))), "escapes",
		},
		"a hard link":     {zstandard(t, packed(t, tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "../secret"})), "tar's type '1'"},
		"a device":        {zstandard(t, packed(t, tar.Header{Typeflag: tar.TypeFifo, Name: "a"})), "tar's type '6'"},
		"a forged ending": {zstandard(t, packed(t, file(archive.Done, ""))), "no archive of cargo-nextest has"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir, err := extract(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, archive.Done)); err == nil {
				t.Error("said to be done")
			}
		})
	}
}

func TestATooLargeArchiveIsRefusedBeforeItIsWritten(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "bomb", Size: 1 << 40}))
	_, err := extract(t, zstandard(t, b.Bytes()))
	if err == nil || !strings.Contains(err.Error(), `"bomb": more than 64 GiB`) {
		t.Errorf("got %v", err)
	}
}

func TestAnArchiveThatIsNotThereIsNamedSo(t *testing.T) {
	err := archive.Extract("/no/such.tar.zst", t.TempDir())
	if err == nil || err.Error() != "no such file in the image" {
		t.Errorf("got %v", err)
	}
	if err := archive.Extract(t.TempDir(), t.TempDir()); err == nil || err.Error() != "not a regular file" {
		t.Errorf("got %v", err)
	}
}
