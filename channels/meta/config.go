package meta

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Config describes the app. AppSecrets and VerifyToken are required, and Lines
// without LinesLater; every other field has a usable zero value.
type Config struct {
	// Name is the last element of the webhook's path, written like a
	// channels.ID. Default "meta".
	Name string
	// AppSecrets returns the secrets that webhooks may be signed with. The first
	// one also makes the appsecret_proof of calls. It is asked at each use,
	// concurrently; while a secret is being replaced it returns both.
	AppSecrets func() []string
	// AppID is Meta's id of the app. Hand-over events name who gets a
	// conversation by it; without it they are taken for what they say to the app
	// that they are sent to. Optional.
	AppID string
	// VerifyToken returns the word that Meta repeats when the webhook is set up.
	// It is asked at each use, concurrently.
	VerifyToken func() string
	// Lines are the accounts that are served, at least one without LinesLater.
	Lines []Line
	// LinesLater says that an App with more lines will take this one's place, as
	// with alt.Service.SetProvider: Lines may be empty, before the first account
	// is connected and after the last was taken away. Such an App answers Meta's
	// handshake; what comes for accounts that are not among Removed is kept as
	// Malformed, on no line.
	LinesLater bool
	// Removed are accounts that were lines once: what still arrives for them is
	// counted by Ignored and not kept.
	Removed []string
	// Ignored is called for each event of a removed account. It may be called
	// concurrently. May be nil.
	Ignored func(account string)

	// SignedRequestAge is how old a signed request may be, see
	// App.SignedRequest. Default 24 h.
	SignedRequestAge time.Duration

	// Version of the Graph API, such as "v25.0". It is never left out of a call;
	// see VersionEnds. Default DefaultVersion.
	Version string
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

	// Templates knows which templates of the WhatsApp lines are approved and what
	// variables they have, such as a *TemplateBook. What it knows to be wrong is
	// refused before it is sent. Nil: Meta alone judges.
	Templates TemplateSource
	// TemplateLanguages are tried in their order where Templates knows a template
	// and it is not approved in the language asked for. Default: et, en, ru.
	// Empty but not nil: none.
	TemplateLanguages []string

	// MediaHosts are further hosts that people's media may be downloaded from,
	// without a token, as "host", "*.domain" or "host:port". Default: Meta's
	// delivery networks.
	MediaHosts []string
	// MediaMax is the largest file, in bytes, both ways. Default 100 MiB.
	MediaMax int64
	// MediaTypes are the media types that are downloaded, "image/*" for all of
	// a kind. Default: pictures, films, sounds, PDF, office documents, plain
	// text, ZIP and signed containers.
	MediaTypes []string
	// InsecureHTTP allows endpoints and downloads without TLS, for simulators on
	// loopback.
	InsecureHTTP bool
}

// Line is one account: a Facebook Page, a professional Instagram account or a
// WhatsApp number.
type Line struct {
	// ID, Kind, Name and Agency are those of channels.Info. ID and Kind are
	// required; Kind is Messenger, Instagram or WhatsApp.
	ID     channels.ID
	Kind   channels.Kind
	Name   string
	Agency channels.Agency
	// Account is Meta's id of it: of the page, of the Instagram account, or the
	// phone number id. Required.
	Account string
	// Business is the WhatsApp Business Account of the number, to which its
	// templates belong. Without it templates cannot be listed or changed, and
	// what Meta tells of the account is of no line.
	Business string
	// Token returns the access token of the account. It is asked at each call,
	// concurrently. Required.
	Token func() string
	// InstagramLogin is for accounts that are connected by Instagram Login
	// instead of a page: they have another host.
	InstagramLogin bool
	// NoHumanAgent is for apps without the Human Agent feature: the extension of
	// the reply window is then not declared.
	NoHumanAgent bool
	// ListButton is the label that opens a list of Choices without one.
	// Default "Vali".
	ListButton string
	// ReturnLink is that of channels.Info: "https://m.me/PAGE?ref={word}",
	// "https://wa.me/NUMBER?text={word}".
	// Default: none, and nobody can be brought back from an authentication.
	ReturnLink string
	// Capabilities replace what is known of the kind. Default: the catalogue's
	// entry.
	Capabilities *channels.Capabilities
}

// Endpoints are where the API is, without version and trailing slash.
type Endpoints struct {
	// Graph is the base for Messenger, WhatsApp and Instagram accounts of pages.
	// Default "https://graph.facebook.com".
	Graph string
	// Instagram is the base for accounts with InstagramLogin. Default
	// "https://graph.instagram.com".
	Instagram string
}

// DefaultVersion of the Graph API.
const DefaultVersion = "v25.0"

