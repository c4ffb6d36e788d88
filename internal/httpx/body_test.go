package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestReadBody(t *testing.T) {
	for name, tc := range map[string]struct {
		size, limit int
		length      int64 // announced
		tooLarge    bool
	}{
		"below the limit":                      {99, 100, 99, false},
		"at the limit":                         {100, 100, 100, false},
		"one byte over":                        {101, 100, 101, true},
		"over without an announced length":     {101, 100, -1, true},
		"at the limit without announcement":    {100, 100, -1, false},
		"larger than the room that we prepare": {200 << 10, 1 << 20, 200 << 10, false},
		"empty":                                {0, 100, 0, false},
		"with an absurd announcement":          {10, 1 << 30, 1 << 62, false},
	} {
		t.Run(name, func(t *testing.T) {
			sent := strings.Repeat("x", tc.size)
			r := httptest.NewRequest("POST", "/", io.NopCloser(strings.NewReader(sent)))
			r.ContentLength = tc.length
			body, err := httpx.ReadBody(httptest.NewRecorder(), r, int64(tc.limit))
			if tc.tooLarge {
				require.Equal(t, httpx.ErrTooLarge, err)
				require.Nil(t, body)
				return
			}
			require.NoError(t, err)
			require.Equal(t, sent, string(body))
		})
	}
	t.Run("broken", func(t *testing.T) {
		cause := errors.New("read tcp 192.0.2.1:5: " + canary)
		r := httptest.NewRequest("POST", "/", iotest.ErrReader(cause))
		_, err := httpx.ReadBody(httptest.NewRecorder(), r, 100)
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, httpx.ErrTooLarge)
		require.NotContains(t, err.Error(), canary)
	})
	t.Run("over a real connection, which is then closed", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := httpx.ReadBody(w, r, 10); errors.Is(err, httpx.ErrTooLarge) {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			}
		}))
		defer srv.Close()
		res, err := srv.Client().Post(srv.URL, "text/plain", strings.NewReader("12345678901"))
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
		require.True(t, res.Close)
	})
}
