package meta

import (
	"context"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// SetWebhook tells Meta, once for the app and each product, where the webhooks
// of all its accounts go and which events they name; Subscribe chooses among
// them, except for WhatsApp, whose accounts get all of these. Among them are
// echoes of what is written with the WhatsApp Business app, which a number may go
// on having; its old conversations and its contacts are not asked for. Meta makes
// the handshake while it is asked, so the service must be answering at callback,
// an https address, and know the word (Config.VerifyToken). It may be repeated.
func (c *Connector) SetWebhook(ctx context.Context, kind channels.Kind, callback string, word Secret) error {
	const op = "set webhook"
	object, fields := hook(kind)
	switch {
	case object == "":
		return unfit(op, "the kind must be messenger, instagram or whatsapp")
	case !c.cfg.webAddress(callback) || strings.Contains(callback, "#"):
		return unfit(op, "the callback is not an https address without a fragment")
	case word == "":
		return unfit(op, "the verify token is empty")
	}
	body := &struct {
		proved
		Object   string `json:"object"`
		Callback string `json:"callback_url"`
		Word     string `json:"verify_token"`
		Fields   string `json:"fields"`
		Values   bool   `json:"include_values"`
	}{Object: object, Callback: callback, Word: string(word), Fields: strings.Join(fields, ","), Values: true}
	path := "/" + c.cfg.AppID + "/subscriptions"
	return c.guest(c.appToken()).succeed(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: path, JSON: body})
}

// hook is the object that a product's webhooks are about, and the kinds of
// events that the app asks for.
func hook(kind channels.Kind) (object string, fields []string) {
	switch kind {
	case channels.Messenger:
		return "page", Account{Kind: kind}.fields()
	case channels.Instagram:
		return "instagram", Account{Kind: kind, InstagramLogin: true}.fields()
	case channels.WhatsApp:
		return "whatsapp_business_account", []string{
			"messages", "message_template_status_update", "message_template_quality_update",
			"message_template_components_update", "template_category_update", "account_update", "account_review_update",
			"account_alerts", "business_capability_update", "phone_number_quality_update", "phone_number_name_update",
			"security", "user_preferences", "user_id_update",
			"smb_message_echoes", // of a number that its owner goes on using in the WhatsApp Business app
		}
	}
	return "", nil
}
