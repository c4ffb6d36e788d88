package messagebirdtest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// checkContent refuses content that does not fit its type or goes beyond the channel's limits.
func checkContent(kind string, raw json.RawMessage, r rules) *refusal {
	if !slices.Contains(r.types, kind) {
		return invalid("type", "is not supported by the channel")
	}
	// The content's key is the type's name; a text may also switch its preview off.
	key, known := kind, []string{kind}
	switch kind {
	case "text":
		known = append(known, "disableUrlPreview")
	case "externalAttachment":
		key = "externalAttachments"
		known = []string{key}
	}
	f, bad := readFields(raw, "content", known...)
	if bad != nil {
		return bad
	}
	value, ok := f[key]
	if !ok {
		return missing("content." + key)
	}
	switch kind {
	case "text":
		return checkText(f, r)
	case "image", "video", "audio", "file":
		return checkMedia("content."+key, value, r)
	case "location":
		return checkLocation(value)
	case "whatsappSticker":
		return checkLink("content.whatsappSticker", "link", value)
	case "interactive":
		return checkInteractive(value)
	case "hsm":
		return checkTemplate(value)
	}
	return nil
}

func checkText(f fields, r rules) *refusal {
	if preview, ok := f["disableUrlPreview"]; ok && !bytes.Equal(preview, []byte("true")) && !bytes.Equal(preview, []byte("false")) {
		return invalid("content.disableUrlPreview", "must be true or false")
	}
	text, bad := f.need("content", "text")
	if bad == nil && r.text > 0 && r.count(text) > r.text {
		bad = invalid("content.text", "is too long")
	}
	return bad
}

func checkMedia(parameter string, raw json.RawMessage, r rules) *refusal {
	f, bad := readFields(raw, parameter, "url", "caption")
	if bad != nil {
		return bad
	}
	address, bad := f.need(parameter, "url")
	if bad != nil {
		return bad
	}
	if !webURL(address) {
		return invalid(parameter+".url", "must be an absolute address")
	}
	caption, bad := f.text(parameter, "caption")
	if bad == nil && r.caption > 0 && r.count(caption) > r.caption {
		bad = invalid(parameter+".caption", "is too long")
	}
	return bad
}

// checkLink checks an object whose only member is an address.
func checkLink(parameter, name string, raw json.RawMessage) *refusal {
	f, bad := readFields(raw, parameter, name)
	if bad != nil {
		return bad
	}
	address, bad := f.need(parameter, name)
	if bad == nil && !webURL(address) {
		bad = invalid(under(parameter, name), "must be an absolute address")
	}
	return bad
}

func checkLocation(raw json.RawMessage) *refusal {
	const parameter = "content.location"
	f, bad := readFields(raw, parameter, "latitude", "longitude")
	if bad != nil {
		return bad
	}
	for name, bound := range map[string]float64{"latitude": 90, "longitude": 180} {
		value, ok := f[name]
		if !ok {
			return missing(under(parameter, name))
		}
		var degrees float64
		if json.Unmarshal(value, &degrees) != nil || degrees < -bound || degrees > bound {
			return invalid(under(parameter, name), "must be a number of degrees")
		}
	}
	return nil
}
