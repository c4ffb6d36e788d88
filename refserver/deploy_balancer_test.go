package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/pgtest"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// deployedDatabase makes the database and its roles as an installation does.
func deployedDatabase(t *testing.T) (owner, application string) {
	t.Helper()
	if testing.Short() {
		t.Skip("of processes, which tell the race detector nothing; make test has it")
	}
	srv := ownPostgres(t, pgtest.Config{Durable: true})
	cmd := exec.CommandContext(t.Context(), filepath.Join("deploy", "database", "roles.sh"))
	cmd.Env = append(os.Environ(), "PGHOST="+srv.Folder(), `OWNER_PASSWORD=it's\ one`, "APPLICATION_PASSWORD=$another")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return "dbname=liidestuja user=liidestuja_owner host=" + srv.Folder(), "dbname=liidestuja user=liidestuja host=" + srv.Folder()
}

// deployTwice writes the configuration of the replicas for the test's database
// and its simulator of the provider, and returns its path.
func (w *world) deployTwice(owner, application string) string {
	w.t.Helper()
	w.write("owner.dsn", owner)
	w.write("application.dsn", application)
	path := deployHere(w.t, overlayPostgres,
		"{env: DATABASE_DSN}", "{file: "+w.path("application.dsn")+"}",
		"{env: DATABASE_OWNER_DSN}", "{file: "+w.path("owner.dsn")+"}",
		"stop_delay: 10s", "stop_delay: 2s",
		"0.0.0.0:9464", "127.0.0.1:0",
		"- conversations.messagebird.com", "- "+strings.TrimPrefix(w.api, "http://"),
		"00000000000000000000000000000000", waChannel,
		"      lines:\n", fmt.Sprintf("      endpoints: {conversations: %s/v1, files: %s/v1/files, media: %s}\n      insecure_http: true\n      lines:\n",
			w.api, w.api, strings.TrimPrefix(w.api, "http://")),
		"limits:\n", "bot: {kind: echo}\nlimits:\n")
	giveKeys(w.t, path)
	for name, value := range map[string]string{"messagebird-access.key": accessKey, "messagebird-signing.key": signingKey} {
		require.NoError(w.t, os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(value), 0o600))
	}
	return path
}

// freePort returns a port of this machine that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	return ln.Addr().String()
}

// balance runs the deployed HAProxy before the servers, with TLS, and has the
// provider's webhooks go there. It returns the address, a client for it, and
// whether it sees a server.
func (w *world) balance(servers ...string) (front string, client *http.Client, sees func(name string) bool) {
	w.t.Helper()
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		haproxy, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil {
		w.t.Skip("no haproxy here; make deploy-check installs it")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(w.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"alt.example.ee"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(w.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(w.t, err)
	var both bytes.Buffer
	require.NoError(w.t, pem.Encode(&both, &pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	public := both.String()
	require.NoError(w.t, pem.Encode(&both, &pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	w.write("tls.pem", both.String())

	address := freePort(w.t)
	w.write("haproxy.cfg", strings.NewReplacer(
		"bind :80\n", "bind "+freePort(w.t)+"\n", "bind :443 ", "bind "+address+" ", "/run/secrets/tls.pem", w.path("tls.pem"),
		"first:8080", servers[0], "second:8080", servers[1], "inter 2s", "inter 200ms",
	).Replace(string(deployed(w.t, "balancer", "haproxy.cfg"))))
	ctx, end := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, haproxy, "-db", "-f", w.path("haproxy.cfg"))
	log := new(lockedBuffer)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(w.t, cmd.Start())
	w.t.Cleanup(func() {
		end()
		_ = cmd.Wait()
		if w.t.Failed() {
			w.t.Log(log.String())
		}
	})

	trusted := x509.NewCertPool()
	require.True(w.t, trusted.AppendCertsFromPEM([]byte(public)))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: "alt.example.ee"}, ForceAttemptHTTP2: true}
	to, err := url.Parse("https://" + address)
	require.NoError(w.t, err)
	provider := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	w.t.Cleanup(provider.Close)
	w.target.mu.Lock()
	*w.target.base = provider.URL
	w.target.mu.Unlock()
	return to.String(), &http.Client{Transport: transport}, func(name string) bool {
		said := log.String()
		return strings.LastIndex(said, "servers/"+name+" is UP") >= strings.LastIndex(said, "servers/"+name+" is DOWN")
	}
}

func TestDeployTwoServersBehindTheBalancerAreChangedAndNoRequestFails(t *testing.T) {
	w := newWorld(t)
	config := w.deployTwice(deployedDatabase(t))
	code, _, errs := w.command("migrate", "latest", "-config", config)
	require.Equal(t, exitOK, code, errs)
	addresses := []string{freePort(t), freePort(t)}
	front, client, sees := w.balance(addresses...)
	servers := make([]*running, 2)
	ready := func(i int) {
		t.Helper()
		servers[i] = startServer(t, "serve", "-config", config, "-addr", addresses[i])
		require.Eventually(t, func() bool {
			status, _, _ := servers[i].get(t, "/readyz")
			return status == http.StatusOK && sees([]string{"first", "second"}[i])
		}, time.Minute, 50*time.Millisecond)
	}
	ready(0)
	ready(1)

	persons := make([]*messagebirdtest.Phone, 10)
	for i := range persons {
		persons[i] = w.sim.Person(waChannel, fmt.Sprintf("+3725550%04d", i))
	}
	// Each server is stopped and started under way, as by a change of version.
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		for i := range servers {
			servers[i].stop()
			ready(i)
		}
	}()
	said := 0
	for under := true; under; said++ {
		select {
		case <-changed:
			under = false
		default:
		}
		for _, p := range persons {
			p.Says(fmt.Sprint("sõnum ", said))
		}
		w.deliver() // each must be accepted at once
		time.Sleep(20 * time.Millisecond)
	}
	for _, p := range persons {
		var texts []string
		for _, m := range w.inbox(p, said) {
			texts = append(texts, m.Text())
		}
		for n := range said {
			require.Contains(t, texts[n], fmt.Sprint("sõnum ", n), "each answered once and in order")
		}
	}
	t.Logf("webhooks=%d failed=0 servers changed=%d", said*len(persons), len(servers))

	// What is inside stays inside, and people's addresses are not written down.
	for path, want := range map[string]int{"/readyz": http.StatusNotFound, "/heartbeat.json": http.StatusNotFound, "/v1/me": http.StatusUnauthorized} {
		res, err := client.Get(front + path)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode, path)
	}
	for _, s := range servers {
		require.Contains(t, s.log.String(), `"http.route":"/webhooks/messagebird"`, "both have served")
	}
}
