package main

// auditConf says how the security log of one agency is signed, see docs/audit.md.
type auditConf struct {
	Agency      string        `yaml:"agency"`
	Dir         string        `yaml:"dir"`
	SigningKeys []secret      `yaml:"signing_keys"`
	PublicKeys  string        `yaml:"public_keys"`
	Every       duration      `yaml:"every"`
	Witnesses   []witnessConf `yaml:"witnesses"`
}

// witnessConf is a file, or an address and what signs requests to it.
type witnessConf struct {
	File   string `yaml:"file"`
	URL    string `yaml:"url"`
	Secret secret `yaml:"secret"`
}

// securityLogConf is where entries of the security log go besides the store: one of
// file, stream and url.
type securityLogConf struct {
	File   string `yaml:"file"`
	Stream string `yaml:"stream"`
	URL    string `yaml:"url"`
	Secret secret `yaml:"secret"`
}
