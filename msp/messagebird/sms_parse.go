package messagebird

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// What the SMS API sends has no envelope: a person's message is a form or a
// JSON object, a status report the query of a GET. All become the same pairs of
// names and values.

// smsNames are the names that are read, under which there may be one value.
func smsNames() []string {
	return []string{"id", "mid", "originator", "recipient", "shortcode", "body", "message", "createdDatetime", "receive_datetime",
		"reference", "status", "statusDatetime", "statusErrorCode"}
}

// smsPairs returns what a request of the SMS API says; ok is false when the
// request is of another kind. Which kind it is shows in what the signature
// covers, so the header Content-Type is not asked.
func (p *Provider) smsPairs(r *channels.Request) (pairs string, ok bool) {
	if !p.hasSMS() {
		return "", false
	}
	body := bytes.TrimLeft(r.Body, " \t\r\n")
	switch {
	case len(r.Body) == 0:
		pairs = query(r)
	case len(body) > 0 && body[0] != '{' && body[0] != '[':
		pairs = string(r.Body)
	}
	return pairs, pairs != ""
}

func (p *Provider) smsForm(r *channels.Request, pairs string) []channels.Event {
	f, err := url.ParseQuery(pairs)
	if err != nil {
		return p.malformed(r, nil, reasonForm)
	}
	return p.sms(r, f)
}

// smsObject reads the form that is a JSON object; nil when the body is none.
func smsObject(body []byte) url.Values {
	var f fields
	if httpx.DecodeJSON(body, &f, httpx.JSONLimits{}) != nil {
		return nil
	}
	pairs := url.Values{}
	for name, raw := range f {
		var one loose
		var many []string
		switch {
		case json.Unmarshal(raw, &many) == nil && len(many) > 0:
			pairs[name] = many
		case json.Unmarshal(raw, &one) == nil && one != "" || string(raw) == `""`:
			pairs.Set(name, string(one))
		}
	}
	return pairs
}

// sms reads a message from a person, or a report on one of ours.
func (p *Provider) sms(r *channels.Request, f url.Values) []channels.Event {
	for _, name := range smsNames() {
		if len(f[name]) > 1 {
			return p.malformed(r, nil, reasonForm)
		}
	}
	for _, values := range f {
		for _, v := range values {
			if !utf8.ValidString(v) {
				return p.malformed(r, nil, reasonForm)
			}
		}
	}
	switch {
	case f.Get("originator") != "":
		return p.smsReceived(r, f)
	case f.Get("status") != "":
		return p.smsReport(r, f)
	}
	return p.malformed(r, nil, reasonEvent)
}

func (p *Provider) smsReceived(r *channels.Request, f url.Values) []channels.Event {
	l := p.bySMS(r, either(f, "recipient", "shortcode"))
	if l == nil {
		return p.malformed(r, nil, reasonLine)
	}
	id := either(f, "id", "mid")
	if id == "" {
		return p.malformed(r, l, reasonMessage)
	}
	return []channels.Event{&channels.Received{
		EventMeta: channels.EventMeta{
			Key: key("sms.received", id), Channel: l.info.ID, Peer: channels.Peer(phone(f.Get("originator"))),
			At: smsTime(either(f, "createdDatetime", "receive_datetime"), r.At), Raw: told(r),
		},
		ID:      channels.ProviderID(id),
		Content: smsContent(f),
	}}
}

// smsContent never fails: what cannot be read is Unsupported.
func smsContent(f url.Values) channels.Content {
	body, files := either(f, "body", "message"), slices.Concat(f["mediaUrls"], f["mediaUrls[]"])
	switch {
	case len(files) == 1 && files[0] != "":
		return channels.Media{As: channels.File, Ref: files[0], Caption: body}
	case len(files) > 1:
		return channels.Unsupported{Type: "mms", Fallback: body}
	case !f.Has("body") && !f.Has("message"):
		return channels.Unsupported{Type: "sms"}
	}
	return channels.Text{Body: body}
}

func (p *Provider) smsReport(r *channels.Request, f url.Values) []channels.Event {
	l := p.bySMS(r, "")
	if l == nil {
		return p.malformed(r, nil, reasonLine)
	}
	id, ref, word := f.Get("id"), f.Get("reference"), f.Get("status")
	if len(ref) > maxRef { // of another application
		ref = ""
	}
	row, ok := statusOf(word)
	switch {
	case id == "" && ref == "":
		return p.malformed(r, l, reasonMessage)
	case !ok:
		return p.malformed(r, l, reasonStatus)
	}
	at := f.Get("statusDatetime")
	name := id
	setDefault(&name, "ref="+ref)
	meta := channels.EventMeta{
		Key: key("sms.status", name, word, at), Channel: l.info.ID, Peer: channels.Peer(phone(f.Get("recipient"))),
		At: smsTime(at, r.At), Raw: told(r),
	}
	status := &channels.StatusChanged{
		EventMeta: meta, ID: channels.ProviderID(id), Ref: ref, Status: row.status,
		Err: l.smsFailure(row, word, loose(f.Get("statusErrorCode"))),
	}
	events := []channels.Event{status}
	if status.Err != nil && errors.Is(status.Err, channels.ErrOptedOut) && meta.Peer != "" {
		meta.Key = key(meta.Key, "optout")
		events = append(events, &channels.OptedOut{EventMeta: meta})
	}
	return events
}

func (p *Provider) hasSMS() bool {
	for _, l := range p.lines {
		if l.conf.SMS != nil {
			return true
		}
	}
	return false
}

// bySMS finds the line by the number that a person wrote to, by the line's name
// in the address that we gave, which the signature covers, or, when neither is
// told, because there is only one.
func (p *Provider) bySMS(r *channels.Request, number string) *line {
	values, err := url.ParseQuery(query(r))
	if err != nil {
		return nil
	}
	var found []*line
	for _, l := range p.lines {
		if l.conf.SMS == nil {
			continue
		}
		for _, n := range l.conf.SMS.Numbers {
			if n == digits(number) {
				return l
			}
		}
		if name := values.Get(lineParam); name == string(l.info.ID) || name == "" && number == "" {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

func query(r *channels.Request) string {
	_, raw, _ := strings.Cut(r.PublicURL, "?")
	return raw
}

// told is what the provider said: the body, or where there is none the query.
func told(r *channels.Request) []byte {
	if len(r.Body) > 0 {
		return r.Body
	}
	return []byte(query(r))
}

// either returns the first of two values that is there.
func either(f url.Values, name, other string) string {
	if v := f.Get(name); v != "" {
		return v
	}
	return f.Get(other)
}

// smsTime reads either of the forms in which times come; a "+" that was not
// encoded has become a blank. A time that cannot be read is that of the arrival.
func smsTime(s string, arrived time.Time) time.Time {
	for _, layout := range []string{time.RFC3339, "20060102150405"} {
		if t, err := time.Parse(layout, strings.ReplaceAll(s, " ", "+")); err == nil {
			return t
		}
	}
	return arrived
}
