package alt

import (
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// Window is until when a person on a line may be answered freely.
type Window struct {
	Limited  bool      // false: the line has no window, the rest is zero
	Until    time.Time // for anybody
	Extended time.Time // for answers that a person wrote; zero: no extension
}

// WindowOf returns the reply window of a contact.
func WindowOf(caps channels.Capabilities, c *Contact) Window { return windowOf(&caps.Window, c) }

func windowOf(known *channels.Fact[channels.Window], c *Contact) Window {
	w := known.Value
	if !known.Known() || w.Reply == 0 {
		return Window{}
	}
	out := Window{Limited: true}
	if c == nil || c.LastInbound.IsZero() {
		return out
	}
	out.Until = c.LastInbound.Add(w.Reply)
	if w.HumanAgent > w.Reply {
		out.Extended = c.LastInbound.Add(w.HumanAgent)
	}
	if !c.WindowClosed.IsZero() { // the provider knows better
		out.Until = earlier(out.Until, c.WindowClosed)
	}
	return out
}

// admit decides whether a message may go out now. extended tells that it goes
// out in the window's extension.
func admit(info *channels.Info, c *Contact, o *channels.Outbound, now time.Time) (extended bool, err *channels.Error) {
	caps := &info.Capabilities
	refuse := func(class error, instead ...channels.Alternative) (bool, *channels.Error) {
		return false, &channels.Error{Op: "send", Channel: o.To.Channel, Class: class, Outcome: channels.NotSent, Instead: instead}
	}
	if moved(info, c, o) {
		return refuse(channels.ErrUnreachable, channels.UseOtherChannel)
	}
	if c != nil && c.OptedOut {
		return refuse(channels.ErrOptedOut, channels.UseOtherChannel)
	}
	if !o.NotAfter.IsZero() && now.After(o.NotAfter) {
		return refuse(channels.ErrRejected)
	}
	if _, ok := o.Content.(channels.Template); ok {
		return false, nil // that the line knows templates was Fit's matter
	}
	var instead []channels.Alternative
	if caps.Templates.Known() && caps.Templates.Value {
		instead = append(instead, channels.UseTemplate)
	}
	if c == nil || c.LastInbound.IsZero() {
		if caps.Initiate.Known() && caps.Initiate.Value == channels.InitiateAlways {
			return false, nil
		}
		return refuse(channels.ErrCannotInitiate, append(instead, channels.UseOtherChannel)...)
	}
	w := windowOf(&caps.Window, c)
	switch {
	case !w.Limited || now.Before(w.Until):
		return false, nil
	case now.Before(w.Extended) && o.Author == channels.Person:
		return true, nil
	case now.Before(w.Extended):
		instead = append(instead, channels.UseHumanAgent)
	}
	return refuse(channels.ErrWindowClosed, append(instead, channels.UseOtherChannel)...)
}
