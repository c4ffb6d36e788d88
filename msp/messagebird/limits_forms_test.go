package messagebird_test

import (
	"fmt"
	"testing"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// textForm sends a message with a text in one of its places.
type textForm = func(t *testing.T, sim *messagebirdtest.Server, text string) bool

func taken(t *testing.T, sim *messagebirdtest.Server, channel, kind string, content object) bool {
	t.Helper()
	return straight(t, sim, "/v1/send", object{"to": kati, "from": channel, "type": kind, "content": content})
}

// interactive sends WhatsApp's buttons or lists, with a body unless there is one.
func interactive(t *testing.T, sim *messagebirdtest.Server, content object) bool {
	t.Helper()
	if content["body"] == nil {
		content["body"] = object{"text": "b"}
	}
	return taken(t, sim, whatsApp, "interactive", object{"interactive": content})
}

func button(id, title string) object { return object{"id": id, "type": "reply", "title": title} }

func buttons(all ...object) object {
	return object{"type": "button", "action": object{"buttons": all}}
}

func listRow(id, title, description string) object {
	return object{"id": id, "title": title, "description": description}
}

func list(label, section string, rows ...object) object {
	return object{"type": "list", "action": object{"button": label, "sections": []object{{"title": section, "rows": rows}}}}
}

func buttonsOf(n int) object {
	var all []object
	for i := range n {
		all = append(all, button(fmt.Sprint(i), fmt.Sprint(i)))
	}
	return buttons(all...)
}

func rowsOf(n int) object {
	var all []object
	for i := range n {
		all = append(all, listRow(fmt.Sprint(i), fmt.Sprint(i), "d"))
	}
	return list("l", "s", all...)
}

// with adds a part to an interactive message.
func with(content object, part string, value object) object {
	content[part] = value
	return content
}

// textForms are the messages that a text stands in, by the name of its limit.
func textForms(info channels.Info) map[string][]textForm {
	channel := limitLines()[info.ID]
	if channel == "" { // over the SMS API
		return map[string][]textForm{"Text": {func(t *testing.T, sim *messagebirdtest.Server, s string) bool {
			return straight(t, sim, "/rest/messages", object{"originator": number, "recipients": []string{kati}, "body": s, "datacoding": "auto"})
		}}}
	}
	forms := map[string][]textForm{"Text": {func(t *testing.T, sim *messagebirdtest.Server, s string) bool {
		return taken(t, sim, channel, "text", object{"text": s})
	}}}
	if info.Kind != channels.SMS {
		forms["Caption"] = []textForm{func(t *testing.T, sim *messagebirdtest.Server, s string) bool {
			return taken(t, sim, channel, "image", object{"image": object{"url": "https://agency.example/a.png", "caption": s}})
		}}
	}
	if info.Kind != channels.WhatsApp {
		return forms
	}
	shows := func(makes ...func(s string) object) (all []textForm) {
		for _, content := range makes {
			all = append(all, func(t *testing.T, sim *messagebirdtest.Server, s string) bool { return interactive(t, sim, content(s)) })
		}
		return all
	}
	text := func(s string) object { return object{"text": s} }
	forms["TemplateText"] = []textForm{func(t *testing.T, sim *messagebirdtest.Server, s string) bool {
		return taken(t, sim, channel, "hsm", object{"hsm": object{"namespace": "ns", "templateName": "limit",
			"language": object{"code": "et"}, "params": []object{{"default": s}}}})
	}}
	forms["Choices.Title"] = shows(
		func(s string) object { return buttons(button("1", s)) },
		func(s string) object { return list(s, "s", listRow("1", "t", "d")) },
	)
	forms["Choices.RowTitle"] = shows(func(s string) object { return list("l", "s", listRow("1", s, "d")) })
	forms["Choices.Section"] = shows(func(s string) object { return list("l", s, listRow("1", "t", "d")) })
	forms["Choices.Description"] = shows(func(s string) object { return list("l", "s", listRow("1", "t", s)) })
	forms["Choices.ID"] = shows(func(s string) object { return list("l", "s", listRow(s, "t", "d")) })
	for limit, part := range map[string]string{"Choices.Body": "body", "Choices.Footer": "footer"} {
		forms[limit] = shows(
			func(s string) object { return with(buttonsOf(1), part, text(s)) },
			func(s string) object { return with(rowsOf(1), part, text(s)) },
		)
	}
	forms["Choices.Header"] = shows(
		func(s string) object { return with(buttonsOf(1), "header", object{"type": "text", "text": s}) },
		func(s string) object { return with(rowsOf(1), "header", object{"type": "text", "text": s}) },
	)
	return forms
}
