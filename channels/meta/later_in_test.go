package meta_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// lineless is an app whose accounts come later.
func lineless(ignored *[]string) meta.Config {
	cfg := receiving()
	cfg.Lines, cfg.LinesLater = nil, true
	cfg.Ignored = func(account string) { *ignored = append(*ignored, account) }
	return cfg
}

func TestAnAppWithoutLinesHasToBeMeant(t *testing.T) {
	cfg := receiving()
	cfg.Lines = nil
	_, err := meta.New(cfg)
	require.EqualError(t, err, "meta: Config.Lines is required without LinesLater")
	cfg.LinesLater = true
	app, err := meta.New(cfg)
	require.NoError(t, err)
	require.Empty(t, app.Channels())
	cfg.Lines = receiving().Lines
	app, err = meta.New(cfg)
	require.NoError(t, err)
	require.Len(t, app.Channels(), 4, "it may have lines too")
}

func TestAnAppWithoutLinesKnowsMeta(t *testing.T) {
	app := receiverOf(t, lineless(new([]string)))
	answer, err := app.Challenge(t.Context(), shake("?hub.mode=subscribe&hub.verify_token="+verifyToken+"&hub.challenge=158201444"))
	require.NoError(t, err)
	require.Equal(t, "158201444", string(answer))
	believed(t, app, hooked(pageBody(fromKati(`"message":{"mid":"m1","text":"Tere"}`))))
	forged := hooked(pageBody())
	forged.Header.Set("X-Hub-Signature-256", signature(forged.Body, "another secret"))
	doubted(t, app, forged)
}

func TestAnAppWithoutLinesKeepsWhatIsOfNobody(t *testing.T) {
	var ignored []string
	app := receiverOf(t, lineless(&ignored))
	for name, body := range map[string]string{
		"a page":             pageBody(fromKati(`"message":{"mid":"m1","text":"Tere"}`)),
		"a number":           fromMari(`"type":"text","text":{"body":"a"}`),
		"a business account": accountBody(wabaID),
	} {
		events := parsed(t, app, body)
		require.Equal(t, []string{"malformed unknown_account"}, tales(t, events), name)
		require.Empty(t, events[0].Meta().Channel, "it is of no line")
		require.Equal(t, events[0].Meta().Key, parsed(t, app, body)[0].Meta().Key, "and the same when it comes again")
	}
	require.Equal(t, []string{"malformed unknown_object"}, tales(t, parsed(t, app, `{"object":"permissions","entry":[{"id":"1"}]}`)))
	require.Equal(t, []string{"malformed unknown_entry"}, tales(t, parsed(t, app, `{"object":"page","entry":[{"id":"1"}]}`)))
	require.Empty(t, ignored)

	require.Empty(t, parsed(t, app, `{"object":"page","entry":[{"id":"`+goneID+`","messaging":[{"sender":{"id":"42"},"recipient":{"id":"`+goneID+`"},"timestamp":1700000000001,"message":{"mid":"m2","text":"Tere"}}]}]}`))
	require.Empty(t, parsed(t, app, accountBody(goneID)))
	require.Equal(t, []string{goneID, goneID}, ignored, "a removed account's is only counted")
}

// accountBody is news of a WhatsApp Business Account.
func accountBody(business string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + business + `","time":1700000000,"changes":[{"field":"account_review_update","value":{"decision":"APPROVED"}}]}]}`
}

func TestAnAppWithoutLinesHasNoHealth(t *testing.T) {
	err := receiverOf(t, lineless(new([]string))).Health(t.Context(), "page")
	require.ErrorIs(t, err, channels.ErrUnsupported, "which says nothing of any line")
	require.EqualError(t, err, "health on page: unsupported")
}
