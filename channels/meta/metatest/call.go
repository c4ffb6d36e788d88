package metatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// call is a request to the Graph API, taken apart.
type call struct {
	r       *http.Request
	raw     []byte // of the body
	version string
	node    string // the first element below the version
	edge    string // what follows it
	params  fields // of the body and the query
	bad     string // why the parameters could not be read
	file    *upload
	grant   *grant

	account *account // that the node is, or belongs to
}

// upload is the file of a multipart form.
type upload struct {
	contentType string
	data        []byte
}

// takeCall takes a request apart. Nothing is refused here: what is wrong with it is said later, in Meta's order.
func takeCall(r *http.Request, raw []byte) *call {
	c := &call{r: r, raw: raw, params: fields{}}
	path := strings.Trim(r.URL.Path, "/")
	if first, rest, _ := strings.Cut(path, "/"); isVersion(first) {
		c.version, path = first, rest
	}
	c.node, c.edge, _ = strings.Cut(path, "/")
	kind, details, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(raw) == 0:
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			c.bad = "The form could not be read."
		}
		c.add(form)
	case kind == "multipart/form-data":
		c.readForm(details["boundary"])
	default:
		var ok bool
		if c.params, ok = readFields(raw); !ok {
			c.bad, c.params = "The body is not a JSON object in UTF-8.", fields{}
		}
	}
	c.add(r.URL.Query())
	return c
}

// isVersion reports whether s is written like v25.0.
func isVersion(s string) bool {
	major, minor, ok := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	return ok && strings.HasPrefix(s, "v") && digits(major) && digits(minor)
}

// add takes over parameters of a form or a query, unless the body has them. JSON in them stays JSON where the value
// is an object or an array.
func (c *call) add(values url.Values) {
	for name := range values {
		if _, ok := c.params[name]; ok {
			continue
		}
		value := values.Get(name)
		if (strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[")) && json.Valid([]byte(value)) {
			c.params[name] = json.RawMessage(value)
			continue
		}
		c.params[name] = encode(value)
	}
}

// readForm reads a multipart form with at most one file.
func (c *call) readForm(boundary string) {
	reader := multipart.NewReader(bytes.NewReader(c.raw), boundary)
	form := url.Values{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.bad = "The form could not be read."
			return
		}
		data, err := io.ReadAll(part)
		if err != nil {
			c.bad = "The form could not be read."
			return
		}
		if part.FileName() != "" {
			c.file = &upload{part.Header.Get("Content-Type"), data}
			continue
		}
		form.Set(part.FormName(), string(data))
	}
	c.add(form)
}

// takeParam removes a parameter that belongs to the transport and returns it.
func (c *call) takeParam(name string) string {
	value := c.params.str(name)
	delete(c.params, name)
	return value
}

// sends reports whether the call sends a message: not typing, not a mark that something was read.
func (c *call) sends() bool {
	if c.r.Method != http.MethodPost || c.edge != "messages" {
		return false
	}
	return c.params.has("sender_action", "status") == 0
}

// plain is the path below the version, for the log and for scripts.
func (c *call) plain() string {
	if c.edge == "" {
		return "/" + c.node
	}
	return "/" + c.node + "/" + c.edge
}
