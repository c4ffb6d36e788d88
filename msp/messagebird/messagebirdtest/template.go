package messagebirdtest

import (
	"encoding/json"
	"fmt"
	"slices"
)

const atTemplate = "content.hsm"

// templateWire is what the account compares with its approved templates.
type templateWire struct {
	Namespace string `json:"namespace"`
	Name      string `json:"templateName"`
	Language  struct {
		Policy string `json:"policy"`
		Code   string `json:"code"`
	} `json:"language"`
	Params     []json.RawMessage `json:"params"`
	Components []struct {
		Type       string            `json:"type"`
		Parameters []json.RawMessage `json:"parameters"`
	} `json:"components"`
}

// checkTemplate checks the form of a template message: its name and language, and either the older params or
// components, never both.
func checkTemplate(raw json.RawMessage) *refusal {
	f, bad := readFields(raw, atTemplate, "namespace", "templateName", "language", "params", "components")
	if bad != nil {
		return bad
	}
	for _, name := range []string{"namespace", "templateName"} {
		if _, bad := f.need(atTemplate, name); bad != nil {
			return bad
		}
	}
	at := atTemplate + ".language"
	if f["language"] == nil {
		return missing(at)
	}
	language, bad := readFields(f["language"], at, "policy", "code")
	if bad != nil {
		return bad
	}
	if _, bad := language.need(at, "code"); bad != nil {
		return bad
	}
	policy, bad := language.text(at, "policy")
	if bad != nil {
		return bad
	}
	if !slices.Contains([]string{"", "deterministic", "fallback"}, policy) {
		return invalid(at+".policy", "must be deterministic or fallback")
	}
	if f["params"] != nil && f["components"] != nil {
		return invalid(atTemplate+".components", "excludes params")
	}
	if f["params"] != nil {
		return checkParams(f["params"])
	}
	if f["components"] != nil {
		return checkComponents(f["components"], atTemplate+".components", 1)
	}
	return nil
}

// checkParams checks the older form: each has a default, and may have a currency or a moment.
func checkParams(raw json.RawMessage) *refusal {
	at := atTemplate + ".params"
	var params []json.RawMessage
	if json.Unmarshal(raw, &params) != nil {
		return invalid(at, "must be an array")
	}
	for i, raw := range params {
		at := fmt.Sprintf("%s[%d]", at, i)
		f, bad := readFields(raw, at, "default", "currency", "dateTime")
		if bad != nil {
			return bad
		}
		if _, bad := f.need(at, "default"); bad != nil {
			return bad
		}
		if f["currency"] != nil {
			if bad := checkCurrency(f["currency"], at+".currency"); bad != nil {
				return bad
			}
		}
	}
	return nil
}

// checkCurrency checks an amount: a whole number of thousandths, with the currency under currencyCode.
func checkCurrency(raw json.RawMessage, at string) *refusal {
	f, bad := readFields(raw, at, "currencyCode", "amount")
	if bad != nil {
		return bad
	}
	if _, bad := f.need(at, "currencyCode"); bad != nil {
		return bad
	}
	var amount int64
	if f["amount"] == nil || json.Unmarshal(f["amount"], &amount) != nil {
		return invalid(at+".amount", "must be a whole number of thousandths")
	}
	return nil
}

// checkComponents checks a list of components. The deepest form is a carousel's cards with components of their own.
func checkComponents(raw json.RawMessage, at string, depth int) *refusal {
	var components []json.RawMessage
	if depth > 3 || json.Unmarshal(raw, &components) != nil {
		return invalid(at, "must be an array of components, not too deep")
	}
	for i, raw := range components {
		at := fmt.Sprintf("%s[%d]", at, i)
		f, bad := readFields(raw, at, "type", "sub_type", "index", "parameters", "cards", "card_index", "components")
		if bad != nil {
			return bad
		}
		kind, bad := f.need(at, "type")
		if bad != nil {
			return bad
		}
		if !slices.Contains([]string{"header", "body", "footer", "button", "card", "carousel", "limited_time_offer"}, kind) {
			return invalid(at+".type", "is not a component")
		}
		if kind == "button" {
			if bad := checkButton(f, at); bad != nil {
				return bad
			}
		}
		for _, name := range []string{"cards", "components"} {
			if f[name] != nil {
				if bad := checkComponents(f[name], under(at, name), depth+1); bad != nil {
					return bad
				}
			}
		}
		var parameters []json.RawMessage
		if f["parameters"] != nil && json.Unmarshal(f["parameters"], &parameters) != nil {
			return invalid(at+".parameters", "must be an array")
		}
		for j, raw := range parameters {
			if bad := checkParameter(raw, fmt.Sprintf("%s.parameters[%d]", at, j)); bad != nil {
				return bad
			}
		}
	}
	return nil
}

// checkButton checks what a button component has besides its parameters: which kind it is, and which of the
// template's buttons it fills in.
func checkButton(f fields, at string) *refusal {
	sub, bad := f.need(at, "sub_type")
	if bad != nil {
		return bad
	}
	if !slices.Contains([]string{"quick_reply", "url", "copy_code"}, sub) {
		return invalid(at+".sub_type", "is not a kind of button")
	}
	var index int
	if f["index"] == nil || json.Unmarshal(f["index"], &index) != nil || index < 0 {
		return invalid(at+".index", "must be the button's position")
	}
	return nil
}

// checkParameter checks that a parameter's value lies under its type's name.
func checkParameter(raw json.RawMessage, at string) *refusal {
	f, bad := readFields(raw, at, "type", "text", "currency", "dateTime", "image", "document", "video", "payload",
		"expiration_time", "coupon_code")
	if bad != nil {
		return bad
	}
	kind, bad := f.need(at, "type")
	if bad != nil {
		return bad
	}
	value := kind
	if kind == "date_time" {
		value = "dateTime" // the type and the field are written differently
	}
	if kind == "dateTime" || kind == "type" || f[value] == nil || len(f) != 2 {
		return invalid(at, "must hold exactly the value that its type names")
	}
	switch kind {
	case "text", "payload", "coupon_code", "date_time":
		_, bad = f.need(at, value)
	case "currency":
		bad = checkCurrency(f[value], under(at, value))
	case "image", "document", "video":
		bad = checkLink(under(at, value), "url", f[value])
	}
	return bad
}

// lookUp reports whether the content of a well-formed template message fits one of the approved templates.
func lookUp(raw json.RawMessage, approved []Template) bool {
	var content struct {
		HSM templateWire `json:"hsm"`
	}
	if json.Unmarshal(raw, &content) != nil {
		return false
	}
	t := content.HSM
	filled := len(t.Params)
	for _, c := range t.Components {
		if c.Type == "body" {
			filled += len(c.Parameters)
		}
	}
	return slices.ContainsFunc(approved, func(a Template) bool {
		return a.Namespace == t.Namespace && a.Name == t.Name && a.BodyParams == filled &&
			(a.Language == t.Language.Code || t.Language.Policy == "fallback")
	})
}
