package smartid

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// InteractionType is a kind of screen in the person's app.
type InteractionType string

// Kinds of screens. The text on them has at most 60 characters where nothing
// else is said.
const (
	// DisplayTextAndPIN shows a text beside the field for the PIN.
	DisplayTextAndPIN InteractionType = "displayTextAndPIN"
	// ConfirmationMessage shows a text of up to 200 characters and asks for a
	// confirmation before the PIN.
	ConfirmationMessage InteractionType = "confirmationMessage"
	// VerificationCodeChoice lets the person choose the control code out of three.
	// API v2 only.
	VerificationCodeChoice InteractionType = "verificationCodeChoice"
	// ConfirmationMessageAndVerificationCodeChoice does both, with up to 200
	// characters. Only where a notification reaches the app.
	ConfirmationMessageAndVerificationCodeChoice InteractionType = "confirmationMessageAndVerificationCodeChoice"
)

// interaction is one element of what is offered, in the form of the wire.
type interaction struct {
	Type    InteractionType `json:"type"`
	Text60  string          `json:"displayText60,omitempty"`
	Text200 string          `json:"displayText200,omitempty"`
}

// longest returns how long the text may be, 0 for an unknown type.
func (t InteractionType) longest() int {
	switch t {
	case DisplayTextAndPIN, VerificationCodeChoice:
		return 60
	case ConfirmationMessage, ConfirmationMessageAndVerificationCodeChoice:
		return 200
	}
	return 0
}

// interactionsOf puts the same text on all screens, in their order of
// preference. A text that is too long for one of them is refused.
func interactionsOf(types []InteractionType, text string) ([]interaction, error) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, fmt.Errorf("%w: Text: not printable", eid.ErrRequest)
	}
	offer := make([]interaction, len(types))
	for i, t := range types {
		// The app counts as Java does.
		if n := len(utf16.Encode([]rune(text))); n == 0 || n > t.longest() {
			return nil, fmt.Errorf("%w: Text: not 1-%d characters", eid.ErrRequest, t.longest())
		}
		offer[i].Type = t
		if t.longest() == 60 {
			offer[i].Text60 = text
		} else {
			offer[i].Text200 = text
		}
	}
	return offer, nil
}

// encodeInteractions returns what API v3 wants: base64 of minified JSON. It is
// part of what is signed, so it is kept as it was sent and never written again.
func encodeInteractions(offer []interaction) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(offer) // strings cannot fail
	return base64.StdEncoding.EncodeToString(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// interactionOffered reports whether used is among the encoded interactions.
func interactionOffered(encoded string, used InteractionType) bool {
	raw, err := httpx.DecodeBase64(encoded)
	if err != nil {
		return false
	}
	var offer []interaction
	if httpx.DecodeJSON(raw, &offer, httpx.JSONLimits{}) != nil {
		return false
	}
	return slices.ContainsFunc(offer, func(i interaction) bool { return i.Type == used && used != "" })
}

// checkInteractions returns types, or def when there are none. The error names
// the rule that they break.
func checkInteractions(types, def, allowed []InteractionType) ([]InteractionType, error) {
	if len(types) == 0 {
		return def, nil
	}
	for i, t := range types {
		if !slices.Contains(allowed, t) {
			return nil, fmt.Errorf("Config.Interactions: number %d is not possible in this flow", i+1)
		}
		if slices.Contains(types[:i], t) {
			return nil, fmt.Errorf("Config.Interactions: number %d is there twice", i+1)
		}
	}
	return slices.Clone(types), nil
}

// generalText is what the screens show when the request has no text of its own.
func generalText(language string) string {
	switch language {
	case "en":
		return "Confirm who you are"
	case "ru":
		return "Подтвердите свою личность"
	}
	return "Kinnitage oma isik"
}

// wireLanguage returns the code of three letters that device links have.
func wireLanguage(language string) (string, error) {
	switch language {
	case "", "et":
		return "est", nil
	case "en":
		return "eng", nil
	case "ru":
		return "rus", nil
	}
	return "", fmt.Errorf("%w: Language", eid.ErrRequest)
}
