package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func due(a channels.Address, key string, after time.Duration) alt.Later {
	return alt.Later{Event: &channels.Due{EventMeta: meta(a, key), Name: key}, At: noon().Add(after)}
}

// coming checks events to come, and media that are fetched first.
func coming() []check {
	return []check{
		{"an event to come takes its place when its time has come", func(w *world) {
			w.commit(alt.Item{}, alt.Changes{Later: []alt.Later{due(at(mari), "late", time.Hour), due(at(mari), "early", time.Minute)}})
			w.says(at(mari), "now")
			w.depth(3, 0, 0, 0)
			w.commit(w.one(alt.Inbox), alt.Changes{})
			w.wait(time.Minute - time.Millisecond)
			w.none(alt.Inbox)
			w.wait(time.Millisecond)
			it := w.one(alt.Inbox)
			require.Equal(w, "early", it.Event.(*channels.Due).Name)
			require.Equal(w, 1, it.Attempt)
			w.commit(it, alt.Changes{})
			w.none(alt.Inbox)
			w.wait(time.Hour)
			require.Equal(w, "late", w.one(alt.Inbox).Event.(*channels.Due).Name)
		}},
		{"an event to come stands behind what waits then", func(w *world) {
			w.commit(alt.Item{}, alt.Changes{Later: []alt.Later{due(at(mari), "late", time.Hour)}})
			w.says(at(mari), "1")
			w.says(at(mari), "2")
			w.wait(time.Hour)
			for _, want := range []string{"1", "2", "due"} {
				it := w.one(alt.Inbox)
				require.Equal(w, want, text(it))
				w.commit(it, alt.Changes{})
			}
		}},
		{"an event to come is queued once and survives a crash", func(w *world) {
			for range 2 {
				w.commit(alt.Item{}, alt.Changes{Later: []alt.Later{due(at(mari), "late", time.Hour)}})
			}
			w.crash()
			w.none(alt.Inbox)
			w.wait(time.Hour)
			w.commit(w.one(alt.Inbox), alt.Changes{})
			w.none(alt.Inbox)
		}},
		{"an event to come about no person waits for nobody, however often it is given back", func(w *world) {
			w.commit(alt.Item{}, alt.Changes{Later: []alt.Later{due(at(""), "a", 0)}})
			for i := range 30 {
				it := w.one(alt.Inbox)
				require.Equal(w, "a", it.Event.(*channels.Due).Name)
				require.True(w, it.Event.Address().IsZero())
				require.Equal(w, i+1, it.Attempt)
				w.commit(alt.Item{}, alt.Changes{Later: []alt.Later{due(at(""), fmt.Sprint("b", i), 0)}})
				w.says(at(mari), "tere")
				others := w.claim(alt.Inbox, 10)
				require.Len(w, others, 2, "neither behind a nor behind each other")
				for _, other := range others {
					w.commit(other, alt.Changes{})
				}
				w.release(it, w.now().Add(time.Second), channels.ErrUnavailable)
				w.none(alt.Inbox)
				w.wait(time.Second)
			}
			require.Empty(w, w.letters(alt.LetterQuery{}))
		}},
		{"a message whose file must be fetched holds its place in the Inbox", func(w *world) {
			w.accept(photo(at(mari), "1"), received(at(mari), "2", "after"), received(at(jaan), "3", "other"))
			w.depth(2, 1, 0, 0)
			require.Equal(w, "other", text(w.one(alt.Inbox)))
			it := w.one(alt.Media)
			require.Equal(w, alt.Media, it.Work)
			require.Equal(w, "ref-1", it.Event.(*channels.Received).Content.(channels.Media).Ref)
			w.wait(time.Second)
			w.commit(it, fetched(it))
			w.none(alt.Media)
			got := w.one(alt.Inbox)
			require.Equal(w, alt.Inbox, got.Work)
			require.Equal(w, it.ID, got.ID)
			require.Equal(w, 1, got.Attempt)
			require.True(w, got.Accepted.Equal(noon()))
			require.Equal(w, channels.Media{As: channels.Image, Blob: "blob", Caption: "photo 1"}, got.Event.(*channels.Received).Content)
			w.commit(got, alt.Changes{Record: true})
			require.Equal(w, "after", text(w.one(alt.Inbox)))
		}},
		{"a message whose file is here already needs no fetching", func(w *world) {
			e := photo(at(mari), "1")
			e.Content = channels.Media{As: channels.Image, Blob: "blob", Ref: "ref"}
			w.accept(e)
			w.none(alt.Media)
			w.one(alt.Inbox)
		}},
		{"a fetch is tried again in its time", func(w *world) {
			w.accept(photo(at(mari), "1"))
			w.release(w.one(alt.Media), w.now().Add(time.Minute), channels.ErrUnavailable)
			w.none(alt.Media)
			w.none(alt.Inbox)
			w.wait(time.Minute)
			require.Equal(w, 2, w.one(alt.Media).Attempt)
		}},
		{"a fetch that is given up makes a letter and frees its lane", func(w *world) {
			w.accept(photo(at(mari), "1"), received(at(mari), "2", "after"))
			w.release(w.one(alt.Media), time.Time{}, channels.ErrMalformed)
			require.Equal(w, "after", text(w.one(alt.Inbox)))
			w.depth(1, 0, 0, 0)
			l := w.letter()
			require.Equal(w, alt.Inbox, l.Work)
			require.Equal(w, alt.Dead, l.State)
			require.Equal(w, "ref-1", l.Event.(*channels.Received).Content.(channels.Media).Ref)
			w.settle(l.ID, alt.Retry)
			it := w.one(alt.Media)
			w.commit(it, fetched(it))
			w.none(alt.Inbox) // its lane is busy
		}},
		{"a crash leaves a fetch to be done again, and a fetched message in its place", func(w *world) {
			w.accept(photo(at(mari), "1"), received(at(mari), "2", "after"))
			w.one(alt.Media)
			w.crash()
			w.none(alt.Inbox)
			it := w.one(alt.Media)
			require.Equal(w, 2, it.Attempt)
			w.commit(it, fetched(it))
			w.crash()
			w.none(alt.Media)
			require.Equal(w, "photo 1", text(w.one(alt.Inbox)))
		}},
	}
}

// fetched is what the service commits for a file that it stored.
func fetched(it alt.Item) alt.Changes {
	e := *it.Event.(*channels.Received)
	m := e.Content.(channels.Media)
	m.Ref, m.Blob = "", "blob"
	e.Content = m
	return alt.Changes{Event: &e}
}
