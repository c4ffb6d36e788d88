package birdtest

import (
	"encoding/json"
	"slices"
	"strings"
)

// checkContent refuses a body or a template that the channel cannot take.
func (s *Server) checkContent(ch *channel, o order) *refusal {
	if o.template != nil {
		return s.checkTemplate(o.template)
	}
	f, bad := readFields(o.body, "body", "type", "text", "image", "file", "location", "list")
	if bad != nil {
		return bad
	}
	kind, bad := f.need("body", "type")
	switch {
	case bad != nil:
		return bad
	case !slices.Contains(ch.rules.types, kind):
		return invalid("body.type", "is not one of the channel's")
	case len(f) != 2 || f[kind] == nil:
		return invalid("body", "has exactly the field that its type names")
	}
	switch kind {
	case "text":
		return checkText(f[kind], ch.rules)
	case "image", "file":
		return checkFiles(f[kind], kind, ch.rules)
	case "location":
		return checkLocation(f[kind])
	}
	return checkList(f[kind], ch.rules)
}

func checkText(raw json.RawMessage, r rules) *refusal {
	f, bad := readFields(raw, "body.text", "text", "actions", "metadata")
	if bad != nil {
		return bad
	}
	text, bad := f.need("body.text", "text")
	switch {
	case bad != nil:
		return bad
	case r.text > 0 && r.count(text) > r.text:
		return invalid("body.text.text", "is too long")
	case f["actions"] == nil:
		return nil
	case r.actions == 0:
		return invalid("body.text.actions", "are not shown on this channel")
	}
	actions, bad := f.list("body.text", "actions", r.actions)
	if bad != nil {
		return bad
	}
	return checkActions(actions, "body.text.actions", r)
}

func checkActions(actions []json.RawMessage, parent string, r rules) *refusal {
	for _, raw := range actions {
		f, bad := readFields(raw, parent, "type", "postback", "reply")
		if bad != nil {
			return bad
		}
		kind, bad := f.need(parent, "type")
		if bad != nil {
			return bad
		}
		if len(f) != 2 || f[kind] == nil || kind == "type" {
			return invalid(parent, "have exactly the field that their type names")
		}
		known := []string{"text"}
		if kind == "postback" {
			known = append(known, "payload")
		}
		a, bad := readFields(f[kind], under(parent, kind), known...)
		if bad != nil {
			return bad
		}
		for _, name := range known {
			limit := r.action
			if name == "payload" || strings.HasPrefix(parent, "body.list") {
				limit = 200
			}
			if _, bad := a.needUpTo(under(parent, kind), name, limit); bad != nil {
				return bad
			}
		}
	}
	return nil
}

func checkFiles(raw json.RawMessage, kind string, r rules) *refusal {
	parent, many := "body."+kind, kind+"s"
	f, bad := readFields(raw, parent, "text", many)
	if bad != nil {
		return bad
	}
	if _, bad = f.text(parent, "text"); bad != nil {
		return bad
	}
	files, bad := f.list(parent, many, 10)
	if bad != nil {
		return bad
	}
	parent = under(parent, many)
	for _, raw := range files {
		f, bad := readFields(raw, parent, "mediaUrl", "contentType", "filename", "altText")
		if bad != nil {
			return bad
		}
		address, bad := f.need(parent, "mediaUrl")
		if bad != nil {
			return bad
		}
		if !webURL(address) || !strings.HasPrefix(address, "https://") {
			return invalid(under(parent, "mediaUrl"), "must be an https address")
		}
		for _, name := range []string{"contentType", "filename", "altText"} {
			if _, bad := f.text(parent, name); bad != nil {
				return bad
			}
		}
		if kind == "file" && f["contentType"] == nil {
			return missing(under(parent, "contentType"))
		}
	}
	return nil
}

func checkLocation(raw json.RawMessage) *refusal {
	f, bad := readFields(raw, "body.location", "coordinates", "location")
	if bad != nil {
		return bad
	}
	at, bad := readFields(f["coordinates"], "body.location.coordinates", "latitude", "longitude")
	if bad != nil {
		return bad
	}
	for _, axis := range []struct {
		name  string
		limit float64
	}{{"latitude", 90}, {"longitude", 180}} {
		var v float64
		if at[axis.name] == nil || json.Unmarshal(at[axis.name], &v) != nil || v < -axis.limit || v > axis.limit {
			return invalid("body.location.coordinates."+axis.name, "is not a number of degrees")
		}
	}
	if f["location"] == nil {
		return nil
	}
	_, bad = readFields(f["location"], "body.location.location", "address", "label")
	return bad
}

