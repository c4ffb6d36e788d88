package messagebird

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Config describes the account. AccessKey, SigningKeys and Lines are required;
// every other field has a usable zero value.
type Config struct {
	// Name is the last element of the webhook's path, written like a
	// channels.ID. Default "messagebird".
	Name string
	// AccessKey returns the API key. It is asked at each call, so that a key is
	// renewed without a restart. It may be called concurrently and must not
	// block for long.
	AccessKey func() string
	// SigningKeys returns the keys that sign webhooks ("Signing key" in the
	// developer settings, which is not the API key). It is asked at each
	// request, concurrently; while a key is being replaced it returns both.
	SigningKeys func() []string
	// Lines are the channels of the account that are served, at least one.
	Lines []Line

	// Endpoints are the addresses of the API. Default: the real ones.
	Endpoints Endpoints
	// HTTPClient is the way out: egress proxy, own certificate authority.
	// Default: a client of our own.
	HTTPClient *http.Client
	// MediaClient is the way out for downloads, whose Transport must be an
	// *http.Transport, or none. Default: HTTPClient.
	MediaClient *http.Client
	// Timeout bounds a call of the API. Default 15 s.
	Timeout time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time

	// RetryHorizon is how long after its expiry a genuine token is accepted,
	// because a request may be delivered again as it was. Default 24 h;
	// negative: not at all.
	RetryHorizon time.Duration
	// Leeway is how far MessageBird's clock may be from ours, for tokens and for
	// Find. Default 1 s; negative: none.
	Leeway time.Duration
	// Late is called when an expired token was accepted, with the time since
	// its expiry, so that it can be counted. It may be called concurrently. May
	// be nil.
	Late func(by time.Duration)
	// LegacyHMAC also accepts the header pair from before the token, on
	// requests without a token. Default: they are refused.
	LegacyHMAC *LegacyConfig

	// Reconcile says in which field a message carries Outbound.Ref. Default
	// ByTrackID.
	Reconcile Reconcile
	// FindWindow is how far back Find looks. Default 2 h.
	FindWindow time.Duration
	// SendVia chooses the call that sends. Default ViaAuto.
	SendVia Via
	// ReportURL is told the statuses of each message, besides the webhooks. It
	// is the public address of the same webhook, without a query; the line is
	// added to it. Required with several lines over the SMS API, whose reports
	// name no line; with one, the address in the account's settings may do.
	// Default: none.
	ReportURL string

	// MediaHosts are further hosts that media of people may be downloaded from,
	// without a key, as "host" or "host:port". Default: none.
	MediaHosts []string
	// MediaMax is the largest file, in bytes, both ways. Default 100 MiB.
	MediaMax int64
	// MediaTypes are the media types that are downloaded, "image/*" for all of
	// a kind. Default: pictures, films, sounds, PDF, office documents, plain
	// text, ZIP and signed containers.
	MediaTypes []string
	// InsecurePublicFiles uploads outbound files that are not on the web
	// already and have no link of the service (alt.Config.MediaURL). MessageBird
	// shows them to anyone who knows their address. Default: such a message is
	// refused with ErrUnsupported.
	InsecurePublicFiles bool
	// InsecureHTTP allows endpoints, webhooks and downloads without TLS, for
	// simulators on loopback.
	InsecureHTTP bool
}

// Line is one channel of the account.
type Line struct {
	// ID, Kind, Name and Agency are those of channels.Info. ID and Kind are
	// required.
	ID     channels.ID
	Kind   channels.Kind
	Name   string
	Agency channels.Agency
	// ChannelID is MessageBird's id of the channel. Required, but for SMS.
	ChannelID string
	// SMS sends and receives through the SMS API instead, which knows no
	// channels: Kind is channels.SMS, ChannelID is empty. Default: none.
	SMS *SMS
	// Namespace of the WhatsApp templates. Without it templates are refused.
	Namespace string
	// OldParams sends template variables in the older form, "params", which
	// knows the body only. Default: "components".
	OldParams bool
	// Quotes sends a text that answers a certain message as whatsappText with
	// that message as its context. That the service takes it for sending is not
	// established. Default: such a text goes out without the quote.
	Quotes bool
	// ListButton is the label that opens a list of Choices without one.
	// Default "Vali".
	ListButton string
	// ReturnLink is that of channels.Info: "https://wa.me/NUMBER?text={word}".
	// Default: none, and nobody can be brought back from an authentication.
	ReturnLink string
	// Capabilities replace what is known of the kind. Default: the catalogue's
	// entry with what MessageBird changes.
	Capabilities *channels.Capabilities
}

// Endpoints are where the API is, without a trailing slash.
type Endpoints struct {
	// Conversations is the base of the Conversations API. Default
	// "https://conversations.messagebird.com/v1".
	Conversations string
	// Files is the base of the file storage. Default
	// "https://messaging.messagebird.com/v1".
	Files string
	// SMS is the base of the SMS API. Default "https://rest.messagebird.com".
	SMS string
	// Media is the host of people's media, the only one that is ever shown the
	// AccessKey, and only after it asked for it. Default
	// "media.messagebird.com".
	Media string
}

// Reconcile is where Outbound.Ref travels. Whether the service gives the
// fields back in its reports is not established; a driver that does not find
// them there falls back to content.
type Reconcile string

// Fields for Outbound.Ref.
const (
	ByTrackID Reconcile = "trackId"
	BySource  Reconcile = "source" // as {"ref": …}
	ByBoth    Reconcile = "both"
	ByContent Reconcile = "content" // no field: content and time only
)

func (r Reconcile) track() bool  { return r == ByTrackID || r == ByBoth }
func (r Reconcile) source() bool { return r == BySource || r == ByBoth }

