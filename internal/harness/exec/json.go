package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/podtest/podtest/internal/harness"
)

// shapes are the members of a line of a JSON list that mean something; only id is required. Others are the suite's own
// and may be anything.
var shapes = map[string]func() any{
	"id":      of[string],
	"ignored": of[bool],
}

func of[T any]() any { return new(T) }

func parseJSON(line []byte) (harness.Test, error) {
	if err := checkUTF8(line); err != nil {
		return harness.Test{}, err
	}
	members, err := readObject(line)
	if err != nil {
		return harness.Test{}, err
	}
	id, found := members["id"].(*string)
	if !found {
		return harness.Test{}, errors.New(`no "id": each line needs one, as in {"id":"a"}`)
	}
	test := harness.Test{Name: *id}
	if ignored, found := members["ignored"].(*bool); found {
		test.Ignored = *ignored
	}
	return test, nil
}

// checkUTF8 looks at the bytes: encoding/json would put U+FFFD for what is wrong, and make two names one.
func checkUTF8(line []byte) error {
	if valid := bytes.ToValidUTF8(line, nil); len(valid) == len(line) {
		return nil
	}
	return harness.CheckName(string(line))
}

// readObject reads one JSON object strictly: no member twice, nothing after it.
func readObject(line []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%s is not a JSON object: print one object a line", harness.Quote(line))
	}
	members := map[string]any{}
	for d.More() {
		name, value, err := readMember(d)
		if err != nil {
			return nil, fmt.Errorf("column %d: %w", d.InputOffset()+1, err)
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("column %d: %q stands twice", d.InputOffset()+1, name)
		}
		members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("column %d: the object does not end", len(line)+1)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("column %d: something follows the object: print one object a line", d.InputOffset()+1)
	}
	return members, nil
}

func readMember(d *json.Decoder) (string, any, error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	name, _ := t.(string)
	shape, known := shapes[name]
	if !known {
		shape = of[json.RawMessage]
	}
	value := shape()
	if err := d.Decode(value); err != nil {
		return "", nil, fmt.Errorf("%q: %w", name, err)
	}
	return name, value, nil
}
