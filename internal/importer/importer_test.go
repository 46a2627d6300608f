package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podtest/podtest/internal/goldentest"
)

var options = Options{
	Name: "tests", Image: "registry.example/tests:1", Archive: "/tests/nextest.tar.zst", Workspace: "/src",
}

func TestConfigurationsBecomeManifestsAndNotes(t *testing.T) {
	for _, name := range []string{"minimal", "everything", "empty"} {
		t.Run(name, func(t *testing.T) {
			config, err := os.ReadFile(filepath.Join("testdata", name+".toml"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := Nextest(config, options)
			if err != nil {
				t.Fatal(err)
			}
			files, err := r.Files()
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".yaml"), YAML(files))
			var notes strings.Builder
			for _, n := range r.Notes {
				fmt.Fprintln(&notes, n)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".notes.txt"), []byte(notes.String()))
		})
	}
}

func TestWrongConfigurationsSayWhereAndWhat(t *testing.T) {
	for _, name := range []string{"broken", "wrong", "circle"} {
		t.Run(name, func(t *testing.T) {
			config, err := os.ReadFile(filepath.Join("testdata", name+".toml"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = Nextest(config, options); err == nil {
				t.Fatal("taken")
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".error.txt"), []byte(err.Error()+"\n"))
		})
	}
}

func TestDurationsOfNextest(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h 30m": 90 * time.Minute, "1h30m": 90 * time.Minute, "500ms": 500 * time.Millisecond,
		"2 days": 48 * time.Hour, "1week": 168 * time.Hour, "30 years": 30 * 31_557_600 * time.Second, "0s": 0,
		"9999 years": 1<<63 - 1, "99999999999999999999s": 1<<63 - 1,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "90", "s", "1x", "-1s", "1s 2"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		}
	}
}

func TestPlatformsThatPodsAre(t *testing.T) {
	for text, want := range map[string]answer{
		"cfg(unix)": always, "cfg(windows)": never, "cfg(not(windows))": always, `cfg(target_os = "linux")`: always,
		`cfg(target_os="macos")`: never, `cfg(any(windows, target_os = "linux"))`: always,
		`cfg(all(unix, target_arch = "x86_64"))`: perhaps, `cfg(all(windows, target_arch = "x86_64"))`: never,
		`cfg(any(unix, target_env = "musl"))`: always, "cfg(not(target_feature))": perhaps, "cfg(any())": never,
		"x86_64-unknown-linux-gnu": perhaps, "aarch64-apple-darwin": never, "x86_64-pc-windows-msvc": never,
	} {
		if got, err := onLinux(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "cfg(", "cfg(unix", "cfg()", "cfg(not(unix, windows))", "cfg(a b)", `cfg(a = "b)`, "cfg(unix) x"} {
		if _, err := onLinux(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
