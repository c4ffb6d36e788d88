package alt

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/sealed"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// dialogue is what is kept of an authentication in the chat itself, see
// LoginPolicy.InChat. Its flow is the only place where it is kept, sealed, and it
// is spent with the dialogue's end.
type dialogue struct {
	ID           string           `json:"id"`
	To           channels.Address `json:"to"`
	Conversation string           `json:"conversation"`
	Level        eid.Level        `json:"level"`
	Language     string           `json:"language"`

	Step     dialogueStep     `json:"step"`
	Mistakes int              `json:"mistakes,omitempty"`
	Code     eid.PersonalCode `json:"code,omitempty"`  // until the method has begun
	Phone    eid.Phone        `json:"phone,omitempty"` // until the method has begun
	Begun    int              `json:"begun,omitempty"` // how often the method was begun
	State    eid.State        `json:"state,omitempty"`
	Identity *eid.Identity    `json:"identity,omitempty"` // proven, and to be given to the session

	flow Flow
}

// dialogueStep is what a dialogue waits for.
type dialogueStep string

const (
	stepCode   dialogueStep = "code"   // the person's code
	stepPhone  dialogueStep = "phone"  // the person's number
	stepBegin  dialogueStep = "begin"  // the method, to be begun
	stepDecide dialogueStep = "decide" // the person, at the telephone
	stepProven dialogueStep = "proven" // the session, to get the identity
)

// maxMistakes is how many answers that are no code or number end a dialogue.
const maxMistakes = 3

// flowDialogue begins the key of a dialogue.
const flowDialogue = "dialogue:"

// askInChat begins a dialogue, and the wait for its end.
func (t *Turn) askInChat(l *logins, a Authentication, asked []time.Time) error {
	address := t.Address()
	d := &dialogue{ID: nameOf(secret(wordBytes)), To: address, Conversation: t.d.Conversation.ID, Level: a.Level, Language: t.Language(), Step: stepCode}
	d.flow = Flow{Agency: address.Agency, Key: flowDialogue + d.ID, Expires: t.now.Add(l.For)}
	f, err := l.sealed(d)
	if err != nil {
		return err
	}
	purpose := a.Purpose
	if purpose != "" {
		purpose += "\n"
	}
	text := loginSay(d.Language, textAskCode, "{agency}", l.name(address.Agency, d.Language), "{purpose}", purpose)
	if err := t.whisper(text, f.Expires); err != nil {
		return err
	}
	t.asked(LoginState{ID: d.ID, Level: a.Level, InChat: true}, f, asked)
	return nil
}

// sealed returns the dialogue's flow as it is to be saved.
func (l *logins) sealed(d *dialogue) (Flow, error) {
	f := d.flow
	err := l.seal(&f, d)
	return f, err
}

// loadDialogue finds a dialogue by its login's id; ErrNotFound.
func (s *Service) loadDialogue(ctx context.Context, agency channels.Agency, id string) (*dialogue, error) {
	d := &dialogue{}
	f, err := s.load(ctx, agency, flowDialogue+id, d)
	d.flow = f
	return d, err
}

// inDialogue returns the login that the person is asked about in the chat; nil
// when there is none.
func inDialogue(d Dossier) *LoginState {
	c := d.Conversation
	if c == nil || c.State != Open || c.Login == nil || !c.Login.InChat || c.Login.Status != LoginPending {
		return nil
	}
	return c.Login
}

// whisper says something of a dialogue: it goes out like any message, and what
// is stored of it shows nothing.
func (t *Turn) whisper(text string, until time.Time) error {
	ring, err := t.svc.logins.ring()
	if err != nil {
		return err
	}
	fits, err := channels.Fit(t.line.info.Capabilities, channels.Text{Body: text})
	if err == nil && len(fits) != 1 {
		err = fmt.Errorf("%w: a question of the dialogue is longer than one message of line %.64q", ErrPolicy, t.line.info.ID)
	}
	if err != nil {
		return err
	}
	offer, offered := t.d.Contact.Offer, t.fx.offered
	id := channels.MessageID(uuid.New(t.now))
	err = t.Send(channels.Outbound{ID: id, Content: channels.Text{Body: channels.Blank}, Author: channels.System, NotAfter: until,
		Secret: ring.Seal([]byte(text), whisperPlace(t.Address(), id)), Private: true})
	t.d.Contact.Offer, t.fx.offered = offer, offered
	return err
}

func whisperPlace(a channels.Address, id channels.MessageID) sealed.Place {
	return sealed.Place{Agency: string(a.Agency), Line: string(a.Channel), Name: "message " + string(id)}
}

// codeIn reads a personal code that somebody wrote; without a country it is an
// Estonian one, and of others only Lithuania has Mobile-ID.
func codeIn(said string) (eid.PersonalCode, error) {
	said = strings.ToUpper(strings.Join(strings.Fields(said), ""))
	if said != "" && said[0] >= '0' && said[0] <= '9' {
		said = "EE" + said
	}
	code, err := eid.ParsePersonalCode(said)
	if err == nil && code.Country() != "EE" && code.Country() != "LT" {
		return "", fmt.Errorf("%w: a country without Mobile-ID", eid.ErrCode)
	}
	return code, err
}

// phoneIn reads a number that somebody wrote; without a country's code it is an
// Estonian one.
func phoneIn(said string) (eid.Phone, error) {
	said = strings.TrimSpace(said)
	const national = 8 // so many digits at most in Estonia, with the country's code more
	switch n := digitsIn(said); {
	case strings.HasPrefix(said, "+") || strings.HasPrefix(said, "00"):
	case strings.HasPrefix(said, "37") && n > national:
		said = "+" + said
	default:
		said = "+372" + said
	}
	return eid.ParsePhone(said)
}

func digitsIn(s string) int {
	n := 0
	for _, b := range []byte(s) {
		if b >= '0' && b <= '9' {
			n++
		}
	}
	return n
}

// givesUp reports whether the person wants no more of the dialogue, in any of
// its languages.
func givesUp(said string) bool {
	switch strings.ToLower(strings.Trim(said, " \t\r\n.!\"'«»„“”")) {
	case "katkesta", "cancel", "отмена":
		return true
	}
	return false
}