// Via is the call that sends.
type Via string

// Calls that send. ViaAuto replies in the conversation when it is known and
// sends otherwise, or when the conversation is gone.
const (
	ViaAuto  Via = "auto"
	ViaSend  Via = "send"  // POST /send
	ViaReply Via = "reply" // POST /conversations/{id}/messages, for known conversations only
	ViaStart Via = "start" // POST /conversations/start
)

// complete returns cfg with its defaults, or an error that names the field.
func (cfg Config) complete() (Config, error) {
	setDefault(&cfg.Name, "messagebird")
	setDefault(&cfg.Endpoints.Conversations, "https://conversations.messagebird.com/v1")
	setDefault(&cfg.Endpoints.Files, "https://messaging.messagebird.com/v1")
	setDefault(&cfg.Endpoints.SMS, "https://rest.messagebird.com")
	setDefault(&cfg.Endpoints.Media, "media.messagebird.com")
	setDefault(&cfg.MediaClient, cfg.HTTPClient)
	setDefault(&cfg.RetryHorizon, 24*time.Hour)
	setDefault(&cfg.Leeway, time.Second)
	setDefault(&cfg.Reconcile, ByTrackID)
	setDefault(&cfg.FindWindow, 2*time.Hour)
	setDefault(&cfg.SendVia, ViaAuto)
	setDefault(&cfg.MediaMax, 100<<20)
	cfg.RetryHorizon, cfg.Leeway = max(cfg.RetryHorizon, 0), max(cfg.Leeway, 0)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MediaTypes == nil {
		cfg.MediaTypes = httpx.MediaTypes()
	}
	cfg.Lines = slices.Clone(cfg.Lines)
	for i := range cfg.Lines {
		setDefault(&cfg.Lines[i].ListButton, "Vali")
		if s := cfg.Lines[i].SMS; s != nil {
			cfg.Lines[i].SMS = s.complete()
		}
	}
	return cfg, cfg.check()
}

func (cfg Config) check() error {
	reconcile := []Reconcile{ByTrackID, BySource, ByBoth, ByContent}
	switch {
	case channels.ID(cfg.Name).Valid() != nil:
		return fieldError("Name", "is not written like a channels.ID")
	case cfg.AccessKey == nil || cfg.AccessKey() == "":
		return fieldError("AccessKey", "is required")
	case cfg.SigningKeys == nil || len(cfg.SigningKeys()) == 0 || slices.Contains(cfg.SigningKeys(), ""):
		return fieldError("SigningKeys", "is required, and no key may be empty")
	case !slices.Contains(reconcile, cfg.Reconcile):
		return fieldError("Reconcile", "is not known")
	case !slices.Contains([]Via{ViaAuto, ViaSend, ViaReply, ViaStart}, cfg.SendVia):
		return fieldError("SendVia", "is not known")
	case cfg.Timeout < 0:
		return fieldError("Timeout", "must not be negative")
	case cfg.MediaMax < 0:
		return fieldError("MediaMax", "must not be negative")
	case cfg.FindWindow < 0:
		return fieldError("FindWindow", "must not be negative")
	case cfg.LegacyHMAC != nil && cfg.LegacyHMAC.MaxAge < 0:
		return fieldError("LegacyHMAC.MaxAge", "must not be negative")
	case cfg.ReportURL != "" && !webAddress(cfg.ReportURL, cfg.InsecureHTTP, false):
		return fieldError("ReportURL", "is not an https URL without a query")
	case len(cfg.Lines) == 0:
		return fieldError("Lines", "is required")
	}
	return cfg.checkLines()
}

func (cfg Config) checkLines() error {
	ids, lines, numbers, texts := map[channels.ID]bool{}, map[string]bool{}, map[string]bool{}, 0
	for i, l := range cfg.Lines {
		field := fmt.Sprintf("Lines[%d].", i)
		switch {
		case l.ID.Valid() != nil:
			return fieldError(field+"ID", "is required and written like a channels.ID")
		case ids[l.ID]:
			return fieldError(field+"ID", "is another line's already")
		case l.Kind == "":
			return fieldError(field+"Kind", "is required")
		case l.Agency != "" && l.Agency.Valid() != nil:
			return fieldError(field+"Agency", "is not written like a channels.ID")
		case l.SMS != nil && l.Kind != channels.SMS:
			return fieldError(field+"SMS", "is for lines of that kind only")
		case l.SMS != nil && l.ChannelID != "":
			return fieldError(field+"ChannelID", "is unknown to the SMS API")
		case l.SMS == nil && l.ChannelID == "":
			return fieldError(field+"ChannelID", "is required")
		case l.SMS == nil && lines[l.ChannelID]:
			return fieldError(field+"ChannelID", "is another line's already")
		case l.Capabilities != nil && l.Capabilities.Kind != l.Kind:
			return fieldError(field+"Capabilities", "are of another kind")
		}
		ids[l.ID], lines[l.ChannelID] = true, true
		if l.SMS == nil {
			continue
		}
		if name, what := l.SMS.check(numbers); name != "" {
			return fieldError(field+"SMS."+name, what)
		}
		if texts++; texts > 1 && cfg.ReportURL == "" {
			return fieldError("ReportURL", "is required with several lines over the SMS API")
		}
	}
	return nil
}

// webAddress reports whether s is an absolute URL that we may publish.
func webAddress(s string, insecure, query bool) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || insecure && u.Scheme == "http") && u.Host != "" &&
		u.User == nil && u.Fragment == "" && (query || u.RawQuery == "" && !u.ForceQuery)
}

func fieldError(field, what string) error {
	return errors.New("messagebird: Config." + field + " " + what)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
