package desk

import _ "embed" // for the document below

//go:embed openapi.yaml
var openapi []byte

// OpenAPI returns the description of the API, an OpenAPI 3.1 document in YAML.
func OpenAPI() []byte { return append([]byte(nil), openapi...) }

// document answers GET /v1/openapi.yaml.
func (d *Desk) document(c *call) error {
	c.w.Header().Set("Content-Type", "application/yaml")
	_, _ = c.w.Write(openapi)
	return nil
}
