package smartidtest

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrTaken says that there is an account with this document number.
var ErrTaken = errors.New("smartidtest: the document number is taken")

// Person is somebody with an account. It prints as "[person]".
type Person struct {
	// Identifier is the semantics identifier: "PNOEE-40504040001". Required. Neither date nor check digit of the number
	// is looked at.
	Identifier string
	// GivenName and Surname are required.
	GivenName, Surname string
	// Born is the date of birth that the certificate states: "1999-01-01". Empty: it states none.
	Born string
	// Level is Qualified, the default, or Advanced.
	Level string
	// Document is the number of the account. Default: the identifier with "-MOCK-Q" or "-MOCK-NQ" behind it.
	Document string
	// OldCertificate is a certificate for authentication as they were issued before 2025.
	OldCertificate bool

	// Result ends the person's notifications by itself: "OK", "USER_REFUSED", or any other. Version 2 is told
	// USER_REFUSED_INTERACTION in its own words. Empty: the phone waits for Server.Prompts. "TIMEOUT" waits until the
	// time is up. Device links are never answered by themselves.
	Result string
	// Interaction is the screen on which the person refuses, with the Result USER_REFUSED_INTERACTION.
	Interaction string
	// After is how long the person takes for Result. 0: the result is there at the first poll.
	After time.Duration

	// Status, if not 0, refuses to begin anything with the person: 404, 471 or 472. Version 3 writes the latter two as
	// 404.
	Status int
	// Unusable answers a request for the certificate with DOCUMENT_UNUSABLE.
	Unusable bool
}

// Format prints a fixed text, whatever the verb.
func (Person) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[person]") }

// LogValue returns the same fixed text for slog.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

var (
	identifierForm = regexp.MustCompile(`^(PNO|PAS|IDC)[A-Z]{2}-[!-~]{1,64}$`)
	documentForm   = regexp.MustCompile(`^(PNO|PAS|IDC)[A-Z]{2}-[!-~]{1,64}-[0-9A-Z]{4}-N?Q$`)
)

// account is a person with the credentials that were made so far.
type account struct {
	Person

	mu    sync.Mutex
	made  map[credentialKind]credential
	auth  key
	signs key
}

type people struct {
	byDocument   map[string]*account
	byIdentifier map[string][]*account
}

func newPeople() people {
	return people{byDocument: map[string]*account{}, byIdentifier: map[string][]*account{}}
}

// AddPerson opens an account and returns it with its defaults filled in. A person may have several. ErrTaken says that
// the document number is not free; other errors name the field.
func (s *Server) AddPerson(p Person) (Person, error) {
	setDefault(&p.Level, Qualified)
	if p.Document == "" {
		p.Document = p.Identifier + map[string]string{Qualified: "-MOCK-Q", Advanced: "-MOCK-NQ"}[p.Level]
	}
	if err := p.check(); err != nil {
		return Person{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.people.byDocument[p.Document] != nil {
		return Person{}, ErrTaken
	}
	a := &account{Person: p, made: map[credentialKind]credential{}}
	s.people.byDocument[p.Document] = a
	s.people.byIdentifier[p.Identifier] = append(s.people.byIdentifier[p.Identifier], a)
	return p, nil
}

func (p *Person) check() error {
	wrong := func(field, what string) error { return errors.New("smartidtest: Person." + field + " " + what) }
	switch {
	case !identifierForm.MatchString(p.Identifier):
		return wrong("Identifier", "is not a semantics identifier")
	case p.GivenName == "" || p.Surname == "":
		return wrong("GivenName and Surname", "are required")
	case p.Level != Qualified && p.Level != Advanced:
		return wrong("Level", "must be QUALIFIED or ADVANCED")
	case !documentForm.MatchString(p.Document):
		return wrong("Document", "is not a document number")
	case p.Result != resultRefusedInteraction && p.Interaction != "":
		return wrong("Interaction", "goes with USER_REFUSED_INTERACTION only")
	case p.After < 0:
		return wrong("After", "must not be negative")
	case !slices.Contains([]int{0, 404, statusNoSuitable, statusLookAtApp}, p.Status):
		return wrong("Status", "must be 404, 471 or 472")
	}
	if _, err := time.Parse(time.DateOnly, p.Born); p.Born != "" && err != nil {
		return wrong("Born", "is not a date")
	}
	return nil
}

// People returns the accounts, in the order of their document numbers.
func (s *Server) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Person, 0, len(s.people.byDocument))
	for _, a := range s.people.byDocument {
		out = append(out, a.Person)
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.Document, b.Document) })
	return out
}

// is reports whether the account is named by this document number or identifier.
func (a *account) is(name string) bool {
	return a != nil && (a.Document == name || a.Identifier == name)
}

// covers reports whether the account is of the level that is asked for.
func (a *account) covers(level string) bool { return a.Level == Qualified || level == Advanced }

// find is the account that a request is for; nil where anybody may answer. Server.mu is held.
func (s *Server) find(r route, id string, a *ask) (*account, *fault) {
	var candidates []*account
	switch r.person {
	case anybody:
		return nil, nil
	case document:
		if !documentForm.MatchString(id) {
			return nil, invalid(param{Detail: "Invalid documentNumber: the format is wrong", Name: "documentNumber"})
		}
		if one := s.people.byDocument[id]; one != nil {
			candidates = []*account{one}
		}
	default:
		if !identifierForm.MatchString(id) {
			return nil, invalid(param{Detail: "Invalid semanticsIdentifier: the format is wrong", Name: "semanticsIdentifier"})
		}
		candidates = s.people.byIdentifier[id]
	}
	hidden := a.party.qualifiedOnly(r.version)
	candidates = slices.DeleteFunc(slices.Clone(candidates), func(c *account) bool { return hidden && c.Level == Advanced })
	if len(candidates) == 0 {
		return nil, notFound()
	}
	for _, c := range candidates {
		switch {
		case c.Status == statusNoSuitable:
			return nil, noSuitable(r.version)
		case c.Status == statusLookAtApp && r.version == 2:
			return nil, &fault{status: statusLookAtApp, detail: title(statusLookAtApp)}
		case c.Status != 0:
			return nil, notFound()
		case c.covers(a.level):
			return c, nil
		}
	}
	return nil, noSuitable(r.version)
}
