package messagebirdtest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// BenchmarkSendOverLoopback measures a client and the simulator together, with an echo queued for each message and
// delivered every thousand.
func BenchmarkSendOverLoopback(b *testing.B) {
	s, err := messagebirdtest.New(messagebirdtest.Config{AccessKeys: []string{key}, SigningKey: secret, CountOnly: true,
		Channels: []messagebirdtest.Channel{{ID: sms, Platform: "sms"}},
		Webhooks: []messagebirdtest.Webhook{{URL: "https://service.test/"}},
		Client: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})}})
	require.NoError(b, err)
	url, err := s.Start()
	require.NoError(b, err)
	defer s.Close()
	for i := 0; b.Loop(); i++ {
		body := fmt.Sprintf(`{"from":%q,"to":"+3725550%04d","type":"text","content":{"text":"Tere!"},"trackId":"t-%d"}`, sms, i%1000, i)
		r, _ := http.NewRequest(http.MethodPost, url+"/v1/send", bytes.NewBufferString(body))
		r.Header.Set("Authorization", "AccessKey "+key)
		res, err := http.DefaultClient.Do(r)
		if err != nil || res.StatusCode != http.StatusAccepted {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if i%1000 == 0 {
			_, _ = s.Deliver(b.Context())
		}
	}
}

// BenchmarkSend measures the handler without the network, with 1,000 people and many earlier messages.
func BenchmarkSend(b *testing.B) {
	for _, countOnly := range []bool{false, true} {
		b.Run(fmt.Sprintf("count only %v", countOnly), func(b *testing.B) {
			s, err := messagebirdtest.New(messagebirdtest.Config{AccessKeys: []string{key}, SigningKey: secret, CountOnly: countOnly,
				Channels: []messagebirdtest.Channel{{ID: sms, Platform: "sms"}}})
			require.NoError(b, err)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				body := fmt.Sprintf(`{"from":%q,"to":"+3725550%04d","type":"text","content":{"text":"Tere!"},"trackId":"t-%d"}`, sms, i%1000, i)
				r := httptest.NewRequest(http.MethodPost, "/v1/send", bytes.NewBufferString(body))
				r.Header.Set("Authorization", "AccessKey "+key)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != http.StatusAccepted {
					b.Fatal(w.Code)
				}
			}
			require.Equal(b, b.N, s.Totals().Accepted)
		})
	}
}
