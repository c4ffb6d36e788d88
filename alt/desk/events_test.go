package desk_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

func TestChangesAreToldInTheOrderOfTheirCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		_, first := w.talk("whatsapp", "human")
		c, _, hangUp := w.listen("mari", "")
		defer hangUp()
		require.Equal(t, 200, c.status)
		require.Equal(t, "text/event-stream", c.head.Get("Content-Type"))
		require.Equal(t, "no-store", c.head.Get("Cache-Control"))
		events, _ := c.take(t)
		require.Len(t, events, 1, "what was before is in the list")
		require.Equal(t, event{"ready", fmt.Sprint(w.position(first)), object{"position": float64(w.position(first))}}, events[0])

		_, second := w.talk("sms", "human")
		_, third := w.talk("messenger", "human")
		w.do("mari", "POST", "/v1/conversations/"+second+"/claim", nil).ok(200)
		breathe()
		events, _ = c.take(t)
		require.Equal(t, []string{third, second}, told(events), "each once, by its latest change")
		require.Equal(t, canaryName, events[0].data["name"])
		require.Equal(t, "mari", events[1].data["holder"].(object)["by"])
		require.Equal(t, fmt.Sprint(w.position(second)), events[1].id)

		w.do("mari", "POST", "/v1/conversations/"+first+"/read", nil).ok(200)
		breathe()
		events, _ = c.take(t)
		require.Equal(t, []string{first}, told(events))
	})
}

func TestAStreamShowsWhatTheCallerMaySee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		mari, _, stop1 := w.listen("mari", "")
		oskar, _, stop2 := w.listen("oskar", "")
		aune, _, stop3 := w.listen("aune", "")
		defer stop1()
		defer stop2()
		defer stop3()
		_, id := w.talk("whatsapp", "human")
		w.do("jaan", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
		breathe()
		events, _ := mari.take(t)
		last := events[len(events)-1].data
		require.Equal(t, "limited", last["access"])
		require.NotContains(t, last, "name")
		events, _ = aune.take(t)
		require.Equal(t, "full", events[len(events)-1].data["access"])
		events, _ = oskar.take(t)
		require.Empty(t, told(events))
		require.Empty(t, w.acts(id, "aune"), "a glance at a list is no look at a conversation")
	})
}

func TestABrokenStreamGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var ids []string
		for range 4 {
			_, id := w.talk("sms", "human")
			ids = append(ids, id)
		}
		at := func(i int) string { return fmt.Sprint(w.position(ids[i])) }
		for name, tc := range map[string]struct {
			after   string
			headers []header
			want    []string
		}{
			"from a position":          {at(1), nil, ids[2:]},
			"from the last id":         {"", []header{{"Last-Event-ID", at(0)}}, ids[1:]},
			"the last id is the newer": {at(0), []header{{"Last-Event-ID", at(2)}}, ids[3:]},
			"from the beginning":       {"0", nil, ids},
			"from the end":             {at(3), nil, []string{}},
			"from between two commits": {strconv.FormatInt(w.position(ids[2])-1, 10), nil, ids[2:]},
		} {
			c, _, hangUp := w.listen("mari", tc.after, tc.headers...)
			breathe()
			hangUp()
			events, _ := c.take(t)
			require.Equal(t, "ready", events[0].name, name)
			require.Equal(t, tc.want, told(events), name)
		}
		// The list says where to go on from.
		list := w.do("mari", "GET", "/v1/conversations", nil).ok(200)
		require.Equal(t, at(3), fmt.Sprint(list["position"]))
	})
}

func TestAPositionThatIsNotKnownIsReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		_, id := w.talk("sms", "human")
		latest := fmt.Sprint(w.position(id))
		for name, after := range map[string]string{
			"in the future": "1000000", "no number": "x", "negative": "-1", "too big": strings.Repeat("9", 30),
		} {
			c, _, hangUp := w.listen("mari", after)
			events, _ := c.take(t)
			require.Equal(t, []event{{"reset", latest, object{"position": float64(w.position(id))}}}, events, name)
			_, next := w.talk("messenger", "human")
			breathe()
			hangUp()
			events, _ = c.take(t)
			require.Equal(t, []string{next}, told(events), "%s: it goes on", name)
			latest, id = fmt.Sprint(w.position(next)), next
		}
	})
}

func TestWhoMissedTooMuchReadsTheListAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		make := func(n int) {
			for i := range n {
				require.NoError(t, w.hs.Store().Commit(t.Context(), alt.Item{}, alt.Changes{Conversation: &alt.Conversation{
					ID: fmt.Sprintf("c-%d-%d", n, i), State: alt.Open, Opened: w.hs.Clock().Now(),
					Address: channels.Address{Agency: "agency", Channel: "sms", Peer: channels.Peer(fmt.Sprintf("person-%d-%d", n, i))},
				}}))
			}
		}
		make(1000)
		c, _, hangUp := w.listen("mari", "0")
		breathe()
		events, _ := c.take(t)
		require.Len(t, told(events), 1000)
		make(1001)
		breathe()
		breathe()
		events, _ = c.take(t)
		require.Equal(t, []event{{"reset", "2001", object{"position": float64(2001)}}}, events)
		hangUp()
		c, _, hangUp = w.listen("mari", "1000")
		breathe()
		hangUp()
		events, _ = c.take(t)
		require.Equal(t, []string{"ready", "reset"}, []string{events[0].name, events[1].name})
	})
}

func TestASilentStreamLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c, _, hangUp := w.listen("mari", "")
		defer hangUp()
		c.take(t)
		time.Sleep(46 * time.Second)
		synctest.Wait()
		events, beats := c.take(t)
		require.Empty(t, events)
		require.Equal(t, 3, beats)
	})
}

func TestChangesOfOtherReplicasAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c, _, hangUp := w.listen("mari", "")
		defer hangUp()
		c.take(t)
		// Past the service: nobody is woken.
		require.NoError(t, w.hs.Store().Commit(t.Context(), alt.Item{}, alt.Changes{Conversation: &alt.Conversation{
			ID: "far", State: alt.Open, Address: channels.Address{Agency: "agency", Channel: "sms", Peer: "person-q"}, Opened: w.hs.Clock().Now(),
		}}))
		time.Sleep(2100 * time.Millisecond)
		synctest.Wait()
		events, _ := c.take(t)
		require.Equal(t, []string{"far"}, told(events))
	})
}

func TestAStreamEndsWithTheRightsOfItsCaller(t *testing.T) {
	for name, change := range map[string]func(list []desk.Token) []desk.Token{
		"the token is gone":   func([]desk.Token) []desk.Token { return nil },
		"the role is another": func(list []desk.Token) []desk.Token { return each(list, func(x *desk.Token) { x.Role = desk.Auditor }) },
		"the agency is":       func(list []desk.Token) []desk.Token { return each(list, func(x *desk.Token) { x.Agency = "other" }) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				c, done, hangUp := w.listen("mari", "")
				defer hangUp()
				c.take(t)
				w.list.change(change)
				w.talk("sms", "human")
				breathe()
				events, _ := c.take(t)
				require.Empty(t, events, "nothing is told any more")
				<-done
			})
		})
	}
}

func each(list []desk.Token, f func(*desk.Token)) []desk.Token {
	for i := range list {
		f(&list[i])
	}
	return list
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b := &browser{w: w, host: "desk.example"}
		b.login("mari").ok(200)
		_, done, hangUp := w.listen("", "", header{"Cookie", b.cookie.Name + "=" + b.cookie.Value})
		defer hangUp()
		w.hs.Clock().Advance(29 * time.Minute)
		breathe()
		breathe()
		select {
		case <-done:
			t.Fatal("the session is still good")
		default:
		}
		w.hs.Clock().Advance(time.Minute) // an open stream is no sign of life
		breathe()
		breathe()
		<-done
	})
}

func TestASlowClientIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c, done, hangUp := w.listen("mari", "")
		defer hangUp()
		c.mu.Lock()
		c.stuck = true
		c.mu.Unlock()
		began := time.Now()
		w.talk("sms", "human")
		<-done
		require.InDelta(t, 10, time.Since(began).Seconds(), 1)
	})
}

func TestStreamsOfACallerAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(s *setup) { s.desk.Streams = 2 })
		_, _, stop1 := w.listen("mari", "")
		_, _, stop2 := w.listen("mari", "")
		a := w.do("mari", "GET", "/v1/events", nil)
		a.problem(429, "too_many_streams")
		require.Equal(t, "3", a.header.Get("Retry-After"))
		_, _, stop3 := w.listen("jaan", "")
		stop1()
		_, _, stop4 := w.listen("mari", "")
		for _, stop := range []func(){stop2, stop3, stop4} {
			stop()
		}
	})
}

func TestCloseEndsAllStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		_, done1, _ := w.listen("mari", "")
		_, done2, _ := w.listen("anu", "")
		w.desk.Close()
		w.desk.Close()
		<-done1
		<-done2
		w.do("mari", "GET", "/v1/me", nil).ok(200)
	})
}

// Over a real connection: the events arrive while the answer goes on, and the
// server's end is not left behind when the client goes.
func TestAStreamOverARealConnection(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(w.api)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/v1/events", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+w.token["mari"])
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	lines := bufio.NewScanner(resp.Body)
	until := func(start string) string {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), start) {
				return lines.Text()
			}
		}
		require.NoError(t, lines.Err())
		return ""
	}
	require.Equal(t, "event: ready", until("event: "))
	_, id := w.talk("sms", "human")
	require.Equal(t, "event: conversation", until("event: "))
	require.Contains(t, until("data: "), id)
	cancel()
	require.NoError(t, resp.Body.Close())
	srv.Close() // waits for every request that is still being served
}

func TestHeadOfAStreamEnds(t *testing.T) {
	w := newWorld(t)
	rec := serve(w, w.request("mari", "HEAD", "/v1/events", nil))
	require.Equal(t, 200, rec.Code)
	require.Empty(t, rec.Body.String())
}
