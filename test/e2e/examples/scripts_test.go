//go:build e2e

package examples

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// written is what a file holds, or nothing.
func written(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

type step struct {
	Name string            `json:"name"`
	ID   string            `json:"id"`
	If   string            `json:"if"`
	Uses string            `json:"uses"`
	Run  string            `json:"run"`
	Env  map[string]string `json:"env"`
}

// job is a job of GitHub Actions while it goes on.
type job struct {
	*place
	known  map[string]string // what stands in ${{ }}
	failed bool
}

var expression = regexp.MustCompile(`\$\{\{ *([a-zA-Z0-9_.-]+) *\}\}`)

func (j *job) expand(s string) string {
	return expression.ReplaceAllStringFunc(s, func(e string) string {
		name := expression.FindStringSubmatch(e)[1]
		value, ok := j.known[name]
		if !ok && !strings.HasPrefix(name, "steps.") {
			j.t.Fatalf("the example uses %s", name)
		}
		return value
	})
}

var comparison = regexp.MustCompile(`^(steps\.[a-z.-]+) (==|!=) '([^']*)'$`)

// due is whether a step's condition holds.
func (j *job) due(s step) bool {
	if s.If == "" {
		return !j.failed
	}
	for part := range strings.SplitSeq(s.If, " && ") {
		switch m := comparison.FindStringSubmatch(part); {
		case part == "always()":
		case part == "failure()":
			if !j.failed {
				return false
			}
		case m != nil:
			if (j.known[m[1]] == m[3]) != (m[2] == "==") {
				return false
			}
		default:
			j.t.Fatalf("the example has the condition %q", s.If)
		}
	}
	return true
}

// do carries a step out as the runner does: the script in a file, bash -e, files for summary, outputs and environment.
func (j *job) do(i int, s step) (int, string) {
	j.t.Helper()
	files := map[string]string{}
	for _, name := range []string{"GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV"} {
		files[name] = j.file(name + strconv.Itoa(i))
		must(j.t, os.WriteFile(files[name], nil, 0o600))
		j.set(name, files[name])
	}
	for name, value := range s.Env {
		j.set(name, j.expand(value))
	}
	script := j.file("script.sh")
	must(j.t, os.WriteFile(script, []byte(j.expand(s.Run)), 0o600))
	code, out := j.run("bash", "-e", script)
	for line := range strings.Lines(written(j.t, files["GITHUB_OUTPUT"])) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		j.known["steps."+s.ID+".outputs."+name] = value
	}
	for line := range strings.Lines(written(j.t, files["GITHUB_ENV"])) {
		j.env = append(j.env, strings.TrimSpace(line))
	}
	return code, out
}

func TestGitHubWorkflow(t *testing.T) {
	var workflow struct {
		Jobs map[string]struct {
			Env   map[string]string `json:"env"`
			Steps []step            `json:"steps"`
		} `json:"jobs"`
	}
	readExample(t, "github.yaml", &workflow)
	each(t, func(t *testing.T, p *place, e ending) {
		kubeconfig, err := os.ReadFile(os.Getenv("KUBECONFIG"))
		must(t, err)
		j := &job{place: p, known: map[string]string{"github.sha": "0c0ffee", "secrets.KUBECONFIG": string(kubeconfig)}}
		p.set("KUBECONFIG", "/nowhere")
		p.set("RUNNER_TEMP", t.TempDir())
		p.set("GITHUB_ACTIONS", "true")
		p.set("GITHUB_WORKSPACE", p.dir)
		example := workflow.Jobs["test"]
		for name, value := range example.Env {
			p.set(name, j.expand(value))
		}
		p.set("NAMESPACE", p.namespace)
		p.set("IMAGE", image)
		done := map[string]string{}
		for i, s := range example.Steps {
			if s.Run == "" || !j.due(s) {
				continue
			}
			code, out := j.do(i, s)
			done[s.Name] = out
			if s.ID == "tests" {
				if code != e.code {
					t.Errorf("the tests end with exit code %d, want %d:\n%s", code, e.code, out)
				}
				summary := written(t, p.file("GITHUB_STEP_SUMMARY"+strconv.Itoa(i)))
				if !strings.Contains(summary, p.theRun().Name) || len(summary) > 1<<20 {
					t.Errorf("the summary of %d bytes does not name the run:\n%.2000s", len(summary), summary)
				}
			} else if code != 0 {
				t.Errorf("step %s: exit code %d:\n%s", s.Name, code, out)
			}
			j.failed = j.failed || code != 0
		}
		p.wantJUnit(e)
		if n := strings.Count(done["Run the tests"], "\n::error "); n != e.failed && e.code != 104 || e.code == 104 && n != 1 {
			t.Errorf("%d errors are annotated:\n%s", n, done["Run the tests"])
		}
		if got := j.known["steps.tests.outputs.result"]; got != string(e.result) {
			t.Errorf("the step says %q", got)
		}
		_, shown := done["Show what failed"]
		_, said := done["Say that it is not the tests"]
		if shown != (e.code == 100) || said != (e.code == 104) {
			t.Errorf("the steps after it: failures shown %t, told that no test failed %t", shown, said)
		}
		if shown && !strings.Contains(done["Show what failed"], "TestOneSubtestFails") {
			t.Errorf("it shows\n%s", done["Show what failed"])
		}
	})
}

