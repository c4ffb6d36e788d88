package meta

// Template is a text of a WhatsApp Business Account that Meta approves, in one
// language. Its fields are those of the Graph API.
type Template struct {
	ID       string        `json:"id,omitempty"` // given by Meta
	Name     string        `json:"name,omitempty"`
	Language string        `json:"language,omitempty"` // "et", "en_US"
	Category string        `json:"category,omitempty"` // "UTILITY", "AUTHENTICATION" or "MARKETING"; Meta may change it
	State    TemplateState `json:"status,omitempty"`   // given by Meta
	Reason   string        `json:"rejected_reason,omitempty"`
	// Variables is "NAMED" for {{name}} and "POSITIONAL", the default, for {{1}}.
	Variables  string              `json:"parameter_format,omitempty"`
	Components []TemplateComponent `json:"components,omitempty"`
}

// TemplateState is how far a template is with Meta.
type TemplateState string

// States of templates; Meta has more, all of which stop it from being sent.
const (
	TemplateApproved TemplateState = "APPROVED"
	TemplateFlagged  TemplateState = "FLAGGED" // of low quality, and still sent
	TemplatePending  TemplateState = "PENDING"
	TemplateRejected TemplateState = "REJECTED"
	TemplatePaused   TemplateState = "PAUSED"
	TemplateDisabled TemplateState = "DISABLED"
)

// sent reports whether Meta sends a template in this state.
func (s TemplateState) sent() bool { return s == TemplateApproved || s == TemplateFlagged }

// TemplateComponent is one part of a template: its header, body, footer or
// buttons.
type TemplateComponent struct {
	Type    string           `json:"type"`             // "HEADER", "BODY", "FOOTER" or "BUTTONS"
	Format  string           `json:"format,omitempty"` // of a header: "TEXT", "IMAGE", "VIDEO", "DOCUMENT" or "LOCATION"
	Text    string           `json:"text,omitempty"`
	Example *TemplateExample `json:"example,omitempty"` // required where there are variables
	Buttons []ButtonModel    `json:"buttons,omitempty"`
	// Of templates with a one-time code: a warning not to share it, and how long
	// it is valid.
	SecurityAdvice bool `json:"add_security_recommendation,omitempty"`
	CodeMinutes    int  `json:"code_expiration_minutes,omitempty"`
}

// TemplateExample shows Meta's reviewers what the variables hold.
type TemplateExample struct {
	Header       []string       `json:"header_text,omitempty"`
	HeaderHandle []string       `json:"header_handle,omitempty"` // of an uploaded file
	Body         [][]string     `json:"body_text,omitempty"`
	HeaderNamed  []NamedExample `json:"header_text_named_params,omitempty"`
	BodyNamed    []NamedExample `json:"body_text_named_params,omitempty"`
}

// NamedExample is the example of one named variable.
type NamedExample struct {
	Name    string `json:"param_name"`
	Example string `json:"example"`
}

// ButtonModel is a button of a template.
type ButtonModel struct {
	Type    string   `json:"type"` // "QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE" or "OTP"
	Text    string   `json:"text,omitempty"`
	URL     string   `json:"url,omitempty"` // may end in {{1}}
	Phone   string   `json:"phone_number,omitempty"`
	OTP     string   `json:"otp_type,omitempty"` // "COPY_CODE", "ONE_TAP" or "ZERO_TAP"
	Example []string `json:"example,omitempty"`
}

// part returns the component of a type; the zero one when there is none.
func (t Template) part(typ string) TemplateComponent {
	for _, c := range t.Components {
		if c.Type == typ {
			return c
		}
	}
	return TemplateComponent{}
}
