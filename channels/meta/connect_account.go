package meta

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/liidestuja/liidestuja/channels"
)

// Secret is a value of which knowing is having: an access token, the code of a
// login, the PIN of a number. It prints as "[secret]"; string(s) gives the value.
type Secret string

// Format prints a fixed text, whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[secret]") }

// LogValue returns the same fixed text for slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalJSON writes the same fixed text: no secret belongs into an answer to a
// browser, and what is stored is sealed first.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// Account is an account that is being connected or taken away.
type Account struct {
	// Kind is Messenger, Instagram or WhatsApp.
	Kind channels.Kind
	// ID is Line.Account: of the page, the Instagram account or the phone number.
	ID string
	// Page is the page that an Instagram account is linked with. Required for
	// Instagram without InstagramLogin: its webhooks come by way of the page.
	Page string
	// Business is the WhatsApp Business Account of the number. Required for
	// WhatsApp: its webhooks are those of all numbers of it.
	Business string
	// Token is the access token: of the page for Messenger and Instagram.
	Token Secret
	// InstagramLogin is as Line.InstagramLogin.
	InstagramLogin bool
}

// ownLogin is an Instagram account that no page speaks for.
func (a Account) ownLogin() bool { return a.Kind == channels.Instagram && a.InstagramLogin }

// subscriber is the node that the app is subscribed to for the account; an error
// names the field that is missing.
func (a Account) subscriber() (id string, err error) {
	switch {
	case (a.Kind == channels.Messenger || a.ownLogin()) && number(a.ID):
		return a.ID, nil
	case a.Kind == channels.Messenger, a.ownLogin():
		return "", errors.New("Account.ID is required and a number")
	case a.Kind == channels.Instagram && number(a.Page):
		return a.Page, nil
	case a.Kind == channels.Instagram:
		return "", errors.New("Account.Page is required and a number")
	case a.Kind == channels.WhatsApp && number(a.Business):
		return a.Business, nil
	case a.Kind == channels.WhatsApp:
		return "", errors.New("Account.Business is required and a number")
	}
	return "", errors.New("Account.Kind must be messenger, instagram or whatsapp")
}

// fields are the kinds of events that a subscription must name; none for
// WhatsApp, where the app's own settings choose them.
func (a Account) fields() []string {
	switch {
	case a.Kind == channels.WhatsApp:
		return nil
	case a.ownLogin():
		return []string{
			"messages", "messaging_postbacks", "messaging_optins", "messaging_seen", "messaging_referral",
			"message_reactions", "messaging_handover", "standby",
		}
	}
	return []string{
		"messages", "messaging_postbacks", "messaging_optins", "message_deliveries", "message_reads", "message_edits",
		"message_reactions", "message_echoes", "messaging_referrals", "messaging_handovers", "standby",
		"messaging_policy_enforcement",
	}
}

// scopes are the permissions without which the account cannot be served.
func (a Account) scopes() []string {
	switch {
	case a.Kind == channels.WhatsApp:
		return []string{"whatsapp_business_management", "whatsapp_business_messaging"}
	case a.ownLogin():
		return []string{"instagram_business_basic", "instagram_business_manage_messages"}
	case a.Kind == channels.Instagram:
		return []string{"instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_show_list"}
	}
	return []string{"pages_manage_metadata", "pages_messaging", "pages_show_list"}
}
