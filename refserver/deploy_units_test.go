package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
	for _, unit := range []string{"liidestuja.service", "liidestuja-backup.service", "liidestuja-migrate.service"} {
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
	for _, overlay := range []string{overlaySQLite, overlayPostgres} {
		require.Greater(t, time.Duration(stop)*time.Second, stopsWithin(deployedConfiguration(t, overlay)))
	}
	require.Equal(t, deployedData, "/var/lib/"+d["StateDirectory"][0])
	require.Equal(t, []string{"0700"}, d["StateDirectoryMode"])
	require.Contains(t, directives(t, "liidestuja-backup.timer")["OnCalendar"], "hourly")
}

func TestDeployUnitsHaveNoOwnersPassword(t *testing.T) {
	require.Equal(t, []string{"/etc/liidestuja/database.env"}, directives(t, "postgres.conf")["EnvironmentFile"])
	require.Equal(t, []string{"/etc/liidestuja/migrate.env"}, directives(t, "liidestuja-migrate.service")["EnvironmentFile"])
	require.Empty(t, directives(t, "liidestuja.service")["EnvironmentFile"])
}