func TestGitLabJob(t *testing.T) {
	var pipeline struct {
		Tests struct {
			Variables map[string]string `json:"variables"`
			Script    []string          `json:"script"`
			Artifacts struct {
				When    string            `json:"when"`
				Reports map[string]string `json:"reports"`
			} `json:"artifacts"`
		} `json:"tests"`
	}
	readExample(t, "gitlab-ci.yml", &pipeline)
	each(t, func(t *testing.T, p *place, e ending) {
		for name, value := range pipeline.Tests.Variables {
			p.set(name, value)
		}
		p.set("GITLAB_CI", "true")
		p.set("NAMESPACE", p.namespace)
		p.set("IMAGE", image)
		script := "set -eo pipefail\n" + strings.Join(pipeline.Tests.Script, "\n")
		code, out := p.run("bash", "-c", script)
		if code != e.code {
			t.Errorf("exit code %d, want %d:\n%s", code, e.code, out)
		}
		if n := strings.Count(out, "section_start:"); n != e.failed || n != strings.Count(out, "section_end:") {
			t.Errorf("%d sections, want %d:\n%s", n, e.failed, out)
		}
		if pipeline.Tests.Artifacts.Reports["junit"] != "junit.xml" || pipeline.Tests.Artifacts.When != "always" {
			t.Errorf("artifacts: %+v", pipeline.Tests.Artifacts)
		}
		p.wantJUnit(e)
	})
}

func TestJenkinsfile(t *testing.T) {
	quoted := regexp.MustCompile(`(?m)^ *sh '(.*)'$`).FindStringSubmatch(example(t, "Jenkinsfile"))
	if quoted == nil {
		t.Fatal("the Jenkinsfile has no sh step")
	}
	script := strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(quoted[1])
	each(t, func(t *testing.T, p *place, e ending) {
		p.set("NAMESPACE", p.namespace)
		p.set("IMAGE", image)
		if code, out := p.run("sh", "-xe", "-c", script); code != e.code {
			t.Errorf("exit code %d, want %d:\n%s", code, e.code, out)
		}
		p.wantJUnit(e)
	})
}

func TestKubectlAlone(t *testing.T) {
	each(t, func(t *testing.T, p *place, e ending) {
		must(t, os.WriteFile(p.file("kubectl.sh"), []byte(example(t, "kubectl.sh")), 0o700))
		p.set("NAMESPACE", p.namespace)
		p.set("IMAGE", image)
		code, out := p.run("./kubectl.sh", "testrun.yaml")
		if code != e.code || !strings.Contains(out, string(e.result)+": ") {
			t.Errorf("exit code %d, want %d and %s:\n%s", code, e.code, e.result, out)
		}
		if n := strings.Count(out, "\n--- go::"); n != e.failed {
			t.Errorf("%d failures are shown, want %d:\n%s", n, e.failed, out)
		}
	})
}

func TestTektonTask(t *testing.T) {
	var task struct {
		Spec struct {
			Params  []struct{ Name, Default string } `json:"params"`
			Results []struct{ Name string }          `json:"results"`
			Steps   []struct {
				Script string                         `json:"script"`
				Env    []struct{ Name, Value string } `json:"env"`
			} `json:"steps"`
		} `json:"spec"`
	}
	readExample(t, "tekton-task.yaml", &task)
	each(t, func(t *testing.T, p *place, e ending) {
		var words []string
		for _, param := range task.Spec.Params {
			value := map[string]string{"manifest": e.manifest(), "image": image, "timeout": param.Default}[param.Name]
			if value == "" {
				t.Errorf("parameter %s has no value", param.Name)
			}
			words = append(words, "$(params."+param.Name+")", value)
		}
		for _, r := range task.Spec.Results {
			words = append(words, "$(results."+r.Name+".path)", p.file("result-"+r.Name))
		}
		fill := strings.NewReplacer(words...)
		s := task.Spec.Steps[0]
		for _, v := range s.Env {
			p.set(v.Name, fill.Replace(v.Value))
		}
		// In its pod, the namespace of the service account is the default one.
		p.kubectl("config", "view", "--raw", "--flatten")
		must(t, os.WriteFile(p.file("kubeconfig"), []byte(p.kubectl("config", "view", "--raw", "--flatten")), 0o600))
		p.set("KUBECONFIG", p.file("kubeconfig"))
		p.kubectl("config", "set-context", "--current", "--namespace", p.namespace)
		must(t, os.WriteFile(p.file("script"), []byte(fill.Replace(s.Script)), 0o700))
		code, out := p.run(p.file("script"))
		if code != e.code {
			t.Errorf("exit code %d, want %d:\n%s", code, e.code, out)
		}
		run := p.theRun()
		want := map[string]string{
			"run": run.Name, "result": string(e.result), "exit-code": strconv.Itoa(e.code),
			"passed": strconv.Itoa(int(run.Status.Tests.Passed)), "failed": strconv.Itoa(e.failed),
		}
		size := 0
		for _, r := range task.Spec.Results {
			got := written(t, p.file("result-"+r.Name))
			if size += len(got); got != want[r.Name] {
				t.Errorf("result %s is %q, want %q", r.Name, got, want[r.Name])
			}
		}
		if size > 4096 {
			t.Errorf("the results have %d bytes; Tekton takes 4 KiB", size)
		}
	})
}
