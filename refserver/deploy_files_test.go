package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// compose is what compose.yaml uses of its format, and nothing else.
type compose struct {
	Name     string `yaml:"name"`
	Services map[string]struct {
		Image string `yaml:"image"`
		Build struct {
			Context    string `yaml:"context"`
			Dockerfile string `yaml:"dockerfile"`
		} `yaml:"build"`
		Command         []string          `yaml:"command"`
		User            string            `yaml:"user"`
		ReadOnly        bool              `yaml:"read_only"`
		CapDrop         []string          `yaml:"cap_drop"`
		SecurityOpt     []string          `yaml:"security_opt"`
		CPUs            float64           `yaml:"cpus"`
		MemLimit        string            `yaml:"mem_limit"`
		PidsLimit       int               `yaml:"pids_limit"`
		Environment     map[string]string `yaml:"environment"`
		Restart         string            `yaml:"restart"`
		StopGracePeriod string            `yaml:"stop_grace_period"`
		Ports           []string          `yaml:"ports"`
		Tmpfs           []string          `yaml:"tmpfs"`
		Volumes         []string          `yaml:"volumes"`
		Secrets         []struct {
			Source string `yaml:"source"`
			Target string `yaml:"target"`
		} `yaml:"secrets"`
		Logging struct {
			Driver  string            `yaml:"driver"`
			Options map[string]string `yaml:"options"`
		} `yaml:"logging"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

func TestDeployComposeFitsTheProgram(t *testing.T) {
	var c compose
	require.NoError(t, yaml.UnmarshalWithOptions(deployed(t, "compose.yaml"), &c, yaml.Strict()))
	conf := deployedConfiguration(t)
	s := c.Services["liidestuja"]
	requireCommand(t, s.Command)
	_, err := os.Stat(filepath.Join("deploy", s.Build.Context, s.Build.Dockerfile))
	require.NoError(t, err)
	require.True(t, s.ReadOnly)
	require.Equal(t, []string{"ALL"}, s.CapDrop)
	require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, s.User)
	grace, err := time.ParseDuration(s.StopGracePeriod)
	require.NoError(t, err)
	require.Greater(t, grace, stopsWithin(conf))
	var ports []int32
	for _, p := range s.Ports {
		host, rest, _ := strings.Cut(p, ":")
		require.True(t, net.ParseIP(host).IsLoopback(), "a proxy stands before it")
		_, inside, _ := strings.Cut(rest, ":")
		n, err := strconv.ParseInt(inside, 10, 32)
		require.NoError(t, err)
		ports = append(ports, int32(n))
	}
	require.Equal(t, []int32{portOf(t, conf.Listen.Addr), portOf(t, conf.Metrics.Addr)}, ports)
	mounted := make(map[string]string)
	for _, v := range s.Volumes {
		parts := strings.Split(v, ":")
		mounted[parts[1]] = parts[0]
	}
	require.Contains(t, c.Volumes, mounted[conf.Data])
	_, err = os.Stat(filepath.Join("deploy", mounted[deployedConfig]))
	require.NoError(t, err)
	secrets := secretTemplate(t).StringData
	require.Len(t, s.Secrets, len(secrets))
	for _, secret := range s.Secrets {
		require.Contains(t, secrets, filepath.Base(secret.Target))
		require.Equal(t, deployedSecrets, filepath.Dir(secret.Target))
		require.Contains(t, c.Secrets, secret.Source)
	}
}

func TestDeployImageFitsTheProgram(t *testing.T) {
	source := string(deployed(t, "Dockerfile"))
	require.Contains(t, source, `CMD ["serve", "-config", "`+deployedConfig+`"]`)
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, source)
	require.Regexp(t, `(?m)^ENTRYPOINT \["/usr/bin/liidestuja"\]$`, source)
	require.Contains(t, source, "-o /out/usr/bin/liidestuja ./refserver")
	require.Regexp(t, `(?m)^FROM \$\{BUILD_IMAGE\} AS build$`, source)
	require.Regexp(t, `(?m)^FROM \$\{RUN_IMAGE\}$`, source)
	conf := deployedConfiguration(t)
	require.Contains(t, source, "EXPOSE "+strconv.Itoa(int(portOf(t, conf.Listen.Addr)))+" "+strconv.Itoa(int(portOf(t, conf.Metrics.Addr))))
	require.Contains(t, source, deployedData)
	mod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))
	require.Contains(t, source, "BUILD_IMAGE=golang:"+version[1], "the image's Go is the module's")
}

// directives returns the values of a unit's directives.
func directives(t *testing.T, unit string) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, line := range strings.Split(string(deployed(t, "systemd", unit)), "\n") {
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			all[name] = append(all[name], value)
		}
	}
	return all
}

func TestDeployUnitsFitTheProgram(t *testing.T) {
	commandLine := regexp.MustCompile(`/usr/local/bin/liidestuja ([a-z-]+)(.*)`)
	flags := regexp.MustCompile(`(?:^| )(-[a-z]+)`)
	for _, unit := range []string{"liidestuja.service", "liidestuja-backup.service"} {
		d := directives(t, unit)
		require.Equal(t, []string{"liidestuja"}, d["User"])
		require.Equal(t, []string{"strict"}, d["ProtectSystem"])
		for _, line := range slices.Concat(d["ExecStartPre"], d["ExecStart"]) {
			m := commandLine.FindStringSubmatch(line)
			require.NotNil(t, m, line)
			m[2] = regexp.MustCompile(`\$\([^)]*\)`).ReplaceAllString(m[2], "") // a date
			i := slices.IndexFunc(commands(), func(c command) bool { return c.name == m[1] })
			require.GreaterOrEqual(t, i, 0, line)
			for _, f := range flags.FindAllStringSubmatch(m[2], -1) {
				require.Contains(t, commands()[i].long+commands()[i].args, f[1], line)
			}
		}
	}
	d := directives(t, "liidestuja.service")
	stop, err := strconv.Atoi(d["TimeoutStopSec"][0])
	require.NoError(t, err)
	require.Greater(t, time.Duration(stop)*time.Second, stopsWithin(deployedConfiguration(t)))
	require.Equal(t, deployedData, "/var/lib/"+d["StateDirectory"][0])
	require.Equal(t, []string{"0700"}, d["StateDirectoryMode"])
	require.Contains(t, directives(t, "liidestuja-backup.timer")["OnCalendar"], "hourly")
}
