package bird_test

import (
	"context"
	"testing"
)

func BenchmarkVerifyAndParse(b *testing.B) {
	p := receiver(b)
	r := signed(event(b, "whatsapp.inbound", nil))
	b.SetBytes(int64(len(r.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Verify(context.Background(), r); err != nil {
			b.Fatal(err)
		}
		if events, err := p.Parse(context.Background(), r); err != nil || len(events) != 1 {
			b.Fatal("not parsed")
		}
	}
}
