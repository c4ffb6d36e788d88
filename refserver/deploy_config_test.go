package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// deployedPath is where the configuration of an overlay lies.
func deployedPath(overlay string) string {
	dir := filepath.Join("deploy", "kubernetes", "overlays", overlay)
	if overlay == overlayPostgres {
		dir = filepath.Join(dir, "config")
	}
	return filepath.Join(dir, "liidestuja.yaml")
}

func deployedConfiguration(t *testing.T, overlay string) *loaded {
	t.Helper()
	l, err := loadConfig(deployedPath(overlay))
	require.NoError(t, err)
	return l
}

func secretTemplate(t *testing.T) corev1.Secret {
	t.Helper()
	m := new(manifests)
	m.decode(t, bytes.TrimSpace(deployed(t, "kubernetes", "secret.example.yaml")))
	require.Len(t, m.secrets, 1)
	return m.secrets[0]
}

// deployedEnv is what the server finds in its environment.
func deployedEnv() map[string]string {
	return map[string]string{"DATABASE_DSN": "host=db1,db2 dbname=liidestuja user=liidestuja password=x target_session_attrs=read-write"}
}

// deployHere writes the configuration of an overlay and its secrets into a folder
// of the test, changed by pairs of old and new text, and returns its path.
func deployHere(t *testing.T, overlay string, changes ...string) string {
	t.Helper()
	dir := t.TempDir()
	b, err := os.ReadFile(deployedPath(overlay))
	require.NoError(t, err)
	changes = append(changes, deployedSecrets, dir, deployedData, filepath.Join(dir, "data"))
	path := filepath.Join(dir, "liidestuja.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(changes...).Replace(string(b))), 0o600))
	for name, value := range secretTemplate(t).StringData {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600))
	}
	return path
}

// giveKeys puts keys in the place of what the template says of them.
func giveKeys(t *testing.T, path string) {
	t.Helper()
	const key = "0123456789abcdef0123456789abcdef"
	for name, value := range map[string]string{
		"store.key": key, "media.key": base64.StdEncoding.EncodeToString([]byte(key)), "line.key": base64.StdEncoding.EncodeToString([]byte(key)),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(value), 0o600))
	}
}

func TestDeployedConfigurationIsGood(t *testing.T) {
	for _, overlay := range []string{overlaySQLite, overlayPostgres} {
		t.Run(overlay, func(t *testing.T) {
			path := deployHere(t, overlay)
			source, err := os.ReadFile(deployedPath(overlay))
			require.NoError(t, err)
			var named []string
			for _, m := range regexp.MustCompile(`file: `+deployedSecrets+`/([a-z.-]+)`).FindAllStringSubmatch(string(source), -1) {
				named = append(named, m[1])
			}
			secrets := secretTemplate(t).StringData
			require.Len(t, secrets, len(named), "secrets that nothing reads, or that nobody is told of")
			for name := range secrets {
				require.Contains(t, named, name)
			}
			_, err = compileFile(t, path, deployedEnv())
			require.ErrorContains(t, err, "must be 32 bytes in base64", "the template's values are no keys")
			template, err := os.ReadFile(filepath.Join(filepath.Dir(path), "store.key"))
			require.NoError(t, err)
			giveKeys(t, path)
			p, err := compileFile(t, path, deployedEnv())
			require.NoError(t, err)
			require.Equal(t, "https://alt.example.ee/webhooks/messagebird", p.accounts[0].webhook)
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "store.key"), template, 0o600))
			_, err = p.open(t.Context())
			require.ErrorContains(t, err, "32 bytes", "the template's key of the store is none either")
		})
	}
}

func TestDeployedDatabaseIsReachedByItsOwnRole(t *testing.T) {
	conf := deployedConfiguration(t, overlayPostgres)
	require.Empty(t, conf.Data)
	require.Equal(t, "DATABASE_DSN", conf.Postgres.DSN.Env)
	require.Equal(t, "DATABASE_OWNER_DSN", conf.Postgres.Owner.Env)
	require.Equal(t, "liidestuja", conf.Postgres.Application)
	require.Empty(t, conf.Roles, "a flag says them, for each process")
	require.False(t, conf.Postgres.InsecureNotDurable)
}
