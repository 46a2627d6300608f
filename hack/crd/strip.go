package main

// stripTemplates takes the descriptions out of the schema below spec.template, in every version of the CRD.
func stripTemplates(crd map[string]any) {
	versions, _ := at(crd, "spec")["versions"].([]any)
	for _, v := range versions {
		version, _ := v.(map[string]any)
		spec := at(version, "schema", "openAPIV3Schema", "properties", "spec")
		for _, below := range subschemas(at(spec, "properties", "template")) {
			strip(below)
		}
	}
}

func strip(schema map[string]any) {
	delete(schema, "description")
	for _, below := range subschemas(schema) {
		strip(below)
	}
}

// subschemas are the schemas right below this one. A property may itself be named "description", so the walk
// knows which keys hold schemas and which hold names.
func subschemas(schema map[string]any) []map[string]any {
	var found []map[string]any
	add := func(v any) {
		if below, ok := v.(map[string]any); ok {
			found = append(found, below)
		}
	}
	for _, below := range at(schema, "properties") {
		add(below)
	}
	add(schema["items"])
	add(schema["additionalProperties"])
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := schema[key].([]any)
		for _, below := range list {
			add(below)
		}
	}
	return found
}

// at follows keys down; where the path ends early it answers nil, which reads as empty.
func at(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
	}
	return m
}
