package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/channels"
)

// talked is a world with a conversation of six messages, as a service keeps them: in-
// and outgoing in turn, the last one in two parts. It returns the ids.
func talked(t *testing.T) (*world, []string) {
	t.Helper()
	w := newWorld(t)
	a := channels.Address{Agency: ppa, Channel: "page", Peer: "mari"}
	c := &alt.Conversation{ID: "talk", Address: a, State: alt.Open, Opened: w.now}
	var ids []string
	for i := range 3 {
		w.now = w.now.Add(time.Second)
		e := &channels.Received{EventMeta: channels.EventMeta{Key: fmt.Sprint("k", i), Agency: ppa, Channel: "page", Peer: "mari", At: w.now, Salt: alt.NewSalt()},
			ID: channels.ProviderID(fmt.Sprint("p", i)), Content: channels.Text{Body: fmt.Sprintf("question %d", i)}}
		_, err := w.store.Accept(t.Context(), []channels.Event{e})
		require.NoError(t, err)
		items, err := w.store.Claim(t.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 1, Lease: time.Minute})
		require.NoError(t, err)
		o := channels.Outbound{ID: channels.MessageID(fmt.Sprint("m", i)), To: a, Author: channels.Bot, Parts: 1, Salt: alt.NewSalt(),
			Content: channels.Text{Body: fmt.Sprintf("answer %d", i)}}
		send, in := []channels.Outbound{o}, fmt.Sprint("in-", items[0].ID)
		log := []alt.LogEntry{w.about(alt.LogEntry{Act: "message.received", Message: in}, 0, e.Salt, e.Content)}
		answer := w.about(alt.LogEntry{Act: "message.queued", Message: string(o.ID)}, 0, o.Salt, o.Content)
		if i == 2 {
			send[0].Parts = 2
			more := send[0]
			more.Part, more.Salt, more.Content = 1, alt.NewSalt(), channels.Text{Body: "answer, too"}
			send, answer = append(send, more), w.about(answer, 1, more.Salt, more.Content)
		}
		require.NoError(t, w.store.Commit(t.Context(), items[0], alt.Changes{Conversation: c, Record: true, Send: send, Log: append(log, answer)}))
		ids = append(ids, in, string(o.ID))
	}
	w.step()
	return w, ids
}

// about commits an entry to a part of its message.
func (w *world) about(e alt.LogEntry, part int, salt []byte, c channels.Content) alt.LogEntry {
	e.Agency, e.At, e.Actor, e.Line, e.Conversation = ppa, w.now, "contact", "page", "talk"
	if e.Detail == nil {
		e.Detail = make(map[string]string)
	}
	e.Detail[alt.CommitmentKey(part)] = alt.Commitment(salt, c)
	return e
}

// withContents verifies the log and what it says of messages.
func (w *world) withContents(keep time.Duration) *audit.Report {
	w.Helper()
	c := w.check()
	c.Contents, c.KeepContentsFor = audit.StoredContents{Archive: w.store}, keep
	r, err := audit.Verify(w.Context(), c)
	require.NoError(w, err)
	return r
}

// contents are findings as kind, message and part.
func contents(r *audit.Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s of %s %s", f.Kind, f.Message, f.Where)))
	}
	return list
}

// body is the row of a message's text. What is put there is as long as what was.
func body(id string, part int) string {
	if n, ok := strings.CutPrefix(id, "in-"); ok {
		return "(SELECT text FROM items WHERE id = " + n + ")"
	}
	return fmt.Sprintf("(SELECT text FROM items WHERE message = '%s' AND part = %d)", id, part)
}

func rewritten(id string, part int, from, to string) string {
	return fmt.Sprintf("UPDATE texts SET body = CAST(replace(CAST(body AS TEXT), '%s', '%s') AS BLOB) WHERE id = %s", from, to, body(id, part))
}

