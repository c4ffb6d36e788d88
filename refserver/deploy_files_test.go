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

func TestDeployImageFitsTheProgram(t *testing.T) {
	source := string(deployed(t, "Dockerfile"))
	require.Contains(t, source, `CMD ["serve", "-config", "`+deployedConfig+`"]`)
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, source)
	require.Regexp(t, `(?m)^ENTRYPOINT \["/usr/bin/liidestuja"\]$`, source)
	require.Contains(t, source, "-o /out/usr/bin/liidestuja ./refserver")
	require.Regexp(t, `(?m)^FROM \$\{BUILD_IMAGE\} AS build$`, source)
	require.Regexp(t, `(?m)^FROM \$\{RUN_IMAGE\}$`, source)
	conf := deployedConfiguration(t, overlaySQLite)
	require.Contains(t, source, "EXPOSE "+strconv.Itoa(int(portOf(t, conf.Listen.Addr)))+" "+strconv.Itoa(int(portOf(t, conf.Metrics.Addr))))
	require.Contains(t, source, deployedData)
	mod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))
	require.Contains(t, source, "BUILD_IMAGE=golang:"+version[1], "the image's Go is the module's")
}

// compose is what our files use of the format, and nothing else.
type compose struct {
	Name     string                    `yaml:"name"`
	Server   any                       `yaml:"x-server"`
	Replica  any                       `yaml:"x-replica"`
	Services map[string]composeService `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Volumes map[string]any `yaml:"volumes"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

type composeService struct {
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
	Sysctls         map[string]string `yaml:"sysctls"`
	CPUs            float64           `yaml:"cpus"`
	MemLimit        string            `yaml:"mem_limit"`
	ShmSize         string            `yaml:"shm_size"`
	PidsLimit       int               `yaml:"pids_limit"`
	Environment     map[string]string `yaml:"environment"`
	EnvFile         []string          `yaml:"env_file"`
	Restart         string            `yaml:"restart"`
	StopGracePeriod string            `yaml:"stop_grace_period"`
	Networks        []string          `yaml:"networks"`
	Ports           []string          `yaml:"ports"`
	Tmpfs           []string          `yaml:"tmpfs"`
	Volumes         []string          `yaml:"volumes"`
	Secrets         []composeSecret   `yaml:"secrets"`
	DependsOn       map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Retries  int      `yaml:"retries"`
	} `yaml:"healthcheck"`
	Logging struct {
		Driver  string            `yaml:"driver"`
		Options map[string]string `yaml:"options"`
	} `yaml:"logging"`
}

// composeSecret is a name, or a name and where the container sees it.
type composeSecret struct{ Source, Target string }

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (s *composeSecret) UnmarshalYAML(decode func(any) error) error {
	if decode(&s.Source) == nil {
		s.Target = "/run/secrets/" + s.Source
		return nil
	}
	var long struct {
		Source string `yaml:"source"`
		Target string `yaml:"target"`
	}
	err := decode(&long)
	*s = composeSecret(long)
	return err
}

func composeFile(t *testing.T, name string) (c compose) {
	t.Helper()
	require.NoError(t, yaml.UnmarshalWithOptions(deployed(t, name), &c, yaml.Strict()))
	for of, s := range c.Services {
		for _, n := range s.Networks {
			require.Contains(t, c.Networks, n, of)
		}
		for _, secret := range s.Secrets {
			require.Contains(t, c.Secrets, secret.Source, of)
		}
		for other := range s.DependsOn {
			require.Contains(t, c.Services, other, of)
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(source, ".") {
				_, err := os.Stat(filepath.Join("deploy", source))
				require.NoError(t, err, of)
				continue
			}
			require.Contains(t, c.Volumes, source, of)
		}
		require.NotEmpty(t, s.Logging.Options["max-size"], "%s: logs do not fill the disk", of)
	}
	return c
}

// requireContainer holds what a container of the program must be.
func requireContainer(t *testing.T, s composeService) {
	t.Helper()
	requireCommand(t, s.Command)
	require.True(t, s.ReadOnly)
	require.Equal(t, []string{"ALL"}, s.CapDrop)
	require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, s.User)
	secrets := secretTemplate(t).StringData
	require.Len(t, s.Secrets, len(secrets))
	for _, secret := range s.Secrets {
		require.Contains(t, secrets, filepath.Base(secret.Target))
		require.Equal(t, deployedSecrets, filepath.Dir(secret.Target))
	}
}

