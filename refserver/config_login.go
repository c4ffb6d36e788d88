package main

// loginConf says how people prove who they are; nil: nobody is asked to.
type loginConf struct {
	Keys      []loginKeyConf               `yaml:"keys"`
	Names     map[string]map[string]string `yaml:"names"`
	Lines     map[string]loginPolicyConf   `yaml:"lines"`
	ValidFor  duration                     `yaml:"valid_for"`
	PerHour   int                          `yaml:"per_hour"`
	PerMinute int                          `yaml:"per_minute"`
	Remember  duration                     `yaml:"remember"`
	Methods   loginMethodsConf             `yaml:"methods"`
}

// loginKeyConf is a key that seals what is kept of a login.
type loginKeyConf struct {
	ID  string `yaml:"id"`
	Key secret `yaml:"key"`
}

// loginPolicyConf is what a line allows.
type loginPolicyConf struct {
	Off        bool   `yaml:"off"`
	Least      string `yaml:"least"`
	InChat     bool   `yaml:"in_chat"`
	InChatMost string `yaml:"in_chat_most"`
}

// loginMethodsConf holds what a person may choose from, at least one of them.
type loginMethodsConf struct {
	SmartID  *smartIDConf  `yaml:"smartid"`
	MobileID *mobileIDConf `yaml:"mobileid"`
	TARA     *taraConf     `yaml:"tara"`
}

// smartIDConf is a contract with Smart-ID.
type smartIDConf struct {
	Environment    string         `yaml:"environment"`
	URL            string         `yaml:"url"`
	Scheme         string         `yaml:"scheme"`
	API            string         `yaml:"api"`
	Flow           string         `yaml:"flow"`
	UUID           secret         `yaml:"uuid"`
	Name           string         `yaml:"name"`
	Certificates   string         `yaml:"certificates"`
	Pins           []string       `yaml:"pins"`
	Trust          trustConf      `yaml:"trust"`
	Revocation     revocationConf `yaml:"revocation"`
	InsecureNoPins bool           `yaml:"insecure_no_pins"`
	InsecureHTTP   bool           `yaml:"insecure_http"`
}

// mobileIDConf is a contract with Mobile-ID.
type mobileIDConf struct {
	Environment    string         `yaml:"environment"`
	URL            string         `yaml:"url"`
	UUID           secret         `yaml:"uuid"`
	Name           string         `yaml:"name"`
	Pins           []string       `yaml:"pins"`
	Trust          trustConf      `yaml:"trust"`
	Revocation     revocationConf `yaml:"revocation"`
	InsecureNoPins bool           `yaml:"insecure_no_pins"`
	InsecureHTTP   bool           `yaml:"insecure_http"`
}

// trustConf names files of certificates.
type trustConf struct {
	Anchors       []string `yaml:"anchors"`
	Intermediates []string `yaml:"intermediates"`
}

// revocationConf says whom to ask whether a certificate was revoked.
type revocationConf struct {
	Hosts         []string `yaml:"hosts"`
	Responders    []string `yaml:"responders"`
	NonceOptional bool     `yaml:"nonce_optional"`
	MaxAge        duration `yaml:"max_age"`
}

// taraConf is a client that is registered at TARA or GovSSO.
type taraConf struct {
	Issuer       string   `yaml:"issuer"`
	ClientID     string   `yaml:"client_id"`
	ClientSecret secret   `yaml:"client_secret"`
	SecretInForm bool     `yaml:"secret_in_form"`
	Scopes       []string `yaml:"scopes"`
	Level        string   `yaml:"level"`
	CAFile       string   `yaml:"ca_file"`
	InsecureHTTP bool     `yaml:"insecure_http"`
}
