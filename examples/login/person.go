package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

// person is somebody with a chat, a browser and Smart-ID on one telephone.
type person struct {
	svc  *alt.Service
	line *channeltest.Fake
	sid  *smartidtest.Server
	name channels.Peer

	browser *http.Client
	shown   int
}

// play is what happens.
func play(ctx context.Context, p *person) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	p.browser = &http.Client{Jar: jar}
	said, err := p.says(ctx, "Kas mu toetus on otsustatud?")
	if err != nil {
		return err
	}
	link := regexp.MustCompile(`http://\S+`).FindString(said)
	page, err := p.open(ctx, http.MethodPost, link, nil)
	if err != nil {
		return err
	}
	fmt.Println("page:", title(page))
	base := link[:strings.Index(link, "/login/")] + "/login"
	if page, err = p.open(ctx, http.MethodPost, base+"/method", url.Values{"method": {"smart-id"}}); err != nil {
		return err
	}
	fmt.Println("page:", title(page))
	// The page opens the application, which comes back into the same browser.
	app, err := find(`href="(https://[^"]*deviceLinkType=Web2App[^"]*)"`, page)
	if err != nil {
		return err
	}
	prompt, err := p.sid.Scan(app)
	if err != nil {
		return err
	}
	fmt.Println("telephone:", prompt.Text)
	back, err := prompt.Approve("PNOEE-40504040001-MOCK-Q")
	if err != nil {
		return err
	}
	if page, err = p.open(ctx, http.MethodGet, back, nil); err != nil {
		return err
	}
	fmt.Println("page:", title(page))
	word, err := find(`href="https://viber\.example/agency\?say=([^"]+)"`, page)
	if err != nil {
		return err
	}
	if _, err := p.says(ctx, word); err != nil {
		return err
	}
	_, err = p.says(ctx, "Aga millal?")
	return err
}

// says sends a message and shows what comes back, which it returns.
func (p *person) says(ctx context.Context, text string) (string, error) {
	hook := httptest.NewRecorder()
	r := channeltest.HTTP(p.line.Post(p.line.Message(p.name, text)))
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/webhooks")
	p.svc.Webhooks().ServeHTTP(hook, r)
	if strings.HasPrefix(text, "id-") {
		text = "(the word of the link)"
	}
	fmt.Println("Mari:", text)
	for {
		n, err := p.svc.Step(ctx)
		if err != nil {
			return "", err
		}
		if n == 0 {
			break
		}
	}
	var said string
	sent := p.line.Sent()
	for _, o := range sent[p.shown:] {
		said = o.Content.(channels.Text).Body
		fmt.Println("agency:", regexp.MustCompile(`http://\S+`).ReplaceAllString(strings.ReplaceAll(said, "\n", " "), "(link)"))
	}
	p.shown = len(sent)
	return said, nil
}

func (p *person) open(ctx context.Context, method, address string, form url.Values) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.browser.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the page answered %d", resp.StatusCode)
	}
	return string(page), err
}

func title(page string) string {
	t, _ := find(`<h1>([^<]+)</h1>`, page)
	return t
}

func find(pattern, page string) (string, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		return "", errors.New("the page has no " + pattern)
	}
	return html.UnescapeString(m[1]), nil
}
