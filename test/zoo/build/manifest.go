package main

import (
	"encoding/json"
	"os"
)

// A manifest says what is in an image. The oracle has a reader of its own.
type manifest struct {
	Set      string   `json:"set"`
	Key      string   `json:"key"`
	Binaries []binary `json:"binaries"`
}

// A binary is one program that holds tests. Paths are those inside the image.
type binary struct {
	ID      string   `json:"id"`
	Harness string   `json:"harness"` // go, libtest or exec
	Path    string   `json:"path"`
	Cwd     string   `json:"cwd"`
	List    []string `json:"list,omitempty"`   // exec only
	Format  string   `json:"format,omitempty"` // exec only: Lines, Libtest or JSON
	Run     []string `json:"run,omitempty"`    // exec only
}

func readManifest(out string) (manifest, error) {
	var m manifest
	data, err := os.ReadFile(out + ".json")
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(data, &m)
}

func (m manifest) write(out string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out+".json", append(data, '\n'), 0o644)
}
