package metatest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestANumberIsReviewedAndHeldBack(t *testing.T) {
	for name, c := range map[string]struct {
		state metatest.NumberState
		send  int // the code of a refusal
		shows map[string]any
	}{
		"works":                   {metatest.NumberState{}, 0, map[string]any{"status": "CONNECTED", "name_status": "APPROVED"}},
		"its name is in review":   {metatest.NumberState{Name: "PENDING_REVIEW"}, 0, map[string]any{"name_status": "PENDING_REVIEW"}},
		"its name was declined":   {metatest.NumberState{Name: "DECLINED"}, 0, map[string]any{"name_status": "DECLINED"}},
		"is flagged":              {metatest.NumberState{Status: "FLAGGED"}, 0, map[string]any{"status": "FLAGGED"}},
		"is pending":              {metatest.NumberState{Status: "PENDING"}, 133010, map[string]any{"status": "PENDING", "code_verification_status": "NOT_VERIFIED"}},
		"is banned":               {metatest.NumberState{Status: "BANNED"}, 131031, map[string]any{"status": "BANNED"}},
		"its account is reviewed": {metatest.NumberState{Review: "PENDING"}, 0, map[string]any{"status": "CONNECTED"}},
		"its account was refused": {metatest.NumberState{Review: "REJECTED"}, 131031, map[string]any{"status": "CONNECTED"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, func(cfg *metatest.Config) { cfg.Numbers[0].State = c.state })
			a.Person(number, phone).Says("tere")
			_, answer := a.call("POST", "/"+number+"/messages", waToken, waText(phone, "Tere"))
			code, _ := fault(answer)
			require.Equal(t, c.send, code)
			_, shown := a.call("GET", "/"+number+"?fields=status,name_status,code_verification_status", waToken, nil)
			for field, want := range c.shows {
				require.Equal(t, want, shown[field], field)
			}
			_, account := a.call("GET", "/"+waba+"?fields=account_review_status", waToken, nil)
			want := c.state.Review
			if want == "" {
				want = "APPROVED"
			}
			require.Equal(t, want, account["account_review_status"])
		})
	}
}

func TestWhatBecomesOfANumberIsTold(t *testing.T) {
	a := open(t, func(c *metatest.Config) {
		c.Numbers[0].Unregistered, c.Numbers[0].State = true, metatest.NumberState{Status: "PENDING", Name: "PENDING_REVIEW", Review: "PENDING"}
	})
	register := func() int {
		_, answer := a.call("POST", "/"+number+"/register", waToken, `{"messaging_product":"whatsapp","pin":"123456"}`)
		code, _ := fault(answer)
		return code
	}
	require.Equal(t, 133006, register(), "it is not verified yet")
	tells := func() []string {
		var all []string
		for _, e := range a.events() {
			change := at(e, "entry", 0, "changes", 0)
			value := at(change, "value")
			word, _ := at(value, "decision").(string)
			if word == "" {
				word, _ = at(value, "ban_info", "waba_ban_state").(string)
			}
			all = append(all, at(change, "field").(string)+" "+word)
		}
		return all
	}
	a.SetNumber(number, metatest.NumberState{Name: "PENDING_REVIEW", Review: "PENDING"})
	require.Empty(t, tells())
	require.Equal(t, 0, register())
	a.SetNumber(number, metatest.NumberState{})
	require.Equal(t, []string{"account_review_update APPROVED", "phone_number_name_update APPROVED"}, tells())
	a.SetNumber(number, metatest.NumberState{Status: "BANNED", Name: "DECLINED"})
	require.Equal(t, []string{"phone_number_name_update REJECTED", "account_update DISABLE"}, tells())
	a.SetNumber(number, metatest.NumberState{Name: "DECLINED", Review: "REJECTED"})
	require.Equal(t, []string{"account_review_update REJECTED", "account_update REINSTATE"}, tells())
	_, account := a.call("GET", "/"+waba+"?fields=account_review_status", waToken, nil)
	require.Equal(t, "REJECTED", account["account_review_status"], "it is one account for all its numbers")
	a.Person(number2, phone).Says("tere")
	_, answer := a.call("POST", "/"+number2+"/messages", waToken, waText(phone, "Tere"))
	code, _ := fault(answer)
	require.Equal(t, 131031, code)
	require.Panics(t, func() { a.SetNumber(page, metatest.NumberState{}) })
}
