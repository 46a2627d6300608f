package local

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/agent/fixture"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/report"
)

const (
	stateReady = "Ready"
	// fixtureGrace is how long a fixture's command has from SIGTERM to SIGKILL.
	fixtureGrace = 10 * time.Second
)

// fixtures sets up those that a selected test needs, one after the other. A service is not started: it may run already.
func (p *play) fixtures() error {
	for i := range p.run.Spec.Fixtures {
		if !p.set.Needed[i] {
			continue
		}
		f := &p.run.Spec.Fixtures[i]
		exports, err := p.setUpFixture(i, f)
		if err != nil {
			return err
		}
		p.run.Status.Fixtures = append(p.run.Status.Fixtures,
			v1alpha1.FixtureStatus{Name: f.Name, State: stateReady, Exports: exports})
	}
	return nil
}

func (p *play) setUpFixture(i int, f *v1alpha1.Fixture) (map[string]string, error) {
	if f.Service != nil {
		return p.address(i, f)
	}
	p.setUp = append(p.setUp, i)
	if f.Setup == nil {
		return nil, nil
	}
	result := p.runFixture(manifest.FixturePart{Fixture: f.Name, Part: v1alpha1.PartSetup, Command: f.Setup})
	switch {
	case p.asked > 0:
		return nil, endedBy(v1alpha1.ResultCancelled, v1alpha1.ReasonCancelled, v1alpha1.ExitCancelled,
			"interrupted before the fixtures were ready")
	case result.Error != "":
		return nil, endedBy(v1alpha1.ResultFailed, v1alpha1.ReasonFixtureFailed, v1alpha1.ExitFixtureFailed,
			"setup of fixture %s: %s", f.Name, result.Error)
	}
	return result.Exports, nil
}

// address is where the user says that a service is.
func (p *play) address(i int, f *v1alpha1.Fixture) (map[string]string, error) {
	prefix := "PODTEST_SERVICE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
	exports := map[string]string{}
	for _, entry := range p.o.Environ {
		name, value, _ := strings.Cut(entry, "=")
		if name == prefix+"_HOST" || name == prefix+"_PORT" {
			exports[name] = value
		}
	}
	if exports[prefix+"_HOST"] == "" {
		return nil, endedBy(v1alpha1.ResultFailed, v1alpha1.ReasonFixtureFailed, v1alpha1.ExitFixtureFailed,
			"spec.fixtures[%d]: service %s is a pod, and --local starts none: start it yourself, and say where it is: "+
				"%s_HOST=127.0.0.1 %s_PORT=%d", i, f.Name, prefix, prefix, f.Service.Port)
	}
	return exports, nil
}

// runFixture runs a command as it is run in a pod of its own. An interrupt ends it.
func (p *play) runFixture(part manifest.FixturePart) fixture.Result {
	words := filepath.Join(p.temp, "fixture")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var printed ending
	done := make(chan int, 1)
	go func() {
		done <- fixture.Run(ctx, fixture.Options{
			Argv: part.Command.Command, Dir: p.temp, Words: words, Stdout: io.Discard, Stderr: &printed,
			Environ: environ(p.environ, append(slices.Clone(part.Env), "NEXTEST=1", "NEXTEST_RUN_ID="+string(p.run.UID),
				"PODTEST_RUN="+p.run.Name, "PODTEST_FIXTURE="+part.Fixture)),
			Timeout: manifest.FixtureTimeout(part.Command), Grace: fixtureGrace,
		})
	}()
	for {
		select {
		case code := <-done:
			p.o.Family.Sweep()
			return resultOf(words, code)
		case <-p.o.Interrupt:
			p.asked++
			stop()
		case <-p.tick.C:
			p.tell(p.follower.Progress(p.o.Now()))
		}
	}
}

func resultOf(words string, code int) fixture.Result {
	var result fixture.Result
	text, err := os.ReadFile(words)
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	_ = os.Remove(words)
	if code != 0 && result.Error == "" || err != nil {
		result.Error = fmt.Sprintf("exit code %d", code)
	}
	return result
}

// tearDown runs the teardown of fixtures whose setup was begun, the last first, whatever the end of the run. A failed
// one is told and changes no verdict.
func (p *play) tearDown() {
	for _, i := range slices.Backward(p.setUp) {
		f := &p.run.Spec.Fixtures[i]
		if f.Teardown == nil {
			continue
		}
		result := p.runFixture(manifest.FixturePart{
			Fixture: f.Name, Part: v1alpha1.PartTeardown, Command: f.Teardown, Env: manifest.FixtureEnv(p.run, []int{i}),
		})
		if result.Error != "" {
			p.tell(report.Note{
				Word: "TEARDOWN", Elapsed: report.Since(p.began, p.o.Now()),
				Text: fmt.Sprintf("teardown of fixture %s: %s", f.Name, result.Error),
			})
		}
	}
}
