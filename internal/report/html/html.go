// Package html writes a run as one HTML file that needs nothing else: no server, no network, and to read why tests
// failed no script. It is pure: no clock, no cluster.
package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/report/facts"
)

//go:embed page
var files embed.FS

// scripts are put together in this order, in a scope of their own.
var scripts = []string{"data", "address", "parts", "list", "detail", "lists", "axis", "timeline", "main"}

var (
	script = theScript()
	style  = read("page/style.css")
	page   = template.Must(template.New("page.gohtml").Funcs(functions).ParseFS(files, "page/page.gohtml"))
)

func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

func theScript() string {
	var b strings.Builder
	b.WriteString("(() => {\n'use strict';\n")
	for _, name := range scripts {
		b.WriteString(read("page/" + name + ".js"))
	}
	b.WriteString("})();\n")
	return b.String()
}

// hash is the source that a content security policy allows.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// policy allows the one script, the one style and the picture in the tab, and nothing from anywhere.
var policy = "default-src 'none'; script-src " + hash(script) + "; style-src " + hash(style) +
	"; img-src data:; base-uri 'none'; form-action 'none'"

// Write writes the report of a run.
func Write(w io.Writer, run *facts.Run) error {
	v, err := newView(run)
	if err != nil {
		return err
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