// Each attack changes contents by SQL, from outside; the log itself is left alone.
func TestEveryChangeOfAContentIsFoundAndNamed(t *testing.T) {
	const (
		altered = "altered content of "
		missing = "missing content of "
	)
	for name, c := range map[string]struct {
		sql  func(ids []string) []string
		want func(ids []string) []string
		says string
	}{
		"nothing": {func([]string) []string { return nil }, func([]string) []string { return nil }, ""},
		"a person's text": {func(ids []string) []string { return []string{rewritten(ids[2], 0, "question 1", "a threat!!")} },
			func(ids []string) []string { return []string{altered + ids[2]} }, "does not say what it said"},
		"one letter of our text": {func(ids []string) []string { return []string{rewritten(ids[3], 0, "answer 1", "answer 7")} },
			func(ids []string) []string { return []string{altered + ids[3]} }, "does not say what it said"},
		"a later part": {func(ids []string) []string { return []string{rewritten(ids[5], 1, "too", "not")} },
			func(ids []string) []string { return []string{altered + ids[5] + " part 1"} }, "does not say what it said"},
		"another kind of content": {func(ids []string) []string { return []string{rewritten(ids[0], 0, `"text"`, `"chosen"`)} },
			func(ids []string) []string { return []string{altered + ids[0]} }, "does not say what it said"},
		"two texts swapped, with their salts": {func(ids []string) []string {
			a, b := ids[0][3:], ids[2][3:]
			return []string{"UPDATE items SET text = (SELECT text FROM items WHERE id = " + b + ") + 0 * id WHERE id = " + a,
				"UPDATE items SET text = " + a + " WHERE id = " + b}
		}, func(ids []string) []string { return []string{altered + ids[0], altered + ids[2]} }, "stands in message"},
		"another salt": {func(ids []string) []string {
			return []string{"UPDATE texts SET body = CAST(replace(CAST(body AS TEXT), substr(CAST(body AS TEXT), instr(CAST(body AS TEXT), '\"salt\":\"') + 8, 3), 'AAA') AS BLOB) WHERE id = " + body(ids[1], 0)}
		}, func(ids []string) []string { return []string{altered + ids[1]} }, "does not say what it said"},
		"no salt": {func(ids []string) []string { return []string{rewritten(ids[1], 0, `"salt"`, `"none"`)} },
			func(ids []string) []string { return []string{altered + ids[1]} }, "its salt is gone"},
		"a message deleted": {func(ids []string) []string { return []string{"DELETE FROM items WHERE id = " + ids[4][3:]} },
			func(ids []string) []string { return []string{missing + ids[4]} }, "no purge accounts for it"},
		"a part deleted": {func(ids []string) []string { return []string{"DELETE FROM items WHERE message = 'm2' AND part = 1"} },
			func(ids []string) []string { return []string{missing + ids[5] + " part 1"} }, "no purge accounts for it"},
		"given to another agency": {func(ids []string) []string {
			return []string{"UPDATE items SET agency = 'rik' WHERE id = " + ids[0][3:]}
		},
			func(ids []string) []string { return []string{missing + ids[0]} }, "no purge accounts for it"},
	} {
		t.Run(name, func(t *testing.T) {
			w, ids := talked(t)
			r := w.withContents(0)
			require.Empty(t, found(r))
			require.EqualValues(t, 7, r.Contents)
			w.attack(c.sql(ids)...)
			r = w.withContents(0)
			require.Equal(t, c.want(ids), contents(r))
			for _, f := range r.Findings {
				require.Contains(t, f.Detail, c.says)
				require.Equal(t, "talk", f.Conversation)
				require.Positive(t, f.Seq)
			}
			require.Empty(t, found(w.verify()), "the log itself is what it was")
			var text strings.Builder
			require.NoError(t, r.WriteText(&text))
			require.NotContains(t, text.String(), "threat")
			// An entry of the intruder's own, which would fit, helps nobody.
			if len(r.Findings) == 1 && strings.HasPrefix(contents(r)[0], altered) && r.Findings[0].Where == "" && c.says != "its salt is gone" {
				now, err := w.store.Message(t.Context(), ppa, channels.MessageID(r.Findings[0].Message))
				require.NoError(t, err)
				w.log(w.about(alt.LogEntry{Act: "message.queued", Message: r.Findings[0].Message}, 0, now[0].Salt, now[0].Content))
				w.step()
				require.Equal(t, c.want(ids), contents(w.withContents(0)))
			}
		})
	}
}

