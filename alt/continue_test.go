package alt_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/session"
)

// twoAccounts is a bureau with a person who has proven two accounts.
func twoAccounts(t *testing.T) (*bureau, *alttest.Chat, *alttest.Chat) {
	t.Helper()
	o := newBureau(t)
	first, second := o.Chat("viber"), o.Chat("sms")
	o.proveAs(t, second, maryCode)
	o.proveAs(t, first, maryCode)
	return o, first, second
}

func talkID(c *alttest.Chat) string { return c.Dossier().Conversation.ID }

// reply is a specialist's answer.
func reply(t *testing.T, svc *alt.Service, conversation, text string) {
	t.Helper()
	require.NoError(t, svc.Talk(context.Background(), "agency", conversation, "ametnik", func(t *alt.Turn) error {
		t.Hold("ametnik")
		return t.ReplyText(text)
	}))
}

func transcript(t *testing.T, st alt.Store, conversation string) []string {
	t.Helper()
	page, _, err := st.Messages(context.Background(), alt.MessageQuery{Agency: "agency", Conversation: conversation, Limit: 500})
	require.NoError(t, err)
	var said []string
	for _, m := range page {
		if text, ok := m.Content.(channels.Text); ok {
			said = append(said, string(m.Address.Channel)+" "+text.Body)
		}
	}
	return said
}

func TestAConversationGoesOnAtAnotherAccountOfThePerson(t *testing.T) {
	o, first, second := twoAccounts(t)
	ctx, id := context.Background(), talkID(first)
	own := talkID(second)
	require.NoError(t, o.Service().Continue(ctx, "agency", id, second.Address(), "ametnik"))
	require.NoError(t, o.Service().Continue(ctx, "agency", id, second.Address(), "ametnik"), "it is there already")

	reply(t, o.Service(), id, "Jätkame siin")
	o.Settle()
	require.Equal(t, "Jätkame siin", second.Sent()[len(second.Sent())-1].Content.(channels.Text).Body)
	second.Says("Hästi")
	_, err := o.Service().Send(ctx, channels.Outbound{To: second.Address(), Content: channels.Text{Body: "Valmis"}})
	require.NoError(t, err)
	said := transcript(t, o.Store(), id)
	require.Equal(t, []string{"sms Jätkame siin", "sms Hästi", "sms Valmis"}, said[len(said)-3:], "one transcript")

	old, err := o.Store().Conversation(ctx, "agency", own)
	require.NoError(t, err)
	require.Equal(t, "ended continued", string(old.State)+" "+old.Reason)

	first.Says("Olen jälle siin")
	reply(t, o.Service(), id, "Tore")
	o.Settle()
	require.Equal(t, "Tore", first.Sent()[len(first.Sent())-1].Content.(channels.Text).Body, "answers go where the person writes")
	require.NoError(t, o.Service().Continue(ctx, "agency", id, second.Address(), "ametnik"), "it was held there before")

	require.NoError(t, o.Service().Talk(ctx, "agency", id, "ametnik", func(t *alt.Turn) error { t.End(session.BySpecialist); return nil }))
	second.Says("Uus asi")
	first.Says("Teine asi")
	require.NotEqual(t, id, talkID(second))
	require.NotEqual(t, id, talkID(first))
	require.ErrorIs(t, o.Service().Continue(ctx, "agency", id, second.Address(), "ametnik"), alt.ErrInput)
	require.Empty(t, o.Letters())
}

func TestOnlyTheSamePersonsAccountCanContinue(t *testing.T) {
	o, first, second := twoAccounts(t)
	ctx, id := context.Background(), talkID(first)
	stranger := o.Chat("sms").Says("tere")
	move := func(to channels.Address) error { return o.Service().Continue(ctx, "agency", id, to, "ametnik") }
	require.ErrorIs(t, move(stranger.Address()), alt.ErrPolicy)
	require.ErrorIs(t, move(channels.Address{Channel: "pigeon", Peer: "p"}), alt.ErrUnknownLine)
	require.ErrorIs(t, move(channels.Address{Agency: "another", Channel: "sms", Peer: "p"}), alt.ErrUnknownLine)
	require.ErrorIs(t, o.Service().Continue(ctx, "another", id, second.Address(), "x"), alt.ErrNotFound)
	require.ErrorIs(t, o.Service().Continue(ctx, "agency", talkID(stranger), second.Address(), "x"), alt.ErrPolicy, "a stranger's conversation does not go there")

	require.NoError(t, o.Service().Talk(ctx, "agency", talkID(second), "teine", func(t *alt.Turn) error { t.Hold("teine"); return nil }))
	require.ErrorIs(t, move(second.Address()), alt.ErrHeld)
	o.Advance(time.Hour)
	require.ErrorIs(t, move(second.Address()), alt.ErrPolicy, "the proof has ended with its session")
}

