package bird

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Config describes the workspace. AccessKey, WorkspaceID, SigningKeys and Lines
// are required; every other field has a usable zero value.
type Config struct {
	// Name is the last element of the webhook's path, written like a
	// channels.ID. Default "bird".
	Name string
	// AccessKey returns the API key. It is asked at each call, so that a key is
	// renewed without a restart. It may be called concurrently and must not
	// block for long.
	AccessKey func() string
	// WorkspaceID is Bird's id of the workspace, a UUID. Required.
	WorkspaceID string
	// SigningKeys returns the keys that sign webhooks: those that were given to
	// Bird with the subscriptions, of which the first is given to new ones. It
	// is asked at each request, concurrently; while a key is being replaced it
	// returns both.
	SigningKeys func() []string
	// Lines are the channels of the workspace that are served, at least one.
	Lines []Line

	// OrganizationID is Bird's id of the owner of the workspace, needed for webhook
	// subscriptions only.
	OrganizationID string
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

	// RetryHorizon is how old a genuine request may be: Bird repeats one for
	// eight hours as it was. Default 24 h; negative: not older than Leeway.
	RetryHorizon time.Duration
	// Leeway is how far Bird's clock may be from ours, for requests and for
	// Find. Default 1 min; negative: none.
	Leeway time.Duration
	// Late is called with the age of an accepted request that is older than
	// five minutes, so that repetitions can be counted. It may be called
	// concurrently. May be nil.
	Late func(age time.Duration)
	// InsecureUnsignedQuery checks signatures over the URL without its query,
	// should Bird leave that out. Anybody can then change the query, which
	// nothing here reads. Default: the URL as it was called.
	InsecureUnsignedQuery bool

	// Interactions is the last word of the events that tell what people did
	// with a message. Default "interaction".
	Interactions string
	// SubscriptionsPath is the last element of the path of webhook
	// subscriptions. Default "webhook-subscriptions".
	SubscriptionsPath string
	// FindWindow is how far back Find looks. Default 2 h.
	FindWindow time.Duration

	// MediaHosts are further hosts that media of people may be downloaded from,
	// also when the host of media points there, without a key, as "host" or
	// "host:port". Default: none.
	MediaHosts []string
	// MediaMax is the largest inbound file, in bytes. Default 100 MiB.
	MediaMax int64
	// MediaTypes are the media types that are downloaded, "image/*" for all of
	// a kind. Default: pictures, films, sounds, PDF, office documents, plain
	// text, ZIP and signed containers.
	MediaTypes []string
	// InsecureHTTP allows endpoints, webhooks and downloads without TLS, for
	// simulators on loopback.
	InsecureHTTP bool
}

// Line is one channel of the workspace.
type Line struct {
	// ID, Kind, Name and Agency are those of channels.Info. ID and Kind are
	// required.
	ID     channels.ID
	Kind   channels.Kind
	Name   string
	Agency channels.Agency
	// ChannelID is Bird's id of the channel, a UUID. Required.
	ChannelID string
	// IdentifierKey is the key under which the line's people are known and
	// which their Peer leaves out. Default: "phonenumber" for WhatsApp, SMS and
	// Viber, "emailaddress" for e-mail, none elsewhere.
	IdentifierKey string
	// Projects are the template projects by the name that the agency uses. A
	// name that is a UUID needs no entry: it is the project's own id. Other
	// names are refused.
	Projects map[string]Project
	// OldVariables sends the values of a template as the older map "variables".
	// Default: "parameters".
	OldVariables bool
	// Choices is the form in which options to tap leave. Default Postbacks.
	Choices ChoiceForm
	// ListButton is the label that opens a list of Choices without one.
	// Default "Vali".
	ListButton string
	// Quotes sends a message that answers a certain message with that message's
	// id in replyTo. Default: without.
	Quotes bool
	// Subject is the subject of e-mails. Default: none is sent.
	Subject string
	// ReturnLink is that of channels.Info: "https://wa.me/NUMBER?text={word}".
	// Default: none, and nobody can be brought back from an authentication.
	ReturnLink string
	// Capabilities replace what is known of the kind. Default: the catalogue's
	// entry with what Bird changes.
	Capabilities *channels.Capabilities
}

// Project is a template at Bird.
type Project struct {
	// ID is Bird's id of the project, a UUID. Required.
	ID string
	// Version is the version's id. Default "latest".
	Version string
}

