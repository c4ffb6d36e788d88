package alt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

func jaak(t *alt.Turn, level eid.Level) eid.Identity {
	return eid.Identity{Code: "EE38001085718", GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Method: eid.SmartID, Level: level, At: t.Now()}
}

// lobby proves who people are when they say so, and tells what it knows.
func lobby(_ context.Context, t *alt.Turn) error {
	s := t.Session()
	switch t.Text() {
	case "prove":
		return s.Prove(jaak(t, eid.Substantial))
	case "prove more":
		return s.Prove(jaak(t, eid.High))
	case "prove another":
		other := jaak(t, eid.High)
		other.Code = "EE48507230063"
		return alt.Permanent(s.Prove(other))
	case "prove and fail":
		if err := s.Prove(jaak(t, eid.High)); err != nil {
			return err
		}
		return alt.Permanent(errors.New("register is down"))
	case "bye":
		t.End(session.ByPerson)
		return nil
	}
	who := "nobody"
	if s.Identity != nil {
		who = s.Identity.GivenName
	}
	return t.ReplyText(s.Level.String() + " " + who)
}

// lazy is a store in which no session is ended before the person writes again.
type lazy struct{ alt.Store }

func (lazy) Expire(context.Context, session.Policy, time.Time, int) (int, error) { return 0, nil }

// proofs returns what the security log tells of proofs.
func proofs(t *testing.T, hs *alttest.Harness) []map[string]string {
	t.Helper()
	log, _, err := hs.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	var found []map[string]string
	for _, e := range log {
		if e.Act == "session.proven" {
			found = append(found, e.Detail)
		}
	}
	return found
}

func TestAProvenSessionIsKnownToTheNextTurnUntilItEnds(t *testing.T) {
	for name, ends := range map[string]func(*alttest.Harness, *alttest.Chat){
		"by the person": func(_ *alttest.Harness, c *alttest.Chat) { c.Says("bye") },
		"by idleness":   func(hs *alttest.Harness, _ *alttest.Chat) { hs.Advance(31 * time.Minute) },
		"by age after a day": func(hs *alttest.Harness, c *alttest.Chat) {
			for range 24 * 3 {
				hs.Advance(20 * time.Minute)
				c.Says("still here")
			}
			c.Expect(append(repeat("substantial Jaak-Kristjan", 24*3-1), "undefined nobody")...)
		},
		"by idleness that nobody has noticed": func(hs *alttest.Harness, _ *alttest.Chat) { hs.Clock().Advance(31 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			var logs bytes.Buffer
			hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(lobby), Twice: name == "by idleness", Change: func(c *alt.Config) {
				c.Logger = slog.New(slog.NewJSONHandler(&logs, nil))
				if name == "by idleness that nobody has noticed" {
					c.Store = lazy{c.Store}
				}
			}})
			chat := hs.Chat("whatsapp")
			chat.Says("who").Expect("undefined nobody")
			chat.Says("prove").Says("who").Expect("substantial Jaak-Kristjan")
			hs.Restart()
			chat.Says("who").Expect("substantial Jaak-Kristjan")
			found, err := hs.Store().ByCode(t.Context(), "agency", "EE38001085718")
			require.NoError(t, err)
			require.Len(t, found, 1)
			hs.Chat("whatsapp").Says("who").Expect("undefined nobody")

			ends(hs, chat)
			chat.Says("who").Expect("undefined nobody")
			found, err = hs.Store().ByCode(t.Context(), "agency", "EE38001085718")
			require.NoError(t, err)
			require.Empty(t, found)
			require.Equal(t, []map[string]string{{"level": "substantial", "method": "smart-id"}}, proofs(t, hs))
			for _, secret := range []string{"38001085718", "Jaak", "Jõeorg"} {
				require.NotContains(t, logs.String(), secret)
			}
		})
	}
}

func TestWhatIsKnownOfAPersonPrintsNothingOfIt(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(lobby))
	chat := hs.ChatAs("whatsapp", "3725550000")
	m := hs.Fake("whatsapp").Message("3725550000", "prove")
	m.From.Name = "Kanaari Lind"
	chat.Happens(m)
	d := chat.Dossier()
	require.Equal(t, "Kanaari Lind", d.Contact.Name)
	require.NotNil(t, d.Session.Identity)
	var out bytes.Buffer
	for _, v := range []any{d, &d, d.Contact, *d.Contact, d.Conversation, *d.Conversation, d.Session, *d.Session} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			_, _ = fmt.Fprintf(&out, verb, v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("test", "value", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("test", "value", v)
	}
	for _, secret := range []string{"Kanaari", "3725550000", "38001085718", "Jaak", "Jõeorg"} {
		require.NotContains(t, out.String(), secret)
	}
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func TestEachRiseOfTheLevelIsInTheSecurityLogWithoutThePerson(t *testing.T) {
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(lobby), Change: func(c *alt.Config) { c.Store = lazy{c.Store} }})
	chat := hs.Chat("messenger")
	chat.Says("prove").Says("prove").Says("prove more").Says("prove").Says("who").Expect("high Jaak-Kristjan")
	want := []map[string]string{{"level": "substantial", "method": "smart-id"}, {"level": "high", "method": "smart-id"}}
	require.Equal(t, want, proofs(t, hs))
	chat.Says("bye").Says("prove")
	require.Equal(t, append(want, want[0]), proofs(t, hs), "a new session begins at nothing")
	hs.Clock().Advance(time.Hour)
	chat.Says("prove")
	require.Equal(t, append(want, want[0], want[0]), proofs(t, hs), "though the last one ended in the same turn")
}

