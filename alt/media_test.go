package alt_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

// keeper remembers what it was given, in order.
type keeper struct{ got []channels.Content }

func (k *keeper) Handle(_ context.Context, t *alt.Turn) error {
	k.got = append(k.got, t.Content())
	return nil
}

func TestAFileIsFetchedBeforeItsTurnAndKeepsItsPlace(t *testing.T) {
	k := &keeper{}
	hs := alttest.New(t, k)
	fake, chat := hs.Fake("whatsapp"), hs.ChatAs("whatsapp", "p")
	file := []byte("\x89PNG\x0d\x0a\x1a\x0a a picture")
	picture := fake.Media("p", channels.Media{As: channels.Image, Caption: "see"}, file)
	hs.Serve(httpOf(fake.Post(picture, fake.Message("p", "and a text"))))
	hs.Settle()
	require.Len(t, k.got, 2)
	m := k.got[0].(channels.Media)
	require.Empty(t, m.Missing)
	require.Empty(t, m.Ref, "the provider's link is not kept")
	require.EqualValues(t, len(file), m.Size)
	require.Equal(t, "image/png", m.Type, "the provider did not say, the bytes do")
	require.Equal(t, channels.Text{Body: "and a text"}, k.got[1])
	r, err := hs.Store().OpenBlob(t.Context(), "agency", m.Blob)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, file, b)
	require.Equal(t, m, chat.Transcript()[0].Content)
	_, err = hs.Store().OpenBlob(t.Context(), "other", m.Blob)
	require.ErrorIs(t, err, alt.ErrNotFound)
}

func TestAFileThatCannotBeHadNeverLosesItsMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		media  channels.Media
		size   int
		max    int64
		reason string
	}{
		"over the service's limit": {channels.Media{As: channels.File}, 2001, 2000, "too_long"},
		"with another hash":        {channels.Media{As: channels.File, SHA256: "00"}, 10, 2000, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			k := &keeper{}
			hs := alttest.NewWith(t, alttest.Config{Handler: k, Change: func(c *alt.Config) { c.MaxMedia = tt.max }})
			tt.media.Caption = "please read"
			fake := hs.Fake("whatsapp")
			hs.Serve(httpOf(fake.Post(fake.Media("p", tt.media, bytes.Repeat([]byte("x"), tt.size)))))
			hs.Settle()
			require.Len(t, k.got, 1)
			m := k.got[0].(channels.Media)
			require.Equal(t, tt.reason, m.Missing)
			require.Equal(t, "please read", m.Caption)
			require.Empty(t, m.Blob)
		})
	}
}

func TestAFileThatIsNotThereIsAskedForAgainAndThenGivenUp(t *testing.T) {
	k := &keeper{}
	hs := alttest.New(t, k)
	chat := hs.Chat("whatsapp")
	chat.Sends(channels.Media{As: channels.Image, Ref: "https://provider.example/gone", Caption: "see"})
	hs.Advance(time.Hour)
	require.Len(t, k.got, 1)
	require.NotEmpty(t, k.got[0].(channels.Media).Missing)
}

func TestAStoredFileIsOpenedForTheDriver(t *testing.T) {
	hs := alttest.New(t, &keeper{})
	chat := hs.Chat("whatsapp")
	chat.Says("send me the form")
	info, err := hs.Store().PutBlob(t.Context(), "agency", bytes.NewReader([]byte("%PDF-1.7 form")), 1000)
	require.NoError(t, err)
	_, err = hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Author: channels.Person,
		Content: channels.Media{As: channels.File, Blob: info.ID, Name: "form.pdf", Type: "application/pdf", Size: info.Size}})
	require.NoError(t, err)
	hs.Settle()
	require.Equal(t, []byte("%PDF-1.7 form"), chat.Sent()[0].File)
}

func TestTheFileOfAWithdrawnMessageIsDeleted(t *testing.T) {
	hs := alttest.New(t, &keeper{})
	fake, chat := hs.Fake("messenger"), hs.ChatAs("messenger", "p")
	picture := fake.Media("p", channels.Media{As: channels.Image, Type: "image/png"}, []byte("\x89PNG private"))
	hs.Serve(httpOf(fake.Post(picture)))
	hs.Settle()
	blob := chat.Transcript()[0].Content.(channels.Media).Blob
	require.NotEmpty(t, blob)
	chat.Happens(fake.Withdraw(picture))
	require.Equal(t, channels.Unsupported{Type: channels.TypeWithdrawn}, chat.Transcript()[0].Content)
	_, err := hs.Store().OpenBlob(t.Context(), "agency", blob)
	require.ErrorIs(t, err, alt.ErrNotFound)
}
