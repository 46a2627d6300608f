package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const isolatedEnv = "ZOO_ORACLE_ISOLATED"

func isolated() bool { return os.Getenv(isolatedEnv) != "" }

// againIsolated starts this program anew as the first process of its own process and mount namespaces: what
// tests leave running or mounted ends with it, and a test that signals everyone reaches nobody else.
func againIsolated() int {
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), isolatedEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL,
	}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		log.Fatal(err)
	}
	return 0
}

// A place is where tests run: chrooted into the image, or with host paths when we are not root.
type place struct {
	root   string
	chroot bool
}

// enter mounts what every container has.
func enter(root string) (place, error) {
	root, err := filepath.Abs(root)
	if err != nil || !isolated() {
		return place{root: root}, err
	}
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"proc", "proc", "proc", 0},
		{"/dev", "dev", "", syscall.MS_BIND | syscall.MS_REC},
		{"sysfs", "sys", "sysfs", syscall.MS_RDONLY},
	} {
		if err := syscall.Mount(m.source, filepath.Join(root, m.target), m.kind, m.flags, ""); err != nil {
			return place{}, fmt.Errorf("mounting %s: %w", m.target, err)
		}
	}
	return place{root: root, chroot: true}, nil
}

// ended is what is left of a process.
type ended struct {
	stdout []byte
	err    error
}

// run waits for the process itself, not for its children: files, unlike pipes, nobody can keep open.
func (p place) run(ctx context.Context, cwd string, argv []string) ended {
	stdout, err := os.CreateTemp("", "zoo-oracle-")
	if err != nil {
		return ended{err: err}
	}
	defer func() { _ = os.Remove(stdout.Name()) }()
	defer stdout.Close()
	cmd := p.command(ctx, cwd, argv)
	cmd.Stdout = stdout
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what the test left behind
	}
	if ctx.Err() != nil {
		return ended{err: ctx.Err()}
	}
	printed, readErr := io.ReadAll(io.NewSectionReader(stdout, 0, 1<<30))
	return ended{printed, errors.Join(err, readErr)}
}

func (p place) command(ctx context.Context, cwd string, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = cwd
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.chroot {
		cmd.SysProcAttr.Chroot = p.root
	} else {
		cmd.Path, cmd.Dir = filepath.Join(p.root, argv[0]), filepath.Join(p.root, cwd)
		cmd.Args[0] = cmd.Path
	}
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
