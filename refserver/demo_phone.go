package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// handset is a person's side of a simulated channel.
type handset interface {
	keypad
	receiver
}

// keypad is what a person sends with. Its methods return the message's id.
type keypad interface {
	Says(text string) string
	SendsLocation(latitude, longitude float64) string
	Attach(kind channels.MediaKind, f demoFile) string
	Taps(choice string) (string, error)
}

// referrer is a keypad of an application that tells the agency which link opened
// the conversation. Elsewhere a link fills in a text, and the person sends it.
type referrer interface{ Refers(word string) }

// receiver is where messages arrive.
type receiver interface {
	// Arrived returns all that the person received, as soon as it is more than n:
	// its Key is the provider's id, the URL of a file what demoProvider.open takes.
	Arrived(ctx context.Context, n int) ([]bubble, error)
	// Delivers and Reads report a received message.
	Delivers(id string) error
	Reads(id string) error
}

// demoFile is a file at a handset.
type demoFile struct {
	Name, Type string
	Data       []byte
}

// demoPhone is what a person's screen shows: what was written and what arrived,
// in the order in which it happened.
type demoPhone struct {
	line    channels.ID
	peer    channels.Peer
	owner   string
	set     handset
	fetch   func(ctx context.Context, ref string) (demoFile, error) // see demoProvider.open
	changed func()
	now     func() time.Time
	// language is the one in which the person is answered, BCP 47.
	language func(ctx context.Context) string

	mu     sync.Mutex
	screen []bubble
	unread []string // ids that nobody looked at
	files  map[string]demoFile
}

const (
	// demoScreen is how many messages a phone keeps, demoFiles how many files.
	demoScreen = 200
	demoFiles  = 30
	// demoMaxFile bounds a file in the demo, in bytes.
	demoMaxFile = 5 << 20
)

// watch takes in what arrives until ctx ends.
func (p *demoPhone) watch(ctx context.Context) {
	for n := 0; ; {
		all, err := p.set.Arrived(ctx, n)
		if err != nil {
			return
		}
		for _, b := range all[min(n, len(all)):] {
			if b.File != nil {
				p.keep(&b, b.Key, p.download(ctx, b.File.URL))
			}
			if b.Text == "" && b.File == nil && b.Place == nil && len(b.Choices) == 0 {
				b.Other = "unknown"
			}
			_ = p.set.Delivers(b.Key) // of a message that this phone has, so it cannot fail
			p.show(b, b.Key)
		}
		n = len(all)
	}
}

func (p *demoPhone) download(ctx context.Context, ref string) demoFile {
	f, err := p.fetch(ctx, ref)
	if err != nil {
		return demoFile{}
	}
	return f
}

// show adds a message to the screen; unread is its id when somebody has yet to
// look at it.
func (p *demoPhone) show(b bubble, unread string) {
	p.mu.Lock()
	p.screen = append(p.screen, b)
	if over := len(p.screen) - demoScreen; over > 0 {
		p.screen = slices.Clone(p.screen[over:])
	}
	if unread != "" {
		p.unread = append(p.unread, unread)
	}
	p.mu.Unlock()
	p.changed()
}

// look returns the screen to somebody who looks at it, so that all is read.
func (p *demoPhone) look() []bubble {
	p.mu.Lock()
	shown, unread := slices.Clone(p.screen), p.unread
	p.unread = nil
	p.mu.Unlock()
	for _, id := range unread {
		_ = p.set.Reads(id) // as above
	}
	return shown
}

// posted marks a message of the person as accepted by the service.
func (p *demoPhone) posted(id string) {
	p.mu.Lock()
	i := slices.IndexFunc(p.screen, func(b bubble) bool { return b.Mine && b.Key == id })
	if i >= 0 {
		p.screen[i].Status = channels.Delivered
	}
	p.mu.Unlock()
	if i >= 0 {
		p.changed()
	}
}

// mine is a message that the person is about to send. send returns its id; the
// screen is closed meanwhile, so that no report on it comes too early.
func (p *demoPhone) mine(b bubble, send func() (string, error)) error {
	b.Mine, b.Who, b.Status, b.At = true, "me", channels.Sent, p.now()
	p.mu.Lock()
	id, err := send()
	if err == nil {
		b.Key = id
		p.screen = append(p.screen, b)
	}
	p.mu.Unlock()
	p.changed()
	return err
}

func (p *demoPhone) say(text string) error {
	return p.mine(bubble{Text: text}, func() (string, error) { return p.set.Says(text), nil })
}

// comeBack opens the conversation by a link with a word.
func (p *demoPhone) comeBack(word string) error {
	if r, ok := p.set.(referrer); ok {
		r.Refers(word)
		return nil
	}
	return p.say(word)
}

func (p *demoPhone) place(at channels.Location) error {
	return p.mine(bubble{Place: &at}, func() (string, error) { return p.set.SendsLocation(at.Latitude, at.Longitude), nil })
}

func (p *demoPhone) tap(id string) error {
	title := id
	p.mu.Lock()
	for _, b := range p.screen {
		for _, c := range b.Choices {
			if c.ID == id {
				title = c.Title
			}
		}
	}
	p.mu.Unlock()
	return p.mine(bubble{Text: title}, func() (string, error) { return p.set.Taps(id) })
}

func (p *demoPhone) attach(f demoFile) error {
	kind := channels.File
	switch major, _, _ := strings.Cut(f.Type, "/"); major {
	case "image":
		kind = channels.Image
	case "audio":
		kind = channels.Audio
	case "video":
		kind = channels.Video
	}
	b := bubble{File: &fileLink{Name: f.Name}}
	p.keep(&b, strconv.FormatInt(p.now().UnixNano(), 36), f)
	return p.mine(b, func() (string, error) { return p.set.Attach(kind, f), nil })
}

// keep puts a file into the phone's memory and its link into the message. A
// file without content could not be had.
func (p *demoPhone) keep(b *bubble, key string, f demoFile) {
	link := *b.File
	link.URL = ""
	if len(f.Data) > 0 {
		link.URL, link.Size = "/phone/"+string(p.line)+"/files/"+key, int64(len(f.Data))
		link.Name, link.Image = or(f.Name, link.Name), showsImage(f.Data)
		p.mu.Lock()
		if len(p.files) >= demoFiles {
			clear(p.files)
		}
		p.files[key] = f
		p.mu.Unlock()
	}
	b.File = &link
}

func (p *demoPhone) file(key string) (demoFile, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.files[key]
	return f, ok
}

// showsImage reports whether the bytes are a picture that every browser shows,
// and that holds no script.
func showsImage(b []byte) bool {
	switch http.DetectContentType(b) {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}
