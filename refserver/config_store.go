package main

// postgresConf is a database that several processes share, instead of a folder
// that one has.
type postgresConf struct {
	DSN                secret   `yaml:"dsn"`
	Owner              secret   `yaml:"owner"`
	Application        string   `yaml:"application"`
	Pooled             bool     `yaml:"pooled"`
	Connections        int      `yaml:"connections"`
	Timeout            duration `yaml:"timeout"`
	InsecureNotDurable bool     `yaml:"insecure_not_durable"`
}
