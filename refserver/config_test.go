package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// compileFile loads a configuration as the server does.
func compileFile(t *testing.T, path string, env map[string]string) (*parts, error) {
	t.Helper()
	l, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	return l.compile(newVault(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, time.Now))
}

func TestAMistakeInTheConfigurationIsToldWithLineAndField(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"no agency":                       {"agency: ppa\n", "", "1: agency: is required"},
		"an agency in capitals":           {"agency: ppa", "agency: PPA", "1: agency: must be 1-64 characters of a-z, 0-9, '-', '_', '.'"},
		"no public address":               {"public_url: https://alt.example.ee\n", "", `1: public_url: is required: the address at which providers reach this server, like "https://alt.agency.ee"`},
		"a public address with a slash":   {"https://alt.example.ee", "https://alt.example.ee/", "2: public_url: must be an absolute address without query, fragment or trailing slash"},
		"a public address without TLS":    {"https://alt.example.ee", "http://alt.example.ee", "2: public_url: must be https (http is for loopback addresses)"},
		"a public address with a query":   {"https://alt.example.ee", "https://alt.example.ee?a=b", "2: public_url: must be an absolute address without query, fragment or trailing slash"},
		"an open listener":                {`"127.0.0.1:0"`, `"0.0.0.0:80"`, "3: listen.addr: is open to others: set listen.tls, or listen.behind_proxy where a proxy ends TLS"},
		"an address without a port":       {`"127.0.0.1:0"`, `"127.0.0.1"`, `3: listen.addr: must be a host and a port like "127.0.0.1:8080"`},
		"a port that is none":             {`"127.0.0.1:0"`, `"127.0.0.1:http-alt-x"`, "3: listen.addr: has a port that is none"},
		"a certificate without a file":    {`"127.0.0.1:0"`, `"127.0.0.1:0", tls: {key_file: x}`, "3: listen.tls.cert_file: is required"},
		"a network that is none":          {`"127.0.0.1:0"`, `"127.0.0.1:0", trusted_proxies: [10.0.0.1]`, `3: listen.trusted_proxies[0]: must be a network like "10.1.0.0/16"`},
		"a time without a unit":           {`"127.0.0.1:0"`, `"127.0.0.1:0", idle_timeout: 5`, `3: listen.idle_timeout: must be a time like "30s", "5m" or "24h"`},
		"a size that is none":             {`"127.0.0.1:0"`, `"127.0.0.1:0", max_header_bytes: -1`, `3: listen.max_header_bytes: must be a number of bytes like 65536, "512KiB" or "3MiB"`},
		"no data":                         {"data: ", "raw_for: 1h # ", "1: data: is required: the folder of the database; or postgres"},
		"data in two places":              {"store_key: ", "postgres: {dsn: {env: DSN}}\nstore_key: ", "4: data: is a folder, and postgres a database: the store is in one of them"},
		"a database without an address":   {"data: ", "postgres: {pooled: true} # ", "4: postgres.dsn: is required: {env: NAME} or {file: PATH}"},
		"an address in the open":          {"data: ", "postgres: {dsn: \"postgres://a:canary@db/x\"} # ", "4: postgres.dsn: must be {env: NAME} or {file: PATH}; a secret never stands in this file"},
		"an address that is none":         {"data: ", "postgres: {dsn: {env: ODD}} # ", "4: postgres.dsn: is no connection string of PostgreSQL"},
		"an owner without an application": {"data: ", "postgres: {dsn: {env: DSN}, owner: {env: NONE}} # ", "4: postgres.application: is required with owner: the role of dsn, which is given its rights"},
		"connections below none":          {"data: ", "postgres: {dsn: {env: DSN}, connections: -1} # ", "4: postgres.connections: must not be negative"},
		"a role that is none":             {"data: ", "roles: [webhooks, pidgin]\ndata: ", "4: roles[1]: must be one of webhooks, workers, desk, pages"},
		"a role twice":                    {"data: ", "roles: [desk, desk]\ndata: ", "4: roles[1]: is named twice"},
		"a part of the work on a folder":  {"data: ", "roles: [webhooks, desk, pages]\ndata: ", "4: roles: must be all of them, because one process has the folder of data; a store that processes share is postgres"},
		"no key":                          {"store_key: ", "# ", "1: store_key: is required: {file: PATH}, made at the first start, or {env: NAME}"},
		"a key beside the data":           {"DIR/store.key", "DIR/data/store.key", "5: store_key: must not lie in the folder of the data: who copies one must not have both"},
		"a key of the wrong size":         {"store_key: {file: DIR/store.key}", "store_key: {env: SHORT}", "5: store_key: must be 32 bytes in base64, as made by: head -c 32 /dev/urandom | base64"},
		"a short key of links":            {"store_key: ", "media_keys: [{env: SHORT}]\nstore_key: ", "5: media_keys[0]: must be 32 bytes in base64, as made by: head -c 32 /dev/urandom | base64"},
		"no provider":                     {"providers:\n", "providers: []\nrest:\n", `7: has an unknown field: "rest"`},
		"an unknown provider":             {"  - messagebird:", "  - pigeon:", `7: providers[0]: has an unknown field: "pigeon"`},
		"a provider of no kind":           {"providers:\n", "providers:\n  - {}\n", "7: providers[0]: must name one kind of provider: messagebird, bird or meta"},
		"a secret in the open":            {"access_key: {file: DIR/access.key}", "access_key: canary-access-key-4711", "8: providers[0].messagebird.access_key: must be {env: NAME} or {file: PATH}; a secret never stands in this file"},
		"a secret that is missing":        {"DIR/access.key", "DIR/no.key", "8: providers[0].messagebird.access_key: the file of the secret cannot be read: open DIR/no.key: no such file or directory"},
		"an empty secret":                 {"DIR/access.key", "DIR/empty.key", "8: providers[0].messagebird.access_key: the file of the secret, DIR/empty.key, is empty"},
		"a variable that is not set":      {"{file: DIR/access.key}", "{env: NO_SUCH}", "8: providers[0].messagebird.access_key: the environment variable NO_SUCH is not set"},
		"a secret in two places":          {"{file: DIR/access.key}", "{file: DIR/access.key, env: A}", "8: providers[0].messagebird.access_key: has both env and file"},
		"no signing key":                  {"[{file: DIR/signing.key}]", "[]", "9: providers[0].messagebird.signing_keys: is required: one, or two while one replaces the other"},
		"a line without an id":            {"id: ppa-whatsapp, ", "", "10: providers[0].messagebird.lines[0].id: is required and written like a channels.ID"},
		"a line of no kind":               {"kind: whatsapp", "kind: pigeon", "10: providers[0].messagebird.lines[0].kind: is not known to be carried by the API; Capabilities say what it can do"},
		"a line twice":                    {"lines: [", "lines: [{id: ppa-whatsapp, kind: sms, channel_id: x}, ", "10: providers[0].messagebird.lines[1].id: is another line's already"},
		"a rate of nothing":               {"kind: whatsapp", "kind: whatsapp, rate: {burst: 1}", "10: providers[0].messagebird.lines[0].rate.per_second: must be more than 0"},
		"an endpoint without TLS":         {"insecure_http: true", "insecure_http: false", "11: providers[0].messagebird.endpoints.conversations: httpx: Config.BaseURL must be https (InsecureHTTP is for simulators)"},
		"a way to reconcile":              {"insecure_http: true", "reconcile: hope\n      insecure_http: true", "12: providers[0].messagebird.reconcile: is not known"},
		"two accounts of a name":          {"bot: {", "  - messagebird: {access_key: {env: SHORT}, signing_keys: [{env: SHORT}], lines: [{id: b, kind: sms, channel_id: b}], name: messagebird}\nbot: {", "13: providers[1].messagebird.name: is another provider's already"},
		"two kinds in one":                {"  - messagebird:", "  - meta: {app_secrets: [{env: SHORT}], verify_token: {env: SHORT}, lines: []}\n    messagebird:", "7: providers[0]: must name one kind of provider: messagebird, bird or meta"},
		"an app without a secret":         {"providers:\n", "providers:\n  - meta: {verify_token: {env: SHORT}}\n", "7: providers[0].meta.app_secrets: is required: one, or two while one replaces the other"},
		"an account without a token":      {"providers:\n", "providers:\n  - meta: {app_secrets: [{env: SHORT}], verify_token: {env: SHORT}, lines: [{id: a, kind: messenger, account: \"1\", token: {env: NONE}}]}\n", "7: providers[0].meta.lines[0].token: the environment variable NONE is not set"},
		"an app's line of another kind":   {"providers:\n", "providers:\n  - meta: {app_secrets: [{env: SHORT}], verify_token: {env: SHORT}, lines: [{id: a, kind: sms, account: \"1\", token: {env: SHORT}}]}\n", "7: providers[0].meta.lines[0].kind: must be messenger, instagram or whatsapp"},
		"a workspace without an id":       {"providers:\n", "providers:\n  - bird: {access_key: {env: SHORT}, signing_keys: [{env: SHORT}]}\n", "7: providers[0].bird.workspace_id: is required and is one element of a path"},
		"a proxy with a password":         {"bot: {", "egress: {proxy: \"http://a:b@c\"}\nbot: {", "13: egress.proxy: must not hold a password: that is proxy_auth"},
		"a host that is none":             {"bot: {", "egress: {allowed_hosts: [\"a b\"]}\nbot: {", "13: egress.allowed_hosts: host \"a b\": not a host name or address"},
		"an authority that is missing":    {"bot: {", "egress: {ca_file: DIR/no.pem}\nbot: {", "13: egress.ca_file: open DIR/no.pem: no such file or directory"},
		"a bot of no kind":                {"kind: echo", "kind: oracle", "13: bot.kind: must be none or echo"},
		"words without a bot":             {"kind: echo", "handover_words: {et: [a]}", "13: bot.kind: is none, so nothing else of bot has a meaning"},
		"two words as one":                {"kind: echo", "kind: echo, handover_words: {et: [päris inimene]}", "13: bot.handover_words.et: each must be one word of letters and digits"},
		"a text of no name":               {"kind: echo", "kind: echo, texts: {et: {hello: Tere}}", "13: bot.texts.et: there is no text of this name; there are disclosure, echo, other"},
		"a bot that hides":                {"kind: echo", "kind: echo, texts: {et: {disclosure: \" \"}}", "13: bot.texts.et.disclosure: must not be empty: people are told that a bot answers"},
		"a language by halves":            {"kind: echo", "kind: echo, texts: {fi: {echo: a}}", "13: bot.texts.fi: disclosure is missing, because there is no built-in text in this language"},
		"a token without a role":          {"role: specialist", "role: boss", "15: desk.tokens[0].role: must be specialist, auditor or admin"},
		"a token without a hash":          {"hash: ", "name: ", "15: desk.tokens[0].hash: must be a SHA-256 in hex, see HashToken"},
		"an id that means something else": {"id: mari", "id: system", `15: desk.tokens[0].id: "system" means something else`},
		"a day that is none":              {"log: {", "  hours: {week: {esmaspäev: []}}\nlog: {", "16: desk.hours.week.esmaspäev: must be one of monday, tuesday, wednesday, thursday, friday, saturday, sunday"},
		"hours that are none":             {"log: {", "  hours: {week: {monday: [all day]}}\nlog: {", `16: desk.hours.week.monday[0]: must be hours like "09:00-17:00"`},
		"hours that end first":            {"log: {", "  hours: {week: {monday: [\"17:00-09:00\"]}}\nlog: {", `16: desk.hours.week.monday: must be spans like "09:00" to "17:00"`},
		"a zone that is none":             {"log: {", "  hours: {zone: Eesti/Tartu}\nlog: {", "16: desk.hours.zone: not known here (a program without the system's time zones imports time/tzdata)"},
		"a holiday that is none":          {"log: {", "  hours: {closed: [jõulud]}\nlog: {", `16: desk.hours.closed[0]: must be a day like "2026-12-24"`},
		"a desk's text of no name":        {"log: {", "  texts: {et: {hello: Tere}}\nlog: {", "16: desk.texts.et.hello: there is no such text"},
		"a page without an end":           {"log: {", "  page_size: 1000\nlog: {", "16: desk.page_size: must be 1-200"},
		"a negative number":               {"log: {", "limits: {send_workers: -1}\nlog: {", "16: limits.send_workers: must not be negative"},
		"a turn longer than its lease":    {"log: {", "limits: {lease: 10s}\nlog: {", "16: limits.handler_timeout: must be shorter than Lease"},
		"a level that is none":            {"level: debug", "level: loud", "16: log.level: must be debug, info, warn or error"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("empty.key", "\n")
			w.change("config.yaml", strings.ReplaceAll(c.from, "DIR", w.dir), strings.ReplaceAll(c.to, "DIR", w.dir))
			_, err := compileFile(t, w.path("config.yaml"), map[string]string{"SHORT": "c2hvcnQ=", "DSN": "postgres://a:canary-password@db/x", "ODD": "postgres://a:canary-password@db:port/x"})
			require.Error(t, err)
			require.Contains(t, strings.Split(err.Error(), "\n"), w.path("config.yaml")+":"+strings.ReplaceAll(c.want, "DIR", w.dir))
			require.NotContains(t, err.Error(), "canary")
		})
	}
}