func checkList(raw json.RawMessage, r rules) *refusal {
	f, bad := readFields(raw, "body.list", "text", "title", "items", "sections", "metadata")
	if bad != nil {
		return bad
	}
	if _, bad = f.needUpTo("body.list", "text", 1024); bad != nil {
		return bad
	}
	if (f["items"] == nil) == (f["sections"] == nil) {
		return invalid("body.list", "has items or sections, and not both")
	}
	if f["items"] != nil {
		_, bad := checkItems(f, "body.list", r)
		return bad
	}
	sections, bad := f.list("body.list", "sections", r.rows)
	if bad != nil {
		return bad
	}
	rows := 0
	for _, raw := range sections {
		section, bad := readFields(raw, "body.list.sections", "title", "items")
		if bad != nil {
			return bad
		}
		if _, bad = section.needUpTo("body.list.sections", "title", 24); bad != nil {
			return bad
		}
		n, bad := checkItems(section, "body.list.sections", r)
		if bad != nil {
			return bad
		}
		if rows += n; rows > r.rows {
			return invalid("body.list.sections", "have too many items")
		}
	}
	return nil
}

func checkItems(f fields, parent string, r rules) (rows int, bad *refusal) {
	items, bad := f.list(parent, "items", r.rows)
	if bad != nil {
		return 0, bad
	}
	parent += ".items"
	for _, raw := range items {
		item, bad := readFields(raw, parent, "title", "description", "actions")
		if bad != nil {
			return 0, bad
		}
		if _, bad = item.needUpTo(parent, "title", 24); bad != nil {
			return 0, bad
		}
		if item["description"] != nil {
			if _, bad = item.needUpTo(parent, "description", 72); bad != nil {
				return 0, bad
			}
		}
		actions, bad := item.list(parent, "actions", 1)
		if bad != nil {
			return 0, bad
		}
		if bad = checkActions(actions, parent+".actions", r); bad != nil {
			return 0, bad
		}
	}
	return len(items), nil
}

// checkTemplate refuses a template of an unknown project or language, or with
// other values than the project's.
func (s *Server) checkTemplate(raw json.RawMessage) *refusal {
	f, bad := readFields(raw, "template", "projectId", "version", "locale", "parameters", "variables")
	if bad != nil {
		return bad
	}
	text := map[string]string{}
	for _, name := range []string{"projectId", "version", "locale"} {
		if text[name], bad = f.need("template", name); bad != nil {
			return bad
		}
	}
	i := slices.IndexFunc(s.cfg.Projects, func(p Project) bool { return p.ID == text["projectId"] })
	if i < 0 {
		return notFound()
	}
	project := s.cfg.Projects[i]
	if !slices.Contains(project.Locales, text["locale"]) {
		return invalid("template.locale", "is not one of the project's")
	}
	given, bad := templateKeys(f)
	if bad != nil {
		return bad
	}
	want := slices.Sorted(slices.Values(project.Keys))
	if !slices.Equal(slices.Sorted(slices.Values(given)), want) {
		return invalid("template.parameters", "are not those of the project")
	}
	return nil
}

func templateKeys(f fields) (keys []string, bad *refusal) {
	if f["variables"] != nil {
		var values map[string]string
		if json.Unmarshal(f["variables"], &values) != nil || f["parameters"] != nil {
			return nil, invalid("template.variables", "must be a map of strings, without parameters beside")
		}
		for key := range values {
			keys = append(keys, key)
		}
		return keys, nil
	}
	if f["parameters"] == nil {
		return nil, nil
	}
	params, bad := f.list("template", "parameters", 100)
	for _, raw := range params {
		p, bad := readFields(raw, "template.parameters", "type", "key", "value")
		if bad != nil {
			return nil, bad
		}
		kind, bad := p.need("template.parameters", "type")
		if bad != nil {
			return nil, bad
		}
		if kind != "string" {
			return nil, invalid("template.parameters.type", "is not known")
		}
		key, bad := p.need("template.parameters", "key")
		if bad != nil {
			return nil, bad
		}
		if _, bad = p.need("template.parameters", "value"); bad != nil {
			return nil, bad
		}
		keys = append(keys, key)
	}
	return keys, bad
}
