package storetest

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// record accepts a text and makes it a message of the open conversation.
func (w *world) record(a channels.Address, id, said string) channels.MessageID {
	w.Helper()
	w.accept(received(a, id, said))
	it := w.one(alt.Inbox)
	w.commit(it, alt.Changes{Record: true})
	return channels.MessageID(fmt.Sprint("in-", it.ID))
}

// pictured records a message with a file, or makes a letter of it.
func (w *world) pictured(a channels.Address, key string, record bool) channels.BlobID {
	w.Helper()
	info := w.blob(a.Agency, "the file "+key)
	p := photo(a, key)
	p.Content = channels.Media{As: channels.Image, Blob: info.ID}
	w.accept(p)
	if it := w.one(alt.Inbox); record {
		w.commit(it, alt.Changes{Record: true})
	} else {
		w.release(it, time.Time{}, channels.ErrRejected)
	}
	return info.ID
}

func (w *world) redact(rs ...alt.Redaction) {
	w.Helper()
	w.commit(alt.Item{}, alt.Changes{Redactions: rs})
}

// found counts the conversations in which a text can be found.
func (w *world) found(said string) int {
	w.Helper()
	page, _, err := w.st.Conversations(w.Context(), alt.ConversationQuery{Agency: ppa, Text: said})
	require.NoError(w, err)
	return len(page)
}