func TestAContentThatWasWithdrawnOrEditedIsNoAlarmAndItsOldOneIs(t *testing.T) {
	w, ids := talked(t)
	a := channels.Address{Agency: ppa, Channel: "page", Peer: "mari"}
	w.close()
	before := w.path("before.db")
	w.attackOnly("VACUUM INTO '" + before + "'")
	w.open()
	for _, with := range []channels.Content{channels.Text{Body: "a correction"}, nil} {
		require.NoError(t, w.store.Commit(t.Context(), alt.Item{}, alt.Changes{Redactions: []alt.Redaction{{Address: a, ID: "p1", With: with, At: w.now}}}))
		require.Empty(t, found(w.withContents(0)))
	}
	w.step()
	require.Empty(t, found(w.withContents(0)))
	w.attack("ATTACH '"+before+"' AS old; UPDATE texts SET body = (SELECT body FROM old.texts o WHERE o.id = texts.id) WHERE id = "+ids[2][3:],
		"UPDATE items SET text = id WHERE id = "+ids[2][3:])
	r := w.withContents(0)
	require.Equal(t, []string{"altered content of " + ids[2]}, contents(r), "what was withdrawn is put back")
	require.Equal(t, alt.ActRedacted, r.Findings[0].Act)
}

func TestAContentThatRetentionPurgedIsNoAlarm(t *testing.T) {
	purge := func(t *testing.T, p audit.Purge, age time.Duration, sql string) (*world, []string, *audit.Report) {
		w, ids := talked(t)
		w.now = w.now.Add(age)
		w.log(p.ContentsEntry(ppa, w.now, "retention"))
		w.attack(sql)
		r := w.withContents(year)
		w.step()
		require.Equal(t, found(r), found(w.withContents(year)), "before it is signed and after")
		return w, ids, r
	}
	const all = "DELETE FROM items WHERE agency = 'ppa'"
	t.Run("and counted", func(t *testing.T) {
		_, _, r := purge(t, audit.Purge{From: 1, Through: 1 << 20}, year, all)
		require.Len(t, r.Findings, 7, "it cannot speak of what comes after it, so it says nothing")
		w, _ := talked(t)
		seqs := w.seqs()
		_, _, r = purge(t, audit.Purge{Conversation: "talk", From: seqs[0], Through: seqs[len(seqs)-1]}, year, all)
		require.Empty(t, found(r))
		require.Equal(t, []int64{7, 7}, []int64{r.Contents, r.ContentsPurged})
	})
	t.Run("unless it covers something else", func(t *testing.T) {
		w, _ := talked(t)
		seqs := w.seqs()
		_, ids, r := purge(t, audit.Purge{From: seqs[0], Through: seqs[2]}, year, all)
		require.Equal(t, []string{"missing content of " + ids[3], "missing content of " + ids[4], "missing content of " + ids[5], "missing content of " + ids[5] + " part 1"}, contents(r))
		_, _, r = purge(t, audit.Purge{Conversation: "another", From: seqs[0], Through: seqs[5]}, year, all)
		require.Len(t, r.Findings, 7)
	})
	t.Run("unless it came before its term", func(t *testing.T) {
		w, _ := talked(t)
		seqs := w.seqs()
		_, _, r := purge(t, audit.Purge{From: seqs[0], Through: seqs[5]}, time.Hour, all)
		require.Len(t, r.Findings, 7)
		require.Contains(t, r.Findings[0].Detail, "came before its term")
	})
	t.Run("unless it says something else instead", func(t *testing.T) {
		w, ids := talked(t)
		seqs := w.seqs()
		w.now = w.now.Add(year)
		w.log(audit.Purge{From: seqs[0], Through: seqs[5]}.ContentsEntry(ppa, w.now, "retention"))
		w.attack(rewritten(ids[3], 0, "answer 1", "answer 7"))
		require.Equal(t, []string{"altered content of " + ids[3]}, contents(w.withContents(year)))
	})
}
