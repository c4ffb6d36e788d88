package messagebird_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// typical is a person's message with all that MessageBird sends along.
const typical = `{"type":"message.created",
"contact":{"id":"9354647c5b144a2b4c99f2n42497249","href":"https://contacts.messagebird.example/9354647c5b144a2b4c99f2n42497249","msisdn":37255500001,"displayName":"37255500001","firstName":"","lastName":"","customDetails":{},"attributes":{},"createdDatetime":"2026-11-22T10:00:00Z","updatedDatetime":"2026-11-22T10:00:00Z"},
"conversation":{"id":"2e15efafec384e1c82e9842075e87beb","contactId":"9354647c5b144a2b4c99f2n42497249","status":"active","createdDatetime":"2026-11-22T10:00:00Z","updatedDatetime":"2026-11-22T11:59:00Z","lastReceivedDatetime":"2026-11-22T11:59:00Z"},
"message":{"id":"b07f6d5f0a7e4f0a9b0d3d1f8d5a7c11","conversationId":"2e15efafec384e1c82e9842075e87beb","platform":"whatsapp","to":"+31687654321","from":"+37255500001","channelId":"09c3a21d853b4bdbaa1a605ead17c981","type":"text","content":{"text":"Tere! Soovin infot oma avalduse kohta."},"direction":"received","status":"received","createdDatetime":"2026-11-22T11:59:00Z","updatedDatetime":"2026-11-22T11:59:00Z"}}`

func BenchmarkVerify(b *testing.B) {
	p, r := receiver(b), signed(b, typical)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, p.Verify(b.Context(), r))
	}
}

func BenchmarkParse(b *testing.B) {
	p, r := receiver(b), signed(b, typical)
	b.ReportAllocs()
	for b.Loop() {
		events, err := p.Parse(b.Context(), r)
		if err != nil || len(events) != 1 {
			b.Fatal(err, len(events))
		}
	}
}