func TestAnAccountThatIsTakenApartOrDoubtedContinuesNothing(t *testing.T) {
	for name, leave := range map[string]func(o *bureau, second *alttest.Chat){
		"taken apart": func(o *bureau, second *alttest.Chat) {
			if err := o.Service().TakeApart(context.Background(), second.Address(), maryCode, "ametnik"); err != nil {
				panic(err)
			}
		},
		"doubted": func(o *bureau, second *alttest.Chat) {
			second.Happens(&channels.LineChanged{Subject: channels.SubjectPerson, State: "new_owner",
				EventMeta: channels.EventMeta{Key: "doubt", Channel: "sms", Peer: second.Address().Peer, At: o.Clock().Now()}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, first, second := twoAccounts(t)
			id := talkID(first)
			require.NoError(t, o.Service().Continue(context.Background(), "agency", id, second.Address(), "ametnik"))
			leave(o, second)
			second.Says("Kes te olete?")
			require.NotContains(t, transcript(t, o.Store(), id), "sms Kes te olete?")
			reply(t, o.Service(), id, "Vastus")
			o.Settle()
			require.Equal(t, "Vastus", first.Sent()[len(first.Sent())-1].Content.(channels.Text).Body)
		})
	}
}

// over runs a check over each store, with three lines of two agencies on which a
// person has the same telephone number.
func over(t *testing.T, check func(t *testing.T, svc *alt.Service, st alt.Store, lines map[channels.ID]*channeltest.Fake)) {
	stores := map[string]func(t *testing.T) alt.Store{
		"memory": func(*testing.T) alt.Store { return memstore.New(memstore.Config{}) },
		"sqlite": func(t *testing.T) alt.Store {
			st, err := sqlitestore.Open(context.Background(), sqlitestore.Config{Path: filepath.Join(t.TempDir(), "alt.db"), Key: make([]byte, 32)})
			require.NoError(t, err)
			return st
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			st := open(t)
			defer func() { require.NoError(t, st.Close()) }()
			lines := make(map[channels.ID]*channeltest.Fake)
			cfg := alt.Config{Store: st, PublicURL: "https://agency.example/webhooks", Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { t.Await(); return nil })}
			for id, of := range map[channels.ID]channels.Agency{"whatsapp": "", "sms": "", "tax-sms": "tax", "page": "tax"} {
				kind, space := channels.SMS, channels.PhonePeers
				if id == "page" {
					kind, space = channels.Messenger, "page-1"
				}
				lines[id] = channeltest.New(channeltest.Config{ID: id, Agency: of, Kind: kind, PeerSpace: space})
				cfg.Channels = append(cfg.Channels, lines[id])
			}
			svc, err := alt.New(cfg)
			require.NoError(t, err)
			check(t, svc, st, lines)
		})
	}
}

// work does what there is to do.
func work(t *testing.T, svc *alt.Service) {
	t.Helper()
	for range 20 {
		n, err := svc.Step(context.Background())
		require.NoError(t, err)
		if n == 0 {
			return
		}
	}
	t.Fatal("the service does not come to rest")
}

func says(t *testing.T, svc *alt.Service, line *channeltest.Fake, peer channels.Peer, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	http.StripPrefix("/webhooks", svc.Webhooks()).ServeHTTP(w, channeltest.HTTP(line.Post(line.Message(peer, text))))
	require.Equal(t, http.StatusOK, w.Code)
	work(t, svc)
}

// What Continue writes is understood by each store, for as long as the person
// goes from one account to the other.
func TestStoresKeepAConversationThatIsAtTwoAccounts(t *testing.T) {
	over(t, func(t *testing.T, svc *alt.Service, st alt.Store, lines map[channels.ID]*channeltest.Fake) {
		const kati = "+37255500001"
		ctx := context.Background()
		at := func(line channels.ID) channels.Address {
			return channels.Address{Agency: "agency", Channel: line, Peer: kati}
		}
		says(t, svc, lines["sms"], kati, "1")
		d, err := st.Dossier(ctx, at("sms"))
		require.NoError(t, err)
		conv := d.Conversation
		conv.Trail = []channels.Address{at("sms"), at("whatsapp")}
		require.NoError(t, st.Commit(ctx, alt.Item{}, alt.Changes{Conversation: conv, Contact: &alt.Contact{Address: at("whatsapp"), Continues: conv.ID}}))

		for i, line := range []channels.ID{"whatsapp", "sms", "sms", "whatsapp"} {
			says(t, svc, lines[line], kati, strconv.Itoa(2+i))
			require.NoError(t, svc.Talk(ctx, "agency", conv.ID, "ametnik", func(t *alt.Turn) error { return t.ReplyText("ok") }))
			work(t, svc)
		}
		require.Equal(t, []string{"sms 1", "whatsapp 2", "whatsapp ok", "sms 3", "sms ok", "sms 4", "sms ok", "whatsapp 5", "whatsapp ok"}, transcript(t, st, conv.ID))
		require.NoError(t, svc.Talk(ctx, "agency", conv.ID, "ametnik", func(t *alt.Turn) error { t.End(session.BySpecialist); return nil }))
		for _, line := range []channels.ID{"whatsapp", "sms"} {
			says(t, svc, lines[line], kati, "uus")
			d, err := st.Dossier(ctx, at(line))
			require.NoError(t, err)
			require.NotEqual(t, conv.ID, d.Conversation.ID)
			require.Equal(t, at(line), d.Conversation.Where())
		}
		require.Len(t, transcript(t, st, conv.ID), 9)
	})
}
