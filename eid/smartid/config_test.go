package smartid_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

func goodConfig() smartid.Config {
	return smartid.Config{
		Environment: smartid.Demo(), RelyingPartyUUID: uuid, RelyingPartyName: "DEMO", Trust: pki().store, Revocation: &checker{},
		Pins: []string{"Ps1Im3KeB0Q4AlR+/J9KFd/MOznaARdwo4gURPCLaVA="},
	}
}

func TestAConfigurationNamesWhatIsWrongWithIt(t *testing.T) {
	_, err := smartid.New(goodConfig())
	require.NoError(t, err)
	for field, change := range map[string]func(*smartid.Config){
		"Environment": func(c *smartid.Config) { c.Environment.BaseURL = "" },
		"Environment: httpx: Config.BaseURL must be https": func(c *smartid.Config) { c.Environment.BaseURL = "http://127.0.0.1/v3" },
		"Environment.SchemeName":                           func(c *smartid.Config) { c.Environment.SchemeName = "a|b" },
		"Environment.Authentication":                       func(c *smartid.Config) { c.Environment.Authentication = nil },
		"Environment.Signing":                              func(c *smartid.Config) { c.Environment.Signing[0].All = nil },
		"Environment.Signing has":                          func(c *smartid.Config) { c.Environment.Signing[0].Level = eid.Undefined },
		"Environment.Authentication has":                   func(c *smartid.Config) { c.Environment.Authentication[0].Certificates = "x" },
		"RelyingPartyUUID":                                 func(c *smartid.Config) { c.RelyingPartyUUID = strings.ToUpper("abcdef00-0000-4000-8000-000000000000") },
		"RelyingPartyUUID is":                              func(c *smartid.Config) { c.RelyingPartyUUID = "" },
		"RelyingPartyName":                                 func(c *smartid.Config) { c.RelyingPartyName = "" },
		"RelyingPartyName is":                              func(c *smartid.Config) { c.RelyingPartyName = strings.Repeat("õ", 17) },
		"Flow":                                             func(c *smartid.Config) { c.Flow = "carrier pigeon" },
		"Trust":                                            func(c *smartid.Config) { c.Trust = nil },
		"Revocation":                                       func(c *smartid.Config) { c.Revocation = nil },
		"Revocation and":                                   func(c *smartid.Config) { c.InsecureSkipRevocation = true },
		"Pins":                                             func(c *smartid.Config) { c.Pins = nil },
		"Pins and":                                         func(c *smartid.Config) { c.InsecureNoPins = true },
		"Pins: ":                                           func(c *smartid.Config) { c.Pins = []string{"x"} },
		"Hash":                                             func(c *smartid.Config) { c.Hash = "SHA-1" },
		"Certificates":                                     func(c *smartid.Config) { c.Certificates = "QSCD" },
		"Interactions: number 1":                           func(c *smartid.Config) { c.Interactions = []smartid.InteractionType{smartid.VerificationCodeChoice} },
		"Interactions: number 2": func(c *smartid.Config) {
			c.Interactions = []smartid.InteractionType{smartid.ConfirmationMessage, smartid.ConfirmationMessage}
		},
		"PollTimeout":    func(c *smartid.Config) { c.PollTimeout = 999 * time.Millisecond },
		"PollTimeout is": func(c *smartid.Config) { c.PollTimeout = 121 * time.Second },
		"Lifetime":       func(c *smartid.Config) { c.Lifetime = time.Hour },
		"QRFor":          func(c *smartid.Config) { c.QRFor = 6 * time.Minute },
	} {
		cfg := goodConfig()
		change(&cfg)
		a, err := smartid.New(cfg)
		require.ErrorContains(t, err, "Config."+strings.TrimSpace(field), field)
		require.Nil(t, a)
	}
	linked := goodConfig()
	linked.Interactions = []smartid.InteractionType{smartid.ConfirmationMessageAndVerificationCodeChoice}
	_, err = smartid.New(linked)
	require.ErrorContains(t, err, "Config.Interactions", "only a notification has that")
}

func TestEnvironmentsAreValuesOfTheirOwn(t *testing.T) {
	one, two := smartid.Demo(), smartid.Demo()
	one.Authentication[0].All[0][0] = 9
	one.Authentication[0].Level = eid.Low
	require.Equal(t, smartid.Demo(), two)
	require.Equal(t, "smart-id-demo", two.SchemeName)
	require.Equal(t, "smart-id", smartid.Live().SchemeName)
	for url, e := range map[string]smartid.Environment{
		"https://rp-api.smart-id.com/v3": smartid.Live(), "https://sid.demo.sk.ee/smart-id-rp/v3": smartid.Demo(),
		"https://rp-api.smart-id.com/v2": smartid.LiveV2(), "https://sid.demo.sk.ee/smart-id-rp/v2": smartid.DemoV2(),
	} {
		require.Equal(t, url, e.BaseURL)
	}
}

