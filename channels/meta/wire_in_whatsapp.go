package meta

import "github.com/liidestuja/liidestuja/channels"

// changed is one change of a WhatsApp account, or of what else an app is
// subscribed to.
type changed struct {
	Field loose       `json:"field"`
	Value changeValue `json:"value"`
}

// changeValue holds the values of all fields that are read.
type changeValue struct {
	Metadata    waNumber              `json:"metadata"`
	Contacts    []waContact           `json:"contacts"`
	Messages    []element[waMessage]  `json:"messages"`
	Statuses    []element[waStatus]   `json:"statuses"`
	Errors      []waFault             `json:"errors"`
	Echoes      []element[waMessage]  `json:"message_echoes"`
	Preferences []element[preference] `json:"user_preferences"`
	UserIDs     []element[userID]     `json:"user_id_update"`

	accountValue
}

// waNumber is the number that a change is about.
type waNumber struct {
	Shown loose `json:"display_phone_number"`
	ID    loose `json:"phone_number_id"`
}

// accountValue holds what changed about an account, a number or a template.
type accountValue struct {
	Event        loose             `json:"event"`
	Reason       loose             `json:"reason"`
	Decision     loose             `json:"decision"`
	Rejection    loose             `json:"rejection_reason"`
	Template     loose             `json:"message_template_name"`
	Language     loose             `json:"message_template_language"`
	Category     loose             `json:"new_category"`
	Quality      loose             `json:"new_quality_score"`
	Limit        loose             `json:"current_limit"`
	Alert        loose             `json:"alert_type"`
	Severity     loose             `json:"alert_severity"`
	Violation    violation         `json:"violation_info"`
	Ban          ban               `json:"ban_info"`
	Restrictions []restrictionInfo `json:"restriction_info"`
}

type violation struct {
	Type loose `json:"violation_type"`
}

type ban struct {
	State loose `json:"waba_ban_state"`
}

type restrictionInfo struct {
	Type loose `json:"restriction_type"`
}

// waContact is a person, by number, by business-scoped id, or by both.
type waContact struct {
	WhatsApp loose     `json:"wa_id"`
	User     loose     `json:"user_id"`
	Profile  waProfile `json:"profile"`
}

type waProfile struct {
	Name     loose `json:"name"`
	Username loose `json:"username"`
}

// waMessage is a message of a person, or, among the echoes, to one.
type waMessage struct {
	ID        loose     `json:"id"`
	From      loose     `json:"from"`
	FromUser  loose     `json:"from_user_id"`
	To        loose     `json:"to"`
	ToUser    loose     `json:"to_user_id"`
	Group     loose     `json:"group_id"`
	Timestamp moment    `json:"timestamp"`
	Type      loose     `json:"type"`
	Context   waContext `json:"context"`
	Referral  *waAd     `json:"referral"`

	Text        *waText        `json:"text"`
	Image       *waMedia       `json:"image"`
	Video       *waMedia       `json:"video"`
	Audio       *waMedia       `json:"audio"`
	Voice       *waMedia       `json:"voice"`
	Document    *waMedia       `json:"document"`
	Sticker     *waMedia       `json:"sticker"`
	Location    *waPlace       `json:"location"`
	Cards       []waCard       `json:"contacts"`
	Interactive *waInteractive `json:"interactive"`
	Button      *waButton      `json:"button"`
	Reaction    *waReaction    `json:"reaction"`
	Order       *waOrder       `json:"order"`
	System      *waSystem      `json:"system"`
	Edit        *waEdit        `json:"edit"`
	Revoke      *waRevoke      `json:"revoke"`
	Unsupported waUnsupported  `json:"unsupported"`
}

type waContext struct {
	ID loose `json:"id"`
}

type waAd struct {
	ID     loose `json:"source_id"`
	Source loose `json:"source_type"`
}

type waText struct {
	Body loose `json:"body"`
}

