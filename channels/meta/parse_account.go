package meta

import (
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// account reads a change of a WhatsApp Business Account, of one of its numbers
// or of a template. It goes to the first line of the account.
func (b *batch) account(o origin, business string, c *changed) {
	for _, l := range b.app.lines {
		if l.info.Kind == channels.WhatsApp && l.conf.Business == business && business != "" {
			o.line = l
			break
		}
	}
	v := &c.Value
	if o.line == nil && v.Metadata.ID != "" { // about a number after all
		var ok bool
		if o.line, ok = b.route(o, v.Metadata.ID, channels.WhatsApp); !ok {
			return
		}
	}
	if o.line == nil {
		if !b.app.removed(business) {
			o.malformed(reasonAccount)
		}
		return
	}
	template := string(v.Template)
	if v.Language != "" {
		template += "/" + string(v.Language)
	}
	var e channels.LineChanged
	switch c.Field {
	case "message_template_status_update":
		e = channels.LineChanged{Subject: "template", Name: template, State: v.Event.Word(), Reason: string(v.Reason)}
	case "message_template_quality_update":
		e = channels.LineChanged{Subject: "template_quality", Name: template, State: v.Quality.Word()}
	case "template_category_update":
		e = channels.LineChanged{Subject: "template_category", Name: template, State: v.Category.Word()}
	case "message_template_components_update":
		e = channels.LineChanged{Subject: "template_content", Name: template, State: "changed"}
	case "account_update":
		e = channels.LineChanged{Subject: "account", State: v.Event.Word(), Reason: v.accountReason()}
	case "account_review_update":
		e = channels.LineChanged{Subject: "account_review", State: v.Decision.Word(), Reason: string(v.Rejection)}
	case "account_alerts":
		e = channels.LineChanged{Subject: "account_alert", State: v.Alert.Word(), Reason: string(v.Severity)}
	case "business_capability_update":
		e = channels.LineChanged{Subject: "capability", State: "changed"}
	case "phone_number_quality_update":
		e = channels.LineChanged{Subject: "number_quality", State: v.Event.Word(), Reason: string(v.Limit)}
	case "phone_number_name_update":
		e = channels.LineChanged{Subject: "number_name", State: v.Decision.Word(), Reason: string(v.Rejection)}
	case "security":
		e = channels.LineChanged{Subject: "security", State: v.Event.Word()}
	default:
		o.malformed(reasonField)
		return
	}
	o.change(e, "")
}

// accountReason is why an account changed.
func (v *accountValue) accountReason() string {
	var all []string
	for _, r := range v.Restrictions {
		all = append(all, string(r.Type))
	}
	all = append(all, string(v.Violation.Type), string(v.Ban.State))
	return strings.ReplaceAll(lines(all...), "\n", ", ")
}

// lineChanged tells the operator of the line, or of a person on it.
func (o origin) lineChanged(peer channels.Peer, subject, state, reason string) {
	o.change(channels.LineChanged{Subject: subject, State: state, Reason: reason}, peer)
}

// longestReason is the longest explanation that is kept, in bytes.
const longestReason = 200

// change completes e. Its key has the time, because states come again.
func (o origin) change(e channels.LineChanged, peer channels.Peer) {
	if e.State == "" {
		e.State = "unknown"
	}
	if strings.EqualFold(e.Reason, "none") {
		e.Reason = ""
	}
	if len(e.Reason) > longestReason {
		e.Reason = strings.ToValidUTF8(e.Reason[:longestReason], "")
	}
	e.EventMeta = o.meta(peer, hidden("line", o.time.UTC().String(), string(o.raw)))
	o.add(&e)
}
