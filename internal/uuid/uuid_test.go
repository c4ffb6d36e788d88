package uuid_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/uuid"
)

func TestNewIsVersion7AndSortsByTime(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	at := time.UnixMilli(1_700_000_000_000)
	seen := map[string]bool{}
	last := ""
	for i := range 1000 {
		id := uuid.New(at.Add(time.Duration(i) * time.Millisecond))
		require.Regexp(t, form, id)
		require.False(t, seen[id])
		require.Greater(t, id, last)
		seen[id], last = true, id
	}
	require.Equal(t, "018bcfe5-6800", uuid.New(at)[:13])
}
