package messagebirdtest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Bounds of WhatsApp's interactive messages, in runes where they measure text.
const (
	maxButtons     = 3
	maxButtonID    = 256
	maxButtonTitle = 20
	maxSections    = 10
	maxRows        = 10 // of all sections together
	maxRowID       = 200
	maxRowTitle    = 24
	maxRowText     = 72
	maxHeading     = 24
	maxBody        = 1024
	maxHeader      = 60
	maxFooter      = 60
	maxListButton  = 20
)

const atInteractive = "content.interactive"

// checkInteractive checks buttons and lists. Buttons have the flat form {"id","type":"reply","title"}, not the
// nested one of WhatsApp itself.
func checkInteractive(raw json.RawMessage) *refusal {
	f, bad := readFields(raw, atInteractive, "type", "header", "body", "action", "footer")
	if bad != nil {
		return bad
	}
	kind, bad := f.need(atInteractive, "type")
	if bad != nil {
		return bad
	}
	if !slices.Contains([]string{"button", "list", "product", "product_list"}, kind) {
		return invalid(atInteractive+".type", "cannot be sent")
	}
	if bad := checkFrame(f, kind); bad != nil {
		return bad
	}
	at := atInteractive + ".action"
	action, ok := f["action"]
	if !ok {
		return missing(at)
	}
	a, bad := readFields(action, at, "buttons", "button", "sections", "catalog_id", "product_retailer_id")
	if bad != nil {
		return bad
	}
	switch kind {
	case "button":
		return checkButtons(a, at)
	case "list":
		if _, bad := a.needUpTo(at, "button", maxListButton); bad != nil {
			return bad
		}
		return checkSections(a, at)
	}
	_, bad = a.need(at, "catalog_id")
	return bad
}

// checkFrame checks the texts around the choices. The body is required but for a single product.
func checkFrame(f fields, kind string) *refusal {
	if body, ok := f["body"]; ok {
		if bad := checkPart(body, atInteractive+".body", maxBody); bad != nil {
			return bad
		}
	} else if kind != "product" {
		return missing(atInteractive + ".body")
	}
	if footer, ok := f["footer"]; ok {
		if bad := checkPart(footer, atInteractive+".footer", maxFooter); bad != nil {
			return bad
		}
	}
	header, ok := f["header"]
	if !ok {
		return nil
	}
	at := atInteractive + ".header"
	h, bad := readFields(header, at, "type", "text", "image", "video", "document")
	if bad != nil {
		return bad
	}
	form, bad := h.need(at, "type")
	if bad != nil {
		return bad
	}
	switch {
	case form == "text":
		_, bad = h.needUpTo(at, "text", maxHeader)
		return bad
	case kind == "button" && (form == "image" || form == "video" || form == "document"):
		return checkLink(under(at, form), "url", h[form])
	}
	return invalid(at+".type", "is not possible here")
}

func checkPart(raw json.RawMessage, at string, max int) *refusal {
	f, bad := readFields(raw, at, "text")
	if bad == nil {
		_, bad = f.needUpTo(at, "text", max)
	}
	return bad
}

func checkButtons(action fields, at string) *refusal {
	buttons, bad := action.list(at, "buttons", maxButtons)
	if bad != nil {
		return bad
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for i, raw := range buttons {
		at := fmt.Sprintf("%s.buttons[%d]", at, i)
		f, bad := readFields(raw, at, "id", "type", "title", "image_url")
		if bad != nil {
			return bad
		}
		if kind, bad := f.need(at, "type"); bad != nil || kind != "reply" {
			return invalid(at+".type", "must be reply")
		}
		id, bad := f.needUpTo(at, "id", maxButtonID)
		if bad != nil {
			return bad
		}
		title, bad := f.needUpTo(at, "title", maxButtonTitle)
		if bad != nil {
			return bad
		}
		if ids[id] || titles[title] {
			return invalid(at, "repeats another button")
		}
		ids[id], titles[title] = true, true
	}
	return nil
}

func checkSections(action fields, at string) *refusal {
	sections, bad := action.list(at, "sections", maxSections)
	if bad != nil {
		return bad
	}
	ids := map[string]bool{}
	for i, raw := range sections {
		at := fmt.Sprintf("%s.sections[%d]", at, i)
		f, bad := readFields(raw, at, "title", "rows")
		if bad != nil {
			return bad
		}
		// A section needs its title as soon as there is another one to tell it from.
		if _, ok := f["title"]; ok || len(sections) > 1 {
			if _, bad := f.needUpTo(at, "title", maxHeading); bad != nil {
				return bad
			}
		}
		rows, bad := f.list(at, "rows", maxRows-len(ids))
		if bad != nil {
			return bad
		}
		for j, raw := range rows {
			if bad := checkRow(raw, fmt.Sprintf("%s.rows[%d]", at, j), ids); bad != nil {
				return bad
			}
		}
	}
	return nil
}

func checkRow(raw json.RawMessage, at string, ids map[string]bool) *refusal {
	f, bad := readFields(raw, at, "id", "title", "description")
	if bad != nil {
		return bad
	}
	id, bad := f.needUpTo(at, "id", maxRowID)
	if bad != nil {
		return bad
	}
	if _, bad := f.needUpTo(at, "title", maxRowTitle); bad != nil {
		return bad
	}
	if _, ok := f["description"]; ok {
		if _, bad := f.needUpTo(at, "description", maxRowText); bad != nil {
			return bad
		}
	}
	if ids[id] {
		return invalid(at+".id", "repeats another row")
	}
	ids[id] = true
	return nil
}
