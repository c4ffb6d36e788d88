package meta

import (
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// verdict is what a code of Meta means to us.
type verdict struct {
	class   error
	unclear bool          // the message may have gone out all the same
	wait    time.Duration // before it is tried again, at least
	person  bool          // the rate is one person's
	instead []channels.Alternative
	advice  string // for the operator
}

// ruling is one verdict with its codes: "code", or "code/subcode" where the
// subcode says something else than the code alone.
type ruling struct {
	codes []string
	verdict
}

// pairWait is the least time between two messages to one person, at the rate
// that WhatsApp holds a pair to.
const pairWait = 6 * time.Second

// rulings is the table of codes, by which alone a refusal is judged: HTTP
// statuses disagree with them and texts change.
func rulings() []ruling {
	template := []channels.Alternative{channels.UseTemplate, channels.UseOtherChannel}
	human := []channels.Alternative{channels.UseHumanAgent, channels.UseOtherChannel}
	other := []channels.Alternative{channels.UseOtherChannel}
	return []ruling{
		// Passing faults. A 1 or 2 that is not called transient may have come too
		// late to stop the message.
		{[]string{"1", "2"}, verdict{class: channels.ErrUnavailable, unclear: true, advice: "Meta had a fault of its own; a lasting one is on metastatus.com"}},
		{[]string{"1200", "131000", "131016", "133004", "135000"}, verdict{class: channels.ErrUnavailable, advice: "Meta had a fault of its own; a lasting one is on metastatus.com"}},
		{[]string{"131057", "133016"}, verdict{class: channels.ErrUnavailable, wait: 5 * time.Minute, advice: "the number is being maintained or registered; wait some minutes"}},
		{[]string{"131053"}, verdict{class: channels.ErrUnavailable, wait: 10 * time.Second, advice: "Meta could not take the file: is its address public, its type allowed?"}},

		// Rates.
		{[]string{"4", "17", "32", "613", "80004", "80006", "80007", "80008"}, verdict{class: channels.ErrRateLimited, wait: time.Minute, advice: "calls are over the hourly limit of the app, page or business account"}},
		{[]string{"130429"}, verdict{class: channels.ErrRateLimited, wait: 5 * time.Second, advice: "more messages a second than the number may send; lower the line's rate"}},
		{[]string{"131056"}, verdict{class: channels.ErrRateLimited, wait: pairWait, person: true, advice: "too many messages to one person in a short time"}},
		{[]string{"131048"}, verdict{class: channels.ErrRateLimited, wait: time.Hour, instead: other, advice: "people blocked or reported the number: stop campaigns and look at its quality rating"}},

		// Policy.
		{[]string{"10/2018300"}, verdict{class: channels.ErrRejected, advice: "another application, or the page's own inbox, has the conversation"}},
		{[]string{"131064", "368"}, verdict{class: channels.ErrRejected, instead: other, advice: "the account is held back for breaking a policy; see Account Quality"}},
		{[]string{"10/1893063"}, verdict{class: channels.ErrRejected, instead: other, advice: "the page may not send for now; see Page Quality"}},
		{[]string{"131049", "130472", "131063"}, verdict{class: channels.ErrRejected, instead: other, advice: "Meta chose not to deliver this marketing message; do not repeat it within a day"}},
		{[]string{"131050"}, verdict{class: channels.ErrOptedOut, instead: other, advice: "the person wants no marketing messages"}},

		// The reply window.
		{[]string{"131047"}, verdict{class: channels.ErrWindowClosed, instead: template}},
		{[]string{"10/2018278", "10/2018065", "10/2534022"}, verdict{class: channels.ErrWindowClosed, instead: human}},

		// The person.
		{[]string{"131026", "131021"}, verdict{class: channels.ErrUnreachable, instead: other}},
		{[]string{"551", "551/1545041", "200/1545041", "10/2018108", "100/2018001", "100/2534014"}, verdict{class: channels.ErrUnreachable, instead: other}},
		{[]string{"131062"}, verdict{class: channels.ErrUnsupported, instead: other, advice: "this template needs the person's phone number, which WhatsApp does not tell"}},
		{[]string{"137000"}, verdict{class: channels.ErrRejected, instead: other, advice: "the person's number may have a new owner"}},

		// Access.
		{[]string{"190", "0", "102"}, verdict{class: channels.ErrCredentials, advice: "the access token is not valid: connect the account again"}},
		{[]string{"190/458"}, verdict{class: channels.ErrCredentials, advice: "the app was removed from the account: connect it again"}},
		{[]string{"190/459", "190/464"}, verdict{class: channels.ErrCredentials, advice: "whoever connected the account must log in to Facebook and confirm it"}},
		{[]string{"190/460"}, verdict{class: channels.ErrCredentials, advice: "the password of whoever connected the account changed: connect it again"}},
		{[]string{"190/463", "190/467"}, verdict{class: channels.ErrCredentials, advice: "the access token has ended: connect the account again"}},
		{[]string{"3", "10", "230", "131005"}, verdict{class: channels.ErrCredentials, advice: "the app or its token lacks a permission"}},

		// The set-up.
		{[]string{"131031", "131042", "131044", "131045", "130497", "131037", "133010"}, verdict{class: channels.ErrRejected, advice: "the number cannot send: look at its account, payment, name and registration in WhatsApp Manager"}},
		{[]string{"133005"}, verdict{class: channels.ErrRejected, advice: "the PIN is not the number's: enter the one it was registered with, or set a new one in WhatsApp Manager"}},
		{[]string{"133006"}, verdict{class: channels.ErrRejected, advice: "the number has to be verified again in WhatsApp Manager before it is registered"}},
		{[]string{"133008", "133009"}, verdict{class: channels.ErrRateLimited, wait: time.Hour, advice: "the PIN was wrong too often: wait before the next attempt"}},
		{[]string{"131030"}, verdict{class: channels.ErrRejected, advice: "a test number sends to its listed recipients only"}},
		{[]string{"2635"}, verdict{class: channels.ErrRejected, advice: "this version of the Graph API has ended: raise Config.Version"}},
		{[]string{"132068", "132069", "139100", "139101", "139102"}, verdict{class: channels.ErrRejected, advice: "a limit of flows or of blocked people"}},
		{[]string{"139103"}, verdict{class: channels.ErrUnavailable}},

		// The content.
		{[]string{"100", "33", "1545121", "131008", "131009"}, verdict{class: channels.ErrRejected, advice: "Meta refused a parameter"}},
		{[]string{"100/1893061"}, verdict{class: channels.ErrRejected, advice: "the message tag is no longer known"}},
		{[]string{"36000"}, verdict{class: channels.ErrTooLong, advice: "the image is too large"}},
		{[]string{"131051"}, verdict{class: channels.ErrUnsupported}},
		{[]string{"131052"}, verdict{class: channels.ErrRejected, advice: "WhatsApp could not fetch the file; ask for it again"}},

		// Templates.
		{[]string{"132000", "132005", "132008", "132012"}, verdict{class: channels.ErrTemplate, advice: "the variables do not fit the template"}},
		{[]string{"132001"}, verdict{class: channels.ErrTemplate, advice: "there is no approved template of this name and language"}},
		{[]string{"132007"}, verdict{class: channels.ErrTemplate, advice: "the template's text breaks a policy"}},
		{[]string{"132015"}, verdict{class: channels.ErrTemplate, advice: "the template is paused for its quality"}},
		{[]string{"132016"}, verdict{class: channels.ErrTemplate, advice: "the template was paused too often and is disabled: make a new one"}},
	}
}

// verdictOf looks a code up, with its subcode first. False: it is not known.
func verdictOf(code, subcode string) (verdict, bool) {
	var found *verdict
	for _, r := range rulings() {
		for _, c := range r.codes {
			switch c {
			case code + "/" + subcode:
				return r.verdict, true
			case code:
				found = &r.verdict
			}
		}
	}
	switch n, err := strconv.Atoi(code); {
	case strings.HasPrefix(subcode, "2388"), strings.HasPrefix(code, "2388"):
		// A whole family: what is wrong with a template that is being made.
		return verdict{class: channels.ErrTemplate, advice: "the template breaks a rule for templates"}, true
	case found != nil:
		return *found, true
	case err == nil && n >= 200 && n <= 299:
		return verdict{class: channels.ErrCredentials, advice: "the app or its token lacks a permission"}, true
	}
	return verdict{}, false
}

// Advice returns what an operator can do about a code of Meta, as it stands in
// channels.Error.Provider ("131042", "190/460"); empty when there is nothing to
// say.
func Advice(code string) string {
	code, subcode, _ := strings.Cut(code, "/")
	v, _ := verdictOf(code, subcode)
	return v.advice
}