// VersionEnds returns when Meta stops serving a version of the Graph API;
// false when that is not known yet, or the version is not known.
// Source: developers.facebook.com/docs/graph-api/changelog/versions, 2026-11.
func VersionEnds(version string) (time.Time, bool) {
	ends := map[string]time.Time{
		"v20.0": time.Date(2026, 9, 24, 0, 0, 0, 0, time.UTC),
		"v21.0": time.Date(2027, 1, 21, 0, 0, 0, 0, time.UTC),
		"v22.0": time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC),
		"v23.0": time.Date(2027, 10, 8, 0, 0, 0, 0, time.UTC),
		"v24.0": time.Date(2028, 2, 18, 0, 0, 0, 0, time.UTC),
		"v25.0": time.Date(2028, 7, 29, 0, 0, 0, 0, time.UTC),
	}
	t, ok := ends[version]
	return t, ok
}

// complete returns cfg with its defaults, or an error that names the field.
func (cfg Config) complete() (Config, error) {
	setDefault(&cfg.Name, "meta")
	setDefault(&cfg.Version, DefaultVersion)
	setDefault(&cfg.Endpoints.Graph, "https://graph.facebook.com")
	setDefault(&cfg.Endpoints.Instagram, "https://graph.instagram.com")
	setDefault(&cfg.MediaClient, cfg.HTTPClient)
	setDefault(&cfg.MediaMax, 100<<20)
	setDefault(&cfg.SignedRequestAge, 24*time.Hour)
	if cfg.TemplateLanguages == nil {
		cfg.TemplateLanguages = []string{"et", "en", "ru"}
	}
	if cfg.MediaTypes == nil {
		cfg.MediaTypes = httpx.MediaTypes()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Lines = slices.Clone(cfg.Lines)
	for i := range cfg.Lines {
		setDefault(&cfg.Lines[i].ListButton, "Vali")
	}
	return cfg, cfg.check()
}

func (cfg Config) check() error {
	switch {
	case channels.ID(cfg.Name).Valid() != nil:
		return fieldError("Name", "is not written like a channels.ID")
	case cfg.AppSecrets == nil || len(cfg.AppSecrets()) == 0 || slices.Contains(cfg.AppSecrets(), ""):
		return fieldError("AppSecrets", "is required, and no secret may be empty")
	case cfg.AppID != "" && !number(cfg.AppID):
		return fieldError("AppID", "is not a number")
	case cfg.SignedRequestAge < 0:
		return fieldError("SignedRequestAge", "must not be negative")
	case cfg.VerifyToken == nil || cfg.VerifyToken() == "":
		return fieldError("VerifyToken", "is required")
	case !regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]$`).MatchString(cfg.Version):
		return fieldError("Version", "is not a version such as "+DefaultVersion)
	case cfg.Timeout < 0:
		return fieldError("Timeout", "must not be negative")
	case cfg.MediaMax < 0:
		return fieldError("MediaMax", "must not be negative")
	case len(cfg.Lines) == 0 && !cfg.LinesLater:
		return fieldError("Lines", "is required without LinesLater")
	}
	return cfg.checkLines()
}

func (cfg Config) checkLines() error {
	ids, accounts := map[channels.ID]bool{}, map[string]bool{}
	for i, l := range cfg.Lines {
		field := fmt.Sprintf("Lines[%d].", i)
		switch {
		case l.ID.Valid() != nil:
			return fieldError(field+"ID", "is required and written like a channels.ID")
		case ids[l.ID]:
			return fieldError(field+"ID", "is another line's already")
		case !slices.Contains([]channels.Kind{channels.Messenger, channels.Instagram, channels.WhatsApp}, l.Kind):
			return fieldError(field+"Kind", "must be messenger, instagram or whatsapp")
		case l.Agency != "" && l.Agency.Valid() != nil:
			return fieldError(field+"Agency", "is not written like a channels.ID")
		case !number(l.Account):
			return fieldError(field+"Account", "is required and a number")
		case accounts[l.Account]:
			return fieldError(field+"Account", "is another line's already")
		case slices.Contains(cfg.Removed, l.Account):
			return fieldError(field+"Account", "is among Removed")
		case l.Business != "" && !number(l.Business):
			return fieldError(field+"Business", "is not a number")
		case l.Token == nil:
			return fieldError(field+"Token", "is required")
		case l.Capabilities != nil && l.Capabilities.Kind != l.Kind:
			return fieldError(field+"Capabilities", "are of another kind")
		}
		ids[l.ID], accounts[l.Account] = true, true
	}
	return nil
}

// number reports whether s is an id of Meta's: digits, which may stand in a path.
func number(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

func fieldError(field, what string) error {
	return errors.New("meta: Config." + field + " " + what)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
