package main

// config is the configuration file. liidestuja.example.yaml explains each field
// to the operator; fields that are left out have the defaults named there. The
// names are those of the packages' own Config structs in snake case, so that an
// error of a constructor can be told as one of the file.
type config struct {
	Agency    string         `yaml:"agency"`
	PublicURL string         `yaml:"public_url"`
	Listen    listenConf     `yaml:"listen"`
	Data      string         `yaml:"data"`
	Postgres  *postgresConf  `yaml:"postgres"`
	StoreKey  secret         `yaml:"store_key"`
	MediaKeys []secret       `yaml:"media_keys"`
	MediaFor  duration       `yaml:"media_for"`
	LineKeys  []lineKeyConf  `yaml:"line_keys"`
	RawFor    duration       `yaml:"raw_for"`
	Language  string         `yaml:"language"`
	Session   sessionConf    `yaml:"session"`
	Egress    egressConf     `yaml:"egress"`
	Providers []providerConf `yaml:"providers"`
	Login     *loginConf     `yaml:"login"`
	Bot       botConf        `yaml:"bot"`
	Desk      deskConf       `yaml:"desk"`
	Limits    limitsConf     `yaml:"limits"`
	Roles     []string       `yaml:"roles"`
	Log       logConf        `yaml:"log"`
	Metrics   metricsConf    `yaml:"metrics"`
	Audit     []auditConf    `yaml:"audit"`
	Traces    *tracesConf    `yaml:"traces"`

	SecurityLog []securityLogConf `yaml:"security_log"`
}

// lineKeyConf is a key that seals the tokens of added lines.
type lineKeyConf struct {
	ID  string `yaml:"id"`
	Key secret `yaml:"key"`
}

type listenConf struct {
	Addr              string   `yaml:"addr"`
	TLS               *tlsConf `yaml:"tls"`
	BehindProxy       bool     `yaml:"behind_proxy"`
	TrustedProxies    []string `yaml:"trusted_proxies"`
	ReadHeaderTimeout duration `yaml:"read_header_timeout"`
	ReadTimeout       duration `yaml:"read_timeout"`
	WriteTimeout      duration `yaml:"write_timeout"`
	IdleTimeout       duration `yaml:"idle_timeout"`
	MaxHeaderBytes    size     `yaml:"max_header_bytes"`
	StopDelay         duration `yaml:"stop_delay"`
}

type tlsConf struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

type sessionConf struct {
	Max  duration `yaml:"max"`
	Idle duration `yaml:"idle"`
}

type egressConf struct {
	Proxy        string   `yaml:"proxy"`
	ProxyAuth    secret   `yaml:"proxy_auth"`
	CAFile       string   `yaml:"ca_file"`
	AllowedHosts []string `yaml:"allowed_hosts"`
}

// providerConf holds exactly one of its fields.
type providerConf struct {
	MessageBird *messagebirdConf `yaml:"messagebird"`
	Bird        *birdConf        `yaml:"bird"`
	Meta        *metaConf        `yaml:"meta"`
}

// birdConf is one workspace at Bird.
type birdConf struct {
	Name                  string            `yaml:"name"`
	AccessKey             secret            `yaml:"access_key"`
	WorkspaceID           string            `yaml:"workspace_id"`
	OrganizationID        string            `yaml:"organization_id"` //nolint:misspell // as Bird writes it
	SigningKeys           []secret          `yaml:"signing_keys"`
	Lines                 []birdLineConf    `yaml:"lines"`
	Endpoints             birdEndpointsConf `yaml:"endpoints"`
	Timeout               duration          `yaml:"timeout"`
	RetryHorizon          *horizon          `yaml:"retry_horizon"`
	Leeway                duration          `yaml:"leeway"`
	InsecureUnsignedQuery bool              `yaml:"insecure_unsigned_query"`
	Interactions          string            `yaml:"interactions"`
	SubscriptionsPath     string            `yaml:"subscriptions_path"`
	FindWindow            duration          `yaml:"find_window"`
	MediaHosts            []string          `yaml:"media_hosts"`
	MediaMax              size              `yaml:"media_max"`
	MediaTypes            []string          `yaml:"media_types"`
	InsecureHTTP          bool              `yaml:"insecure_http"`
}

type birdEndpointsConf struct {
	API   string `yaml:"api"`
	Media string `yaml:"media"`
}

type birdLineConf struct {
	ID            string                     `yaml:"id"`
	Kind          string                     `yaml:"kind"`
	Name          string                     `yaml:"name"`
	Agency        string                     `yaml:"agency"`
	ChannelID     string                     `yaml:"channel_id"`
	IdentifierKey string                     `yaml:"identifier_key"`
	Projects      map[string]birdProjectConf `yaml:"projects"`
	OldVariables  bool                       `yaml:"old_variables"`
	Choices       string                     `yaml:"choices"`
	ListButton    string                     `yaml:"list_button"`
	Quotes        bool                       `yaml:"quotes"`
	Subject       string                     `yaml:"subject"`
	ReturnLink    string                     `yaml:"return_link"`
	Rate          *rateConf                  `yaml:"rate"`
}

type birdProjectConf struct {
	ID      string `yaml:"id"`
	Version string `yaml:"version"`
}

