package main

import (
	"context"
	"errors"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

// demoMenu offers answers to tap before the echo bot gets a message: buttons where
// the line has them, a numbered text elsewhere.
type demoMenu struct {
	bot   *echoBot
	texts *pagetext.Catalog
}

// Choices of the menu; their titles and answers are texts of the same names.
const (
	menuHours     = "menu.hours"
	menuDocuments = "menu.documents"
	menuLogin     = "menu.login"
	menuPerson    = "menu.person"
)

// Handle implements alt.Handler.
func (m *demoMenu) Handle(ctx context.Context, t *alt.Turn) error {
	if e, ended := t.Auth(); ended {
		return m.ended(ctx, t, e)
	}
	if chosen, ok := t.Chosen(); ok {
		switch chosen.ID {
		case menuPerson:
			t.HandOver(linkDesk)
			return nil
		case menuHours, menuDocuments:
			return t.ReplyText(m.say(t, chosen.ID+".answer"))
		case menuLogin:
			return m.ask(t)
		}
	}
	if company, err := eid.ParseCompany(t.Text()); err == nil {
		return m.actsFor(ctx, t, company)
	}
	words := wordsOf(t.Text())
	for _, tag := range m.texts.Tags {
		if !slices.Contains(words, m.texts.Say(tag, "quick.menu")) {
			continue
		}
		if t.Contact().Language == "" {
			t.SetLanguage(tag.String())
		}
		return m.offer(t)
	}
	return m.bot.Handle(ctx, t)
}

func (m *demoMenu) offer(t *alt.Turn) error {
	c := channels.Choices{Body: m.say(t, "menu.body")}
	if s := t.Session(); s.Get(toldAttr) == "" {
		c.Body = m.bot.say(t.Language(), botDisclosure) + "\n\n" + c.Body
		s.Set(toldAttr, "1")
	}
	for _, id := range []string{menuHours, menuDocuments, menuLogin, menuPerson} {
		c.Options = append(c.Options, channels.Choice{ID: id, Title: m.say(t, id)})
	}
	return t.Reply(c)
}

// ask asks who the person is.
func (m *demoMenu) ask(t *alt.Turn) error {
	err := t.Authenticate(alt.Authentication{Purpose: m.say(t, "menu.login.purpose")})
	if errors.Is(err, alt.ErrPolicy) {
		return t.ReplyText(m.say(t, "menu.login.off"))
	}
	return err
}

// actsFor asks the register whether somebody may act for the company whose code they
// wrote. Whoever has proven nothing is asked who they are first.
func (m *demoMenu) actsFor(ctx context.Context, t *alt.Turn, company eid.Company) error {
	if s := t.Session(); s.Identity == nil {
		return m.ask(t)
	}
	switch _, err := t.Standing(ctx, company); {
	case errors.Is(err, eid.ErrMandate):
		return t.ReplyText(m.say(t, "menu.company.no"))
	case err != nil:
		return err
	}
	return t.ReplyText(m.say(t, "menu.company.yes"))
}

// ended greets whoever has been proven, and asks the register what they are; who has
// not been proven was told.
func (m *demoMenu) ended(ctx context.Context, t *alt.Turn, e *channels.AuthDecided) error {
	id := t.Session().Identity
	if e.Reason != "" || id == nil {
		return nil
	}
	if _, err := t.Standing(ctx, ""); err != nil {
		return err
	}
	return t.ReplyText(m.say(t, "menu.login.answer", id.GivenName+" "+id.FamilyName))
}

func (m *demoMenu) say(t *alt.Turn, key string, args ...any) string {
	return m.texts.Say(m.texts.Best(t.Language()), key, args...)
}
