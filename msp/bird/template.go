package bird

import (
	"maps"
	"slices"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
)

// templateOut is an approved text of a project, with its values in one of two
// forms.
type templateOut struct {
	Project    string            `json:"projectId"`
	Version    string            `json:"version"`
	Locale     string            `json:"locale"`
	Parameters []parameterWire   `json:"parameters,omitempty"`
	Variables  map[string]string `json:"variables,omitempty"`
}

type parameterWire struct {
	Type  string `json:"type"` // "string"
	Key   string `json:"key"`
	Value string `json:"value"`
}

// encodeTemplate writes an approved text. Bird's values have keys where
// WhatsApp counts places, so that only the body's may go unnamed: these are
// "1", "2" and so on.
func (l *line) encodeTemplate(t channels.Template) (*templateOut, *channels.Error) {
	project, ok := l.conf.Projects[t.Name]
	if !ok && isUUID(t.Name) {
		project, ok = Project{ID: t.Name}, true
	}
	if !ok {
		return nil, l.refuse(channels.ErrTemplate, "the template has no project")
	}
	w := &templateOut{Project: project.ID, Version: project.Version, Locale: t.Language}
	setDefault(&w.Version, "latest")
	params := slices.Clone(t.Header)
	for i, p := range t.Body {
		setDefault(&p.Name, strconv.Itoa(i+1))
		params = append(params, p)
	}
	for _, b := range t.Buttons {
		params = append(params, b.Value)
	}
	seen := map[string]bool{}
	for _, p := range params {
		value, err := l.value(p)
		switch {
		case err != nil:
			return nil, err
		case p.Name == "" || seen[p.Name]:
			return nil, l.refuse(channels.ErrTemplate, "a value without a name of its own")
		}
		seen[p.Name] = true
		w.Parameters = append(w.Parameters, parameterWire{Type: "string", Key: p.Name, Value: value})
	}
	if l.conf.OldVariables {
		w.Variables = map[string]string{}
		for _, p := range w.Parameters {
			w.Variables[p.Key] = p.Value
		}
		w.Parameters = nil
	}
	return w, nil
}

// value is a variable's value as text: the wire shows no other type. Money and
// times are written by who made the message, in its language.
func (l *line) value(p channels.Param) (string, *channels.Error) {
	switch p.Kind {
	case channels.ParamText, channels.ParamPayload, channels.ParamCoupon:
		return p.Text, nil
	case channels.ParamCurrency, channels.ParamTime:
		if p.Text != "" {
			return p.Text, nil
		}
	case channels.ParamMedia:
		if p.Media != nil && webAddress(p.Media.URL, l.p.cfg.InsecureHTTP) {
			return p.Media.URL, nil
		}
	}
	return "", l.refuse(channels.ErrUnsupported, "a template's value that is no text")
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// templateIn is a template that was sent, as reports show it.
type templateIn struct {
	Project    loose `json:"projectId"`
	Locale     loose `json:"locale"`
	Parameters []struct {
		Key   loose `json:"key"`
		Value loose `json:"value"`
	} `json:"parameters"`
	Variables map[string]loose `json:"variables"`
}

// template reads a template that was sent, under the agency's name of it.
func (l *line) template(w *templateIn) channels.Content {
	t := channels.Template{Name: string(w.Project), Language: string(w.Locale)}
	for _, name := range slices.Sorted(maps.Keys(l.conf.Projects)) {
		if l.conf.Projects[name].ID == t.Name {
			t.Name = name
			break
		}
	}
	for _, p := range w.Parameters {
		t.Body = append(t.Body, channels.Param{Kind: channels.ParamText, Name: string(p.Key), Text: string(p.Value)})
	}
	for _, key := range slices.Sorted(maps.Keys(w.Variables)) {
		t.Body = append(t.Body, channels.Param{Kind: channels.ParamText, Name: key, Text: string(w.Variables[key])})
	}
	return t
}