func TestAnAuthenticatorNeedsRandomBytes(t *testing.T) {
	for _, n := range []int{0, 15, 16, 79} {
		r := newRig(t, func(c *smartid.Config) { c.Rand = strings.NewReader(strings.Repeat("x", n)) })
		_, err := r.Begin(t.Context(), eid.Request{ReturnURL: returnURL})
		require.ErrorContains(t, err, "random", n)
		require.Empty(t, r.service.requests)
	}
	r := newRig(t, func(c *smartid.Config) { c.Rand = strings.NewReader(strings.Repeat("x", 80)) })
	begin(t, r, eid.Request{ReturnURL: returnURL})
	require.Equal(t, eid.SmartID, r.Method())
}

func TestV2TakesWhatItKnows(t *testing.T) {
	for field, change := range map[string]func(*smartid.ConfigV2){
		"Hash":         func(c *smartid.ConfigV2) { c.Hash = smartid.SHA3x256 },
		"Interactions": func(c *smartid.ConfigV2) { c.Interactions = []smartid.InteractionType{"x"} },
		"Trust":        func(c *smartid.ConfigV2) { c.Trust = nil },
	} {
		cfg := configV2(&service{})
		change(&cfg)
		_, err := smartid.NewV2(cfg)
		require.ErrorContains(t, err, "Config."+field)
	}
	cfg := configV2(&service{})
	cfg.Interactions = []smartid.InteractionType{smartid.VerificationCodeChoice}
	a, err := smartid.NewV2(cfg)
	require.NoError(t, err)
	require.Equal(t, eid.SmartID, a.Method())
	_, live := any(a).(eid.LiveLinker)
	require.False(t, live)
}

func TestEveryEndOfASessionHasItsMeaning(t *testing.T) {
	for result, want := range map[string]struct {
		kind   error
		advice smartid.Advice
	}{
		"USER_REFUSED":                                    {eid.ErrRefused, smartid.AdviceAgain},
		"USER_REFUSED_INTERACTION":                        {eid.ErrRefused, smartid.AdviceAgain},
		"USER_REFUSED_CERT_CHOICE":                        {eid.ErrRefused, smartid.AdviceAgain},
		"USER_REFUSED_DISPLAYTEXTANDPIN":                  {eid.ErrRefused, smartid.AdviceAgain},
		"USER_REFUSED_VC_CHOICE":                          {eid.ErrRefused, smartid.AdviceAgain},
		"USER_REFUSED_CONFIRMATIONMESSAGE":                {eid.ErrRefused, smartid.AdviceAgain},
		"USER_REFUSED_CONFIRMATIONMESSAGE_WITH_VC_CHOICE": {eid.ErrRefused, smartid.AdviceAgain},
		"WRONG_VC":          {eid.ErrRefused, smartid.AdviceAgain},
		"TIMEOUT":           {eid.ErrExpired, smartid.AdviceAgain},
		"SERVER_ERROR":      {eid.ErrFailed, smartid.AdviceAgain},
		"DOCUMENT_UNUSABLE": {eid.ErrNoAccount, smartid.AdviceOther},
		"ACCOUNT_UNUSABLE":  {eid.ErrNoAccount, smartid.AdviceOther},
		"REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP": {eid.ErrNoAccount, smartid.AdviceUpdate},
		"PROTOCOL_FAILURE":                          {eid.ErrFailed, smartid.AdviceReport},
		"EXPECTED_LINKED_SESSION":                   {eid.ErrFailed, smartid.AdviceReport},
		"SOMETHING_NEW":                             {eid.ErrFailed, smartid.AdviceReport},
	} {
		s, err := smartid.ParseSession([]byte(`{"state":"COMPLETE","result":{"endResult":"` + result + `"}}`))
		require.NoError(t, err)
		require.ErrorIs(t, s.Err(), want.kind, result)
		var f *smartid.Failure
		require.ErrorAs(t, s.Err(), &f)
		require.Equal(t, []any{result, want.advice}, []any{f.Result, f.Advice})
		require.ErrorContains(t, f, result)
	}
}

func TestTheServicesOwnWordsAreKeptWhereTheyAreWords(t *testing.T) {
	for in, want := range map[string][2]string{
		`{"errors":[{"code":"A_B","paramName":"x.y"},{"code":"C"}]}`: {"A_B", "x.y"},
		`{"errors":[{"code":7,"paramName":"38001085718"}]}`:          {"unreadable", "unreadable"},
		`{"errors":[]}`: {}, `{"errors":"x"}`: {}, `[]`: {}, ``: {}, `{"errors":[7]}`: {},
	} {
		code, param := smartid.ProblemForTest([]byte(in))
		require.Equal(t, want, [2]string{code, param}, in)
	}
	_, err := smartid.ParseSession([]byte(strings.Repeat(" ", 65<<10) + `{"state":"RUNNING"}`))
	require.ErrorIs(t, err, smartid.ErrProtocol)
	s, err := smartid.ParseSession([]byte(`{"state":"COMPLETE","result":{"endResult":"NEW_END","details":{"interaction":"38001085718"}}}`))
	require.NoError(t, err)
	var f *smartid.Failure
	require.ErrorAs(t, s.Err(), &f)
	require.Equal(t, []string{"NEW_END", "unreadable"}, []string{f.Result, f.Interaction})
	require.ErrorIs(t, f, eid.ErrFailed)
}
