package metatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// templateFault is the refusal of a template's creation or change. Its error_data is a bare string.
func templateFault(err error) *fault {
	return &fault{code: codeParameter, subcode: 2388299, message: "Invalid parameter", data: err.Error()}
}

func (t *Template) wire() map[string]any {
	return map[string]any{"id": t.id, "name": t.Name, "language": t.Language, "category": t.Category, "status": t.Status,
		"components": t.wireComponents()}
}

// listTemplates is GET /{waba-id}/message_templates, filtered by name, language, status and category.
func (s *Server) listTemplates(c *call, _ Failure) (answer, *fault) {
	var list []any
	for _, t := range s.state.templates {
		fits := t.waba == c.account.waba
		for name, value := range map[string]string{"name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category} {
			if asked := c.params.str(name); asked != "" && asked != value {
				fits = false
			}
		}
		if fits {
			list = append(list, c.wanted(t.wire(), "name", "language", "category", "status", "components"))
		}
	}
	return c.listing(list)
}

// createTemplate is POST /{waba-id}/message_templates.
func (s *Server) createTemplate(c *call, _ Failure) (answer, *fault) {
	f := c.params
	if err := f.only("request", "name", "language", "category", "components", "allow_category_change", "parameter_format"); err != nil {
		return answer{}, templateFault(err)
	}
	t := Template{Name: f.str("name"), Language: f.str("language"), Category: f.str("category"), Status: TemplateApproved, id: s.count()}
	if s.cfg.TemplatesPending {
		t.Status = TemplatePending
	}
	if t.Category == "" {
		return answer{}, templateFault(missing("category"))
	}
	if err := t.takeComponents(f["components"]); err != nil {
		return answer{}, templateFault(err)
	}
	if err := s.enterTemplate(c.account.waba, t); err != nil {
		return answer{}, templateFault(err)
	}
	return reply(map[string]string{"id": t.id, "status": t.Status, "category": t.Category}), nil
}

// oneTemplate is GET /{template-id}, and POST, which edits it: it is reviewed again.
func (s *Server) oneTemplate(c *call, _ Failure) (answer, *fault) {
	i := slices.IndexFunc(s.state.templates, func(t *Template) bool { return t.id == c.node })
	t := s.state.templates[i]
	if c.r.Method == http.MethodGet {
		return reply(c.wanted(t.wire(), "name", "language", "category", "status", "components")), nil
	}
	if err := c.params.only("request", "category", "components", "parameter_format"); err != nil {
		return answer{}, templateFault(err)
	}
	changed := *t
	if category := c.params.str("category"); category != "" {
		changed.Category = category
	}
	if c.params.has("components") > 0 {
		if err := changed.takeComponents(c.params["components"]); err != nil {
			return answer{}, templateFault(err)
		}
	}
	if err := changed.check(); err != nil {
		return answer{}, templateFault(err)
	}
	changed.Status = TemplateApproved
	if s.cfg.TemplatesPending {
		changed.Status = TemplatePending
	}
	*t = changed
	return success(), nil
}

// deleteTemplates is DELETE /{waba-id}/message_templates: all languages of a name, or the one with hsm_id.
func (s *Server) deleteTemplates(c *call, _ Failure) (answer, *fault) {
	name, id := c.params.str("name"), c.params.str("hsm_id")
	if name == "" {
		return answer{}, invalid("The parameter name is required.")
	}
	before := len(s.state.templates)
	s.state.templates = slices.DeleteFunc(s.state.templates, func(t *Template) bool {
		return t.waba == c.account.waba && t.Name == name && (id == "" || id == t.id)
	})
	if len(s.state.templates) == before {
		return answer{}, templateFault(fmt.Errorf("message template %q not found", name))
	}
	return success(), nil
}

// SetTemplate gives a template of a business account another status, such as TemplatePaused, and queues the webhook of
// it. reason is "NONE" when empty.
func (s *Server) SetTemplate(waba, name, language, status, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.template(waba, name, language)
	if t == nil {
		return fmt.Errorf("metatest: no template %q in %s", name, language)
	}
	t.Status = status
	setDefault(&reason, "NONE")
	s.change(waba, "message_template_status_update", map[string]any{"event": status, "message_template_id": json.Number(t.id),
		"message_template_name": name, "message_template_language": language, "reason": reason, "message_template_category": t.Category})
	return nil
}

// SetQuality tells of a template's quality, such as "GREEN", "YELLOW", "RED".
func (s *Server) SetQuality(waba, name, language, previous, next string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.template(waba, name, language)
	if t == nil {
		return fmt.Errorf("metatest: no template %q in %s", name, language)
	}
	s.change(waba, "message_template_quality_update", map[string]any{"previous_quality_score": previous, "new_quality_score": next,
		"message_template_id": json.Number(t.id), "message_template_name": name, "message_template_language": language})
	return nil
}

// SetCategory moves a template to another category, as Meta may.
func (s *Server) SetCategory(waba, name, language, category string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.template(waba, name, language)
	if t == nil {
		return fmt.Errorf("metatest: no template %q in %s", name, language)
	}
	t.Category = category
	s.change(waba, "template_category_update", map[string]any{"message_template_id": json.Number(t.id), "message_template_name": name,
		"message_template_language": language, "new_category": category})
	return nil
}
