package meta_test

import (
	"strings"
	"testing"
)

// typicalPage and typicalWhatsApp are messages with all that Meta sends along.
const (
	typicalPage = `{"object":"page","entry":[{"time":1732276800310,"id":"682498302938465","messaging":[{"sender":{"id":"1254477777772919"},"recipient":{"id":"682498302938465"},"timestamp":1732276800001,"message":{"mid":"m_7z8q2uHH3yZ0bq3s5oFvC0Q9bXhGZ2c9W1oQm3n0pJ5s1Yk2xw8r4t6u","text":"Tere! Soovin infot oma avalduse kohta \u2013 kas see on vastu v\u00f5etud?"}}]}]}`

	typicalWhatsApp = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"3726000000","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Mari Mets"},"wa_id":"37255500001","user_id":"EE.13491208655302741918"}],"messages":[{"from":"37255500001","from_user_id":"EE.13491208655302741918","id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=","timestamp":"1732276800","text":{"body":"Tere! Soovin infot oma avalduse kohta \u2013 kas see on vastu v\u00f5etud?"},"type":"text"}]},"field":"messages"}]}]}`

	typicalStatus = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"3726000000","phone_number_id":"106540352242922"},"statuses":[{"id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI1","status":"delivered","timestamp":"1732276800","recipient_id":"37255500001","pricing":{"billable":true,"pricing_model":"PMP","category":"service"}}]},"field":"messages"}]}]}`
)

// BenchmarkVerify is for a body as Meta sends it and for one that was unescaped
// on its way.
func BenchmarkVerify(b *testing.B) {
	app := receiver(b)
	unescaped := strings.NewReplacer(`\u2013`, "–", `\u00f5`, "õ").Replace(typicalWhatsApp)
	for name, r := range map[string]struct{ body, over string }{"raw": {typicalWhatsApp, typicalWhatsApp}, "escaped": {unescaped, typicalWhatsApp}} {
		b.Run(name, func(b *testing.B) {
			r := signedAs(r.body, r.over, appSecret)
			b.ReportAllocs()
			for b.Loop() {
				if err := app.Verify(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	app := receiver(b)
	for name, body := range map[string]string{"page": typicalPage, "whatsapp": typicalWhatsApp, "status": typicalStatus} {
		b.Run(name, func(b *testing.B) {
			r := hooked(body)
			b.ReportAllocs()
			for b.Loop() {
				events, err := app.Parse(b.Context(), r)
				if err != nil || len(events) != 1 {
					b.Fatal(err, len(events))
				}
			}
		})
	}
}