// requireStops holds that a container is not killed before it has stopped.
func requireStops(t *testing.T, s composeService, conf *loaded) {
	t.Helper()
	grace, err := time.ParseDuration(s.StopGracePeriod)
	require.NoError(t, err)
	require.Greater(t, grace, stopsWithin(conf))
}

func TestDeployComposeFitsTheProgram(t *testing.T) {
	c := composeFile(t, "compose.yaml")
	conf := deployedConfiguration(t, overlaySQLite)
	s := c.Services["liidestuja"]
	requireContainer(t, s)
	requireStops(t, s, conf)
	_, err := os.Stat(filepath.Join("deploy", s.Build.Context, s.Build.Dockerfile))
	require.NoError(t, err)
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
	require.True(t, slices.ContainsFunc(s.Volumes, func(v string) bool { return strings.HasSuffix(v, ":"+conf.Data) }))
	require.Contains(t, s.Volumes, "./"+strings.TrimPrefix(deployedPath(overlaySQLite), "deploy/")+":"+deployedConfig+":ro")
}

func TestDeployComposeHasTwoServersBehindABalancer(t *testing.T) {
	c := composeFile(t, "compose.postgres.yaml")
	conf := deployedConfiguration(t, overlayPostgres)
	var all int64
	for name, s := range c.Services {
		if s.MemLimit != "" {
			all += memoryOf(t, s.MemLimit)
		}
		if name != "balancer" {
			require.Empty(t, s.Ports, "%s: the balancer alone is reached", name)
		}
	}
	require.LessOrEqual(t, all, int64(4<<30)*9/10, "a machine of 4 GB")
	require.Equal(t, []string{"inside"}, c.Services["database"].Networks)
	require.True(t, c.Networks["inside"].Internal)

	config := "./" + strings.TrimPrefix(deployedPath(overlayPostgres), "deploy/") + ":" + deployedConfig + ":ro"
	balancer := string(deployed(t, "balancer", "haproxy.cfg"))
	for _, name := range []string{"first", "second"} {
		s := c.Services[name]
		requireContainer(t, s)
		requireStops(t, s, conf)
		require.Equal(t, []string{"serve", "-config", deployedConfig}, s.Command, "all roles")
		require.Equal(t, []string{config}, s.Volumes)
		require.Equal(t, []string{"./secrets/database.env"}, s.EnvFile)
		require.Equal(t, "service_completed_successfully", s.DependsOn["migrate"].Condition)
		require.Less(t, memory(t, s.Environment["GOMEMLIMIT"]), memoryOf(t, s.MemLimit)*9/10)
		require.Regexp(t, `(?m)^    server `+name+` `+name+`:`+strconv.Itoa(int(portOf(t, conf.Listen.Addr)))+`$`, balancer)
	}
	migrate := c.Services["migrate"]
	requireContainer(t, migrate)
	require.Equal(t, []string{"migrate", "latest"}, migrate.Command[:2])
	require.Equal(t, []string{"./secrets/migrate.env"}, migrate.EnvFile)
	require.Equal(t, "service_healthy", migrate.DependsOn["database"].Condition)

	require.Contains(t, balancer, "option httpchk "+patternReady)
	require.Contains(t, balancer, "balance roundrobin")
	looks, err := time.ParseDuration(regexp.MustCompile(`timeout check (\d+s)`).FindStringSubmatch(balancer)[1])
	require.NoError(t, err)
	require.Greater(t, looks, probeFor, "the probe of the store has its time")
	for _, sticky := range []string{"cookie", "stick", "source", "hash"} {
		require.NotRegexp(t, `(?m)^\s*(balance|option)? ?`+sticky, balancer)
	}
	seconds, err := strconv.Atoi(regexp.MustCompile(`check inter (\d+)s fall 2`).FindStringSubmatch(balancer)[1])
	require.NoError(t, err)
	require.Less(t, time.Duration(2*seconds)*time.Second, conf.Listen.StopDelay.std(), "it has seen that a server stops before that one listens no more")
}

// memoryOf reads a limit of compose, such as 512m.
func memoryOf(t *testing.T, limit string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(limit[:len(limit)-1], 10, 64)
	require.NoError(t, err)
	switch limit[len(limit)-1] {
	case 'm':
		return n << 20
	case 'g':
		return n << 30
	}
	require.Fail(t, "not a limit", limit)
	return 0
}
