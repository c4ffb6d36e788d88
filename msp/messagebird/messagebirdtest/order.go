package messagebirdtest

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
)

// order is a request to send, whichever of the three calls it came by.
type order struct {
	to, channel  string
	kind         string
	content      json.RawMessage
	source       json.RawMessage
	report       string
	tag, trackID string
	ttl          string
	fallback     *fallbackWire
	fallbackID   string
}

// Names of the channel's field: send calls it "from", start and reply "channelId".
const (
	nameFrom      = "from"
	nameChannelID = "channelId"
)

// readOrder reads the body of send (channelName "from", with to), start ("channelId", with to) or reply
// ("channelId", optional, without to).
func readOrder(body []byte, channelName string, isReply bool) (order, *refusal) {
	known := []string{channelName, "type", "content", "reportUrl", "source", "tag", "trackId", "ttl"}
	if channelName == nameFrom || isReply {
		known = append(known, "fallback")
	}
	if channelName == nameChannelID {
		known = append(known, "eventType")
	}
	if !isReply {
		known = append(known, "to")
	}
	var o order
	f, bad := readFields(body, "", known...)
	if bad != nil {
		return o, bad
	}
	read := func(to *string, name string, required bool) {
		if bad != nil {
			return
		}
		if required {
			*to, bad = f.need("", name)
		} else {
			*to, bad = f.text("", name)
		}
	}
	var eventType string
	if !isReply {
		read(&o.to, "to", true)
	}
	read(&o.channel, channelName, !isReply)
	read(&o.kind, "type", true)
	read(&o.report, "reportUrl", false)
	read(&o.tag, "tag", false)
	read(&o.trackID, "trackId", false)
	read(&o.ttl, "ttl", false)
	read(&eventType, "eventType", false)
	if bad != nil {
		return o, bad
	}
	o.content, o.source = f["content"], f["source"]
	return o, o.complete(f["fallback"])
}

// complete checks what needs no knowledge of the account.
func (o *order) complete(fallback json.RawMessage) *refusal {
	if o.content == nil {
		return missing("content")
	}
	if u, err := url.Parse(o.report); o.report != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return invalid("reportUrl", "must be an https address")
	}
	if o.tag != "" && !slices.Contains([]string{"event.update", "purchase.update", "account.update", tagAgent}, o.tag) {
		return invalid("tag", "is not one of the tags")
	}
	if o.ttl != "" {
		if d, err := time.ParseDuration(o.ttl); err != nil || d <= 0 {
			return invalid("ttl", "is not a duration")
		}
	}
	if o.source != nil {
		var source map[string]json.RawMessage
		if json.Unmarshal(o.source, &source) != nil {
			return invalid("source", "must be an object")
		}
	}
	if fallback == nil {
		return nil
	}
	f, bad := readFields(fallback, "fallback", nameFrom, "after")
	if bad != nil {
		return bad
	}
	o.fallback, o.fallbackID = &fallbackWire{}, newID()
	if o.fallback.From, bad = f.need("fallback", nameFrom); bad != nil {
		return bad
	}
	if o.fallback.After, bad = f.text("fallback", "after"); bad != nil {
		return bad
	}
	if d, err := time.ParseDuration(o.fallback.After); o.fallback.After != "" && (err != nil || d <= 0) {
		return invalid("fallback.after", "is not a duration")
	}
	return nil
}

// tagAgent marks a Messenger message as written by a person, which has a longer window.
const tagAgent = "human_agent"
