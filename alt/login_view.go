package alt

import (
	"context"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// view is what the browser may see.
func (p *LoginPages) view(ctx context.Context, v *login) LoginView {
	l := p.s.logins
	out := LoginView{Stage: LoginOffered, Language: v.Language, Agency: l.name(v.To.Agency, v.Language), Since: v.Asked, Purpose: v.Purpose, Level: v.Level,
		Expires: v.flow.Expires, Failed: v.Failed, Method: v.Method, Code: v.Code, Link: v.Link}
	for _, m := range l.Methods {
		out.Methods = append(out.Methods, m.Method())
	}
	if line := p.s.lineOf(v.To.Agency, v.To.Channel); line != nil {
		out.Line = line.info
	}
	if d, err := p.s.cfg.Store.Dossier(ctx, v.To); err == nil && d.Contact != nil {
		out.Person = masked(d.Contact.Name)
	}
	_, out.Live = l.methods[v.Method].(eid.LiveLinker)
	switch {
	case v.Word != "":
		out.Stage, out.Return = LoginBack, strings.ReplaceAll(out.Line.ReturnLink, "{word}", v.Word)
	case v.Method != "":
		out.Stage = LoginBegun
	case v.Browser != nil:
		out.Stage = LoginOpened
	}
	return out
}

// masked leaves the first letter of each word of a name.
func masked(name string) string {
	words := strings.Fields(name)
	for i, w := range words {
		for _, first := range w {
			words[i] = string(first) + "•••"
			break
		}
	}
	return strings.Join(words, " ")
}

// kindName is what people call a kind of channel.
func kindName(k channels.Kind) string {
	switch k {
	case channels.WhatsApp:
		return "WhatsApp"
	case channels.SMS:
		return "SMS"
	case "":
		return "chat"
	}
	return strings.ToUpper(string(k[:1])) + string(k[1:])
}
