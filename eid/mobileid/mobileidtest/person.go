package mobileidtest

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Errors of the people.
var (
	// ErrTaken says that somebody else has this number.
	ErrTaken = errors.New("mobileidtest: the number is taken")
	// ErrPerson says that nobody has this number.
	ErrPerson = errors.New("mobileidtest: nobody with this number")
)

// Person is somebody with a number and a SIM that signs. It prints as "[person]".
type Person struct {
	// Phone is the number with "+" and the country's code. Required.
	Phone string
	// Code is the national identity number, eleven digits; the check digit is not looked at. Required.
	Code string
	// Country is "EE", the default, or "LT".
	Country string
	// GivenName and Surname are required.
	GivenName, Surname string
	// OldCertificate is a certificate whose serial number has no "PNOEE-" before the code, as until 2018.
	OldCertificate bool
	// RSA gives the SIM RSA keys, as older ones have, instead of P-256.
	RSA bool
	// NonQualified is a certificate of the authority that issues those that are not qualified.
	NonQualified bool

	// Result ends the person's sessions by itself: "OK", "USER_CANCELLED", or any other. Empty: the phone waits for
	// Approve, Refuse or Server.Prompts. "TIMEOUT" waits until the time is up. Who is "NOT_MID_CLIENT" has no
	// certificate.
	Result string
	// After is how long that takes. 0: the result is there at the first poll.
	After time.Duration
}

// Format prints a fixed text, whatever the verb.
func (Person) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[person]") }

// LogValue returns the same fixed text for slog.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// account is a person with the credentials that were made so far.
type account struct {
	Person

	mu          sync.Mutex
	made        map[credentialKind]credential
	auth, signs crypto.Signer
}

// AddPerson gives somebody a number, and returns it with its defaults filled in. ErrTaken says that the number is not
// free; other errors name the field.
func (s *Server) AddPerson(p Person) (Person, error) {
	setDefault(&p.Country, "EE")
	if err := p.check(); err != nil {
		return Person{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.people[p.Phone] != nil {
		return Person{}, ErrTaken
	}
	s.people[p.Phone] = &account{Person: p, made: map[credentialKind]credential{}}
	return p, nil
}

func (p *Person) check() error {
	wrong := func(field, what string) error { return errors.New("mobileidtest: Person." + field + " " + what) }
	switch {
	case !phoneForm.MatchString(p.Phone):
		return wrong("Phone", "is not + and 8 to 30 digits")
	case !codeForm.MatchString(p.Code):
		return wrong("Code", "is not eleven digits")
	case p.Country != "EE" && p.Country != "LT":
		return wrong("Country", "must be EE or LT")
	case p.GivenName == "" || p.Surname == "":
		return wrong("GivenName and Surname", "are required")
	case p.After < 0:
		return wrong("After", "must not be negative")
	}
	return nil
}

// People returns everybody, in the order of their numbers.
func (s *Server) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Person, 0, len(s.people))
	for _, a := range s.people {
		out = append(out, a.Person)
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.Phone, b.Phone) })
	return out
}

// find is who has this number and this code; nil when it is nobody. Server.mu is held.
func (s *Server) find(a *ask) *account {
	p := s.people[a.phone]
	if p == nil || p.Code != a.code || p.Result == resultStranger {
		return nil
	}
	return p
}

// demoNumbers are the numbers of the demo environment that have a scripted result.
func demoNumbers() []Person {
	demo := func(phone, code, result string) Person {
		return Person{Phone: phone, Code: code, Result: result, GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK TESTNUMBER"}
	}
	list := []Person{
		demo("+37200000766", "60001019906", resultOK),
		demo("+37268000769", "60001017869", resultOK),
		demo("+37200000566", "60001018800", resultOK),
		demo("+37200000266", "60001019939", resultStranger),
		demo("+37200000366", "60001019928", resultStranger),
		demo("+37201100266", "60001019950", resultCancelled),
		demo("+37200000666", "60001019961", "SIGNATURE_HASH_MISMATCH"),
		demo("+37201200266", "60001019972", "SIM_ERROR"),
		demo("+37213100266", "60001019983", "PHONE_ABSENT"),
		demo("+37207110066", "60001019947", "DELIVERY_ERROR"),
		demo("+37066000266", "50001018908", resultTimeout),
	}
	list[0].OldCertificate, list[1].OldCertificate = true, true
	list[len(list)-1].Country = "LT"
	return list
}