// Endpoints are where the API is.
type Endpoints struct {
	// API is the base of all calls, without a trailing slash. Default
	// "https://api.bird.com".
	API string
	// Media is the host of people's media, the only one besides API's that is
	// shown the AccessKey. Default "media.api.bird.com".
	Media string
}

// ChoiceForm is how options to tap are written.
type ChoiceForm string

// Forms of options.
const (
	// Postbacks carry the id of the option, which comes back with the tap.
	Postbacks ChoiceForm = "postback"
	// Replies carry the title only; a tap comes back as the text of it.
	Replies ChoiceForm = "reply"
)

// complete returns cfg with its defaults, or an error that names the field.
func (cfg Config) complete() (Config, error) {
	setDefault(&cfg.Name, "bird")
	setDefault(&cfg.Endpoints.API, "https://api.bird.com")
	setDefault(&cfg.Endpoints.Media, "media.api.bird.com")
	setDefault(&cfg.MediaClient, cfg.HTTPClient)
	setDefault(&cfg.RetryHorizon, 24*time.Hour)
	setDefault(&cfg.Leeway, time.Minute)
	setDefault(&cfg.Interactions, "interaction")
	setDefault(&cfg.SubscriptionsPath, "webhook-subscriptions")
	setDefault(&cfg.FindWindow, 2*time.Hour)
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
		l := &cfg.Lines[i]
		setDefault(&l.IdentifierKey, identifierKey(l.Kind))
		setDefault(&l.Choices, Postbacks)
		setDefault(&l.ListButton, "Vali")
	}
	return cfg, cfg.check()
}

func (cfg Config) check() error {
	switch {
	case channels.ID(cfg.Name).Valid() != nil:
		return fieldError("Name", "is not written like a channels.ID")
	case cfg.AccessKey == nil || cfg.AccessKey() == "":
		return fieldError("AccessKey", "is required")
	case !element(cfg.WorkspaceID):
		return fieldError("WorkspaceID", "is required and is one element of a path")
	case cfg.SigningKeys == nil || len(cfg.SigningKeys()) == 0 || slices.Contains(cfg.SigningKeys(), ""):
		return fieldError("SigningKeys", "is required, and no key may be empty")
	case cfg.OrganizationID != "" && !element(cfg.OrganizationID):
		return fieldError("OrganizationID", "is one element of a path")
	case !element(cfg.SubscriptionsPath):
		return fieldError("SubscriptionsPath", "is one element of a path")
	case strings.Contains(cfg.Interactions, "."), cfg.Interactions == "inbound", cfg.Interactions == "outbound":
		return fieldError("Interactions", "is one word of its own, without a dot")
	case cfg.Timeout < 0:
		return fieldError("Timeout", "must not be negative")
	case cfg.FindWindow < 0:
		return fieldError("FindWindow", "must not be negative")
	case cfg.MediaMax < 0:
		return fieldError("MediaMax", "must not be negative")
	case len(cfg.Lines) == 0:
		return fieldError("Lines", "is required")
	}
	return cfg.checkLines()
}

func (cfg Config) checkLines() error {
	ids, lines := map[channels.ID]bool{}, map[string]bool{}
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
		case !element(l.ChannelID):
			return fieldError(field+"ChannelID", "is required and is one element of a path")
		case lines[l.ChannelID]:
			return fieldError(field+"ChannelID", "is another line's already")
		case strings.Contains(l.IdentifierKey, ":"):
			return fieldError(field+"IdentifierKey", "must not have a colon")
		case l.Choices != Postbacks && l.Choices != Replies:
			return fieldError(field+"Choices", "is not known")
		case l.Capabilities != nil && l.Capabilities.Kind != l.Kind:
			return fieldError(field+"Capabilities", "are of another kind")
		}
		for name, p := range l.Projects {
			if p.ID == "" {
				return fieldError(fmt.Sprintf("%sProjects[%q].ID", field, name), "is required")
			}
		}
		ids[l.ID], lines[l.ChannelID] = true, true
	}
	return nil
}

// element reports whether s can be one element of a path.
func element(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.Contains(s, "/")
}

// webAddress reports whether s is an absolute URL that we may give to Bird.
func webAddress(s string, insecure bool) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || insecure && u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == ""
}

func fieldError(field, what string) error {
	return errors.New("bird: Config." + field + " " + what)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