func TestAProofOfAHandlerThatFailsIsNone(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(lobby))
	chat := hs.Chat("whatsapp")
	chat.Says("who").Says("prove and fail").Says("who").Expect("undefined nobody", "undefined nobody")
	require.Len(t, hs.Letters(), 1)
	require.Empty(t, proofs(t, hs))
	found, err := hs.Store().ByCode(t.Context(), "agency", "EE38001085718")
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestASessionDoesNotBecomeAnotherPersons(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(lobby))
	chat := hs.Chat("whatsapp")
	chat.Says("prove").Says("prove another").Says("who").Expect("substantial Jaak-Kristjan")
	require.Len(t, hs.Letters(), 1)
	found, err := hs.Store().ByCode(t.Context(), "agency", "EE48507230063")
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestAProofOfABotThatPassesTheTurnOnIsTakenBack(t *testing.T) {
	bot := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if err := t.Session().Prove(jaak(t, eid.High)); err != nil {
			return err
		}
		return alt.ErrNotMine
	})
	hs := alttest.New(t, alt.Chain(
		alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot},
		alt.Link{Name: "lobby", Kind: alt.HeldByBot, Handler: alt.HandlerFunc(lobby)},
	))
	hs.Chat("whatsapp").Says("who").Expect("undefined nobody")
	require.Empty(t, proofs(t, hs))
}

func TestASpecialistSeesWhoWasProvenAndTheChannelProvesNothing(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(lobby))
	a, b := hs.Chat("whatsapp"), hs.ChatAs("sms", "other")
	a.Says("prove")
	b.Says("tere")
	for chat, want := range map[*alttest.Chat]eid.Level{a: eid.Substantial, b: eid.Undefined} {
		id := chat.Dossier().Conversation.ID
		require.NoError(t, hs.Service().Talk(t.Context(), "agency", id, "mari", func(turn *alt.Turn) error {
			require.Equal(t, want, turn.Session().Level)
			require.Equal(t, want != eid.Undefined, turn.Session().Identity != nil)
			turn.MarkRead()
			return nil
		}))
		require.Equal(t, want, chat.Dossier().Session.Level, "and it stays")
	}
	require.Len(t, proofs(t, hs), 1)
}

func TestASessionWhoseTimeIsOverIsNotActiveThoughNobodyEndedIt(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(lobby))
	chat := hs.Chat("whatsapp")
	require.False(t, hs.Service().Active(chat.Dossier().Session), "there is none")
	chat.Says("prove")
	require.True(t, hs.Service().Active(chat.Dossier().Session))
	hs.Clock().Advance(session.DefaultIdle - 1)
	require.True(t, hs.Service().Active(chat.Dossier().Session))
	hs.Clock().Advance(1)
	require.False(t, hs.Service().Active(chat.Dossier().Session))
	require.True(t, chat.Dossier().Session.Active(), "as far as the store knows")
	hs.Settle()
	require.False(t, hs.Service().Active(chat.Dossier().Session))
}

func TestSessionsOfOnePersonAreFoundOverSeveralLines(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(lobby))
	var order []channels.ID
	for _, line := range []channels.ID{"sms", "whatsapp", "messenger"} {
		hs.Clock().Advance(time.Minute)
		hs.ChatAs(line, "someone").Says("prove")
		order = append([]channels.ID{line}, order...)
	}
	hs.Chat("whatsapp").Says("who")
	found, err := hs.Store().ByCode(t.Context(), "agency", "EE38001085718")
	require.NoError(t, err)
	var lines []channels.ID
	for _, s := range found {
		lines = append(lines, s.Address.Channel)
	}
	require.Equal(t, order, lines, "the newest first")
	none, err := hs.Store().ByCode(t.Context(), "other", "EE38001085718")
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestAProofEndsWhenTheChannelDoubtsThePerson(t *testing.T) {
	for name, event := range map[string]channels.Event{
		"a new number":            &channels.PeerChanged{New: "somebody"},
		"a number of a new owner": &channels.LineChanged{Subject: channels.SubjectPerson, State: "customer_identity_changed"},
	} {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, alt.HandlerFunc(lobby))
			chat := hs.Chat("whatsapp")
			chat.Says("prove").Says("who").Expect("substantial Jaak-Kristjan")
			*event.Meta() = channels.EventMeta{Key: "doubt", Channel: "whatsapp", Peer: chat.Address().Peer, At: hs.Clock().Now()}
			chat.Happens(event)
			require.Equal(t, session.ByNewPeer, chat.Dossier().Session.Reason)
			require.Nil(t, chat.Dossier().Session.Identity)
			chat.Says("who").Expect("undefined nobody")
		})
	}
}