type waMedia struct {
	ID      loose `json:"id"`
	Type    loose `json:"mime_type"`
	SHA256  loose `json:"sha256"`
	Caption loose `json:"caption"`
	Name    loose `json:"filename"`
}

type waPlace struct {
	Latitude  loose `json:"latitude"`
	Longitude loose `json:"longitude"`
	Name      loose `json:"name"`
	Address   loose `json:"address"`
}

type waCard struct {
	Name   waCardName `json:"name"`
	Org    waOrg      `json:"org"`
	Phones []waPhone  `json:"phones"`
	Emails []waEmail  `json:"emails"`
}

type waCardName struct {
	Formatted loose `json:"formatted_name"`
	First     loose `json:"first_name"`
	Last      loose `json:"last_name"`
}

type waOrg struct {
	Company loose `json:"company"`
}

type waPhone struct {
	Phone    loose `json:"phone"`
	WhatsApp loose `json:"wa_id"`
}

type waEmail struct {
	Email loose `json:"email"`
}

type waInteractive struct {
	Type   loose    `json:"type"`
	Button *waReply `json:"button_reply"`
	List   *waReply `json:"list_reply"`
	Form   *waForm  `json:"nfm_reply"`
}

type waReply struct {
	ID    loose `json:"id"`
	Title loose `json:"title"`
}

type waForm struct {
	Body     loose `json:"body"`
	Response loose `json:"response_json"` // a string that should hold JSON
}

type waButton struct {
	Text    loose `json:"text"`
	Payload loose `json:"payload"`
}

type waReaction struct {
	To    loose `json:"message_id"`
	Emoji loose `json:"emoji"` // empty or absent: taken back
}

type waOrder struct {
	Text  loose    `json:"text"`
	Items []waItem `json:"product_items"`
}

type waItem struct {
	Product  loose `json:"product_retailer_id"`
	Quantity loose `json:"quantity"`
}

type waSystem struct {
	Type   loose `json:"type"`
	New    loose `json:"wa_id"`
	NewOld loose `json:"new_wa_id"` // an older name of New
	User   loose `json:"user_id"`
}

type waEdit struct {
	ID      loose      `json:"original_message_id"`
	Message *waMessage `json:"message"`
}

type waRevoke struct {
	ID loose `json:"original_message_id"`
}

type waUnsupported struct {
	Type loose `json:"type"`
}

type waStatus struct {
	ID        loose     `json:"id"`
	Status    loose     `json:"status"`
	Timestamp moment    `json:"timestamp"`
	To        loose     `json:"recipient_id"`
	ToUser    loose     `json:"recipient_user_id"`
	Ref       loose     `json:"biz_opaque_callback_data"`
	Errors    []waFault `json:"errors"`
	Pricing   waPricing `json:"pricing"`
}

// waPricing is what a message costs, in Meta's own terms. Category is there
// whenever the rest is.
type waPricing struct {
	Billable bool  `json:"billable"`
	Model    loose `json:"pricing_model"`
	Type     loose `json:"type"`
	Category loose `json:"category"`
}

// charge returns the price in the contract's form; nil when Meta told none.
func (p waPricing) charge() *channels.Charge {
	if p.Category == "" {
		return nil
	}
	return &channels.Charge{Billable: p.Billable, Model: string(p.Model), Type: string(p.Type), Category: string(p.Category)}
}

// waFault is why a message failed.
type waFault struct {
	Code loose `json:"code"`
}

// preference is what a person wants of marketing messages.
type preference struct {
	WhatsApp  loose  `json:"wa_id"`
	User      loose  `json:"user_id"`
	Value     loose  `json:"value"`
	Timestamp moment `json:"timestamp"`
}

// userID is a person's new business-scoped id.
type userID struct {
	ID        replaced `json:"user_id"`
	Timestamp moment   `json:"timestamp"`
}

type replaced struct {
	Old loose `json:"previous"`
	New loose `json:"current"`
}