// metaConf is one app at Meta.
type metaConf struct {
	Name         string            `yaml:"name"`
	AppID        string            `yaml:"app_id"`
	LoginConfig  string            `yaml:"login_config"`
	AppSecrets   []secret          `yaml:"app_secrets"`
	VerifyToken  secret            `yaml:"verify_token"`
	Lines        []metaLineConf    `yaml:"lines"`
	Removed      []string          `yaml:"removed"`
	Version      string            `yaml:"version"`
	Endpoints    metaEndpointsConf `yaml:"endpoints"`
	Timeout      duration          `yaml:"timeout"`
	MediaHosts   []string          `yaml:"media_hosts"`
	MediaMax     size              `yaml:"media_max"`
	MediaTypes   []string          `yaml:"media_types"`
	InsecureHTTP bool              `yaml:"insecure_http"`
}

type metaEndpointsConf struct {
	Graph     string `yaml:"graph"`
	Instagram string `yaml:"instagram"`
	Dialog    string `yaml:"dialog"`
}

type metaLineConf struct {
	ID             string    `yaml:"id"`
	Kind           string    `yaml:"kind"`
	Name           string    `yaml:"name"`
	Agency         string    `yaml:"agency"`
	Account        string    `yaml:"account"`
	Business       string    `yaml:"business"`
	Token          secret    `yaml:"token"`
	InstagramLogin bool      `yaml:"instagram_login"`
	NoHumanAgent   bool      `yaml:"no_human_agent"`
	ListButton     string    `yaml:"list_button"`
	ReturnLink     string    `yaml:"return_link"`
	Rate           *rateConf `yaml:"rate"`
}

type messagebirdConf struct {
	Name                string        `yaml:"name"`
	AccessKey           secret        `yaml:"access_key"`
	SigningKeys         []secret      `yaml:"signing_keys"`
	Lines               []lineConf    `yaml:"lines"`
	Endpoints           endpointsConf `yaml:"endpoints"`
	Timeout             duration      `yaml:"timeout"`
	RetryHorizon        *horizon      `yaml:"retry_horizon"`
	Leeway              duration      `yaml:"leeway"`
	LegacyHMAC          *legacyConf   `yaml:"legacy_hmac"`
	Reconcile           string        `yaml:"reconcile"`
	FindWindow          duration      `yaml:"find_window"`
	SendVia             string        `yaml:"send_via"`
	ReportToWebhook     bool          `yaml:"report_to_webhook"`
	MediaHosts          []string      `yaml:"media_hosts"`
	MediaMax            size          `yaml:"media_max"`
	MediaTypes          []string      `yaml:"media_types"`
	InsecurePublicFiles bool          `yaml:"insecure_public_files"`
	InsecureHTTP        bool          `yaml:"insecure_http"`
}

type endpointsConf struct {
	Conversations string `yaml:"conversations"`
	Files         string `yaml:"files"`
	Media         string `yaml:"media"`
	SMS           string `yaml:"sms"`
}

type legacyConf struct {
	MaxAge duration `yaml:"max_age"`
}

type lineConf struct {
	ID         string    `yaml:"id"`
	Kind       string    `yaml:"kind"`
	Name       string    `yaml:"name"`
	Agency     string    `yaml:"agency"`
	ChannelID  string    `yaml:"channel_id"`
	Namespace  string    `yaml:"namespace"`
	OldParams  bool      `yaml:"old_params"`
	Quotes     bool      `yaml:"quotes"`
	ListButton string    `yaml:"list_button"`
	ReturnLink string    `yaml:"return_link"`
	SMS        *smsConf  `yaml:"sms"`
	Rate       *rateConf `yaml:"rate"`
}

type smsConf struct {
	Originator string   `yaml:"originator"`
	Numbers    []string `yaml:"numbers"`
	Validity   duration `yaml:"validity"`
}

type rateConf struct {
	PerSecond float64 `yaml:"per_second"`
	Burst     int     `yaml:"burst"`
}

type botConf struct {
	Kind          string                       `yaml:"kind"`
	HandoverWords map[string][]string          `yaml:"handover_words"`
	Texts         map[string]map[string]string `yaml:"texts"`
}

type deskConf struct {
	Tokens      []tokenConf                  `yaml:"tokens"`
	Hours       hoursConf                    `yaml:"hours"`
	Languages   []string                     `yaml:"languages"`
	Texts       map[string]map[string]string `yaml:"texts"`
	MaxUpload   size                         `yaml:"max_upload"`
	FileTypes   []string                     `yaml:"file_types"`
	PageSize    int                          `yaml:"page_size"`
	SessionIdle duration                     `yaml:"session_idle"`
	SessionMax  duration                     `yaml:"session_max"`
	Streams     int                          `yaml:"streams"`
}

type tokenConf struct {
	ID     string `yaml:"id"`
	Name   string `yaml:"name"`
	Role   string `yaml:"role"`
	Agency string `yaml:"agency"`
	Hash   string `yaml:"hash"`
}

type hoursConf struct {
	Zone   string              `yaml:"zone"`
	Week   map[string][]string `yaml:"week"`
	Closed []string            `yaml:"closed"`
}

type limitsConf struct {
	MaxBody        size     `yaml:"max_body"`
	MaxMedia       size     `yaml:"max_media"`
	TurnWorkers    int      `yaml:"turn_workers"`
	SendWorkers    int      `yaml:"send_workers"`
	MediaWorkers   int      `yaml:"media_workers"`
	HandlerTimeout duration `yaml:"handler_timeout"`
	SendTimeout    duration `yaml:"send_timeout"`
	Lease          duration `yaml:"lease"`
	MaxAttempts    int      `yaml:"max_attempts"`
	MaxHold        duration `yaml:"max_hold"`
	ReconcileFor   duration `yaml:"reconcile_for"`
	EraseAfter     duration `yaml:"erase_after"`
	DrainTimeout   duration `yaml:"drain_timeout"`
}

type logConf struct {
	Level level `yaml:"level"`
}
