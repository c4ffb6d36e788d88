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
	KeepFor            duration `yaml:"keep_for"`
	KeepLog            duration `yaml:"keep_log"`
	InsecureNotDurable bool     `yaml:"insecure_not_durable"`
}