func withdrawing() []check {
	withdrawn := channels.Unsupported{Type: channels.TypeWithdrawn}
	return []check{
		{"a withdrawn message leaves nothing of its content", func(w *world) {
			w.opens(at(mari))
			id := w.record(at(mari), "p1", "a secret that was unsent")
			other := w.record(at(mari), "p2", "something else")
			require.Equal(w, 1, w.found("was unsent"))
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", At: w.now()})
			m := w.message(id)
			require.Equal(w, withdrawn, m.Content)
			require.True(w, m.Edited)
			require.Zero(w, w.found("was unsent"))
			require.NotContains(w, w.snapshot(), "was unsent")
			require.Equal(w, "something else", textOf(w.message(other).Content))
			require.False(w, w.message(other).Edited)
		}},
		{"an edited message has its new content only", func(w *world) {
			w.opens(at(mari))
			id := w.record(at(mari), "p1", "first version")
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", With: channels.Text{Body: "second version"}, At: w.now()})
			m := w.message(id)
			require.Equal(w, channels.Text{Body: "second version"}, m.Content)
			require.True(w, m.Edited)
			require.Zero(w, w.found("first version"))
			require.Equal(w, 1, w.found("second version"))
		}},
		{"an outgoing message can be withdrawn", func(w *world) {
			w.opens(at(mari))
			w.send(reply(at(mari), "1", "a mistake"), "p1")
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", At: w.now()})
			require.Equal(w, withdrawn, w.message("1").Content)
			w.status("1", channels.Sent)
			w.queue(reply(at(mari), "1", "a mistake")) // it is still the same message
			w.none(alt.Outbox)
		}},
		{"a withdrawal reaches letters", func(w *world) {
			w.accept(received(at(mari), "p1", "a secret in a letter"))
			w.release(w.one(alt.Inbox), time.Time{}, channels.ErrMalformed)
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", At: w.now()})
			l := w.letter()
			require.Equal(w, withdrawn, l.Event.(*channels.Received).Content)
			w.settle(l.ID, alt.Retry)
			require.Equal(w, withdrawn, w.one(alt.Inbox).Event.(*channels.Received).Content)
			w.noTrace("a secret in a letter")
		}},
		{"a withdrawal reaches nobody else's message", func(w *world) {
			w.opens(at(mari))
			w.record(at(mari), "p1", "hers")
			line, agency := at(mari), at(mari)
			line.Channel, agency.Agency = sms, rik
			w.redact(
				alt.Redaction{Address: line, ID: "p1", At: w.now()},
				alt.Redaction{Address: agency, ID: "p1", At: w.now()},
				alt.Redaction{Address: at(jaan), ID: "p1", At: w.now()},
				alt.Redaction{Address: at(mari), ID: "p-none", At: w.now()})
			require.Equal(w, 1, w.found("hers"))
		}},
		{"what was withdrawn is not found in the files", func(w *world) {
			w.opens(at(mari))
			w.record(at(mari), "p1", "needle-in-a-text-that-was-unsent")
			w.record(at(mari), "p2", "needle-in-a-text-that-was-edited")
			w.send(reply(at(mari), "1", "needle-in-a-text-that-was-sent"), "p3")
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", At: w.now()}, alt.Redaction{Address: at(mari), ID: "p3", At: w.now()})
			w.redact(alt.Redaction{Address: at(mari), ID: "p2", With: channels.Text{Body: "new"}, At: w.now()})
			w.noTrace("needle-in-a-text")
			w.restart()
			w.noTrace("needle-in-a-text")
		}},
		{"a file goes with the message that was withdrawn or edited, and no other", func(w *world) {
			w.opens(at(mari))
			var blobs []channels.BlobID
			for _, key := range []string{"withdrawn", "edited", "letter", "kept", "caption"} {
				blobs = append(blobs, w.pictured(at(mari), key, key != "letter"))
			}
			sent := w.blob(ppa, "a form")
			form := reply(at(mari), "1", "")
			form.Content = channels.Media{As: channels.File, Blob: sent.ID}
			w.send(form, "form")
			w.unchanged(func() {
				w.refused(alt.ErrConflict, alt.Item{}, alt.Changes{Contact: &alt.Contact{Address: at(mari), Version: 7},
					Redactions: []alt.Redaction{{Address: at(mari), ID: "kept", At: w.now()}}})
			})
			w.opens(at(jaan)) // the next conversation changes nothing
			w.redact(alt.Redaction{Address: at(mari), ID: "withdrawn", At: w.now()},
				alt.Redaction{Address: at(mari), ID: "edited", With: channels.Text{Body: "a text"}, At: w.now()},
				alt.Redaction{Address: at(mari), ID: "letter", At: w.now()},
				alt.Redaction{Address: at(mari), ID: "caption", With: channels.Media{As: channels.Image, Blob: blobs[4], Caption: "new"}, At: w.now()},
				alt.Redaction{Address: at(mari), ID: "form", At: w.now()})
			w.restart()
			for i, id := range blobs {
				_, err := w.readBlob(ppa, id)
				if i < 3 {
					require.ErrorIs(w, err, alt.ErrNotFound)
				} else {
					require.NoError(w, err)
				}
			}
			_, err := w.readBlob(ppa, sent.ID)
			require.NoError(w, err, "what we sent may be another message's too")
		}},
		{"an edit that names a file without its bytes keeps the file", func(w *world) {
			w.opens(at(mari))
			id := w.pictured(at(mari), "p", true)
			w.redact(alt.Redaction{Address: at(mari), ID: "p", With: channels.Media{As: channels.Image, Ref: "provider's", Caption: "new"}, At: w.now()})
			w.restart()
			_, err := w.readBlob(ppa, id)
			require.NoError(w, err)
			page, _, err := w.st.Conversations(w.Context(), alt.ConversationQuery{Agency: ppa})
			require.NoError(w, err)
			messages, _, err := w.st.Messages(w.Context(), alt.MessageQuery{Agency: ppa, Conversation: page[0].ID})
			require.NoError(w, err)
			got := messages[0].Content.(channels.Media)
			require.Equal(w, []string{string(id), "new"}, []string{string(got.Blob), got.Caption})
			require.True(w, messages[0].Edited)
		}},
		{"all parts of a message are withdrawn", func(w *world) {
			w.opens(at(mari))
			first := w.record(at(mari), "p1", "a part that was unsent")
			part := received(at(mari), "p1:1", "another part that was unsent")
			part.ID = "p1"
			w.accept(part)
			it := w.one(alt.Inbox)
			w.commit(it, alt.Changes{Record: true})
			second := channels.MessageID(fmt.Sprint("in-", it.ID))
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", At: w.now()})
			require.Equal(w, withdrawn, w.message(first).Content)
			require.Equal(w, withdrawn, w.message(second).Content)
		}},
		{"a deleted file is not found in the files", func(w *world) {
			info := w.blob(ppa, "needle-in-a-file")
			require.NoError(w, w.st.DeleteBlob(w.Context(), ppa, info.ID))
			w.noTrace("needle-in-a-file")
		}},
	}
}

// noTrace searches the store's files.
func (w *world) noTrace(said string) {
	w.Helper()
	if w.subject.Files != nil {
		require.False(w, w.inFiles(said), "%q is still in a file", said)
	}
}

func (w *world) inFiles(said string) bool {
	w.Helper()
	paths := w.subject.Files(w.T, w.st)
	require.NotEmpty(w, paths)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(w, err)
		if bytes.Contains(b, []byte(said)) {
			return true
		}
	}
	return false
}
