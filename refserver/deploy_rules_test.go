package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
)

// exportedNames are all names of series that a server can export, with the labels
// of each.
func exportedNames(t *testing.T) map[string][]string {
	t.Helper()
	m := newMetrics(build{Version: "v1"})
	for _, f := range familyNames() {
		m.observe(alt.Observation{Name: f.word + ".x", Line: "l", N: 1, Duration: time.Second})
	}
	m.started.WithLabelValues("l").Inc()
	m.answered("/", "GET", "200", time.Second)
	names := make(map[string][]string)
	all, err := m.registry.Gather()
	require.NoError(t, err)
	for _, f := range all {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		names[f.GetName()] = labels
		if f.GetMetric()[0].GetHistogram() != nil {
			names[f.GetName()+"_bucket"], names[f.GetName()+"_count"], names[f.GetName()+"_sum"] = append(slices.Clone(labels), "le"), labels, labels
		}
	}
	descriptions := make(chan *prometheus.Desc, 100)
	newStateOf(&app{store: memstore.New(memstore.Config{})}).Describe(descriptions)
	newWatchState(&watch{}).Describe(descriptions)
	close(descriptions)
	for d := range descriptions {
		p := regexp.MustCompile(`fqName: "([a-z_]+)".*variableLabels: \{([a-z,]*)\}`).FindStringSubmatch(d.String())
		require.NotNil(t, p, d.String())
		names[p[1]] = strings.Split(p[2], ",")
	}
	return names
}

// requireKnown holds that an expression names what is exported, with labels that it
// has.
func requireKnown(t *testing.T, names map[string][]string, expr string) {
	t.Helper()
	metric := regexp.MustCompile(`\b((?:liidestuja|go|process)[a-z_:0-9]*)(?:\{([^}]*)\})?`)
	found := metric.FindAllStringSubmatch(expr, -1)
	require.NotEmpty(t, append(found, regexp.MustCompile(`\bup\{`).FindAllStringSubmatch(expr, -1)...), expr)
	for _, m := range found {
		if m[1] == serviceName && strings.Contains(expr, `job="`+serviceName) {
			continue // the job's own name
		}
		labels, ok := names[m[1]]
		require.True(t, ok, "%s in %s", m[1], expr)
		for _, l := range regexp.MustCompile(`([a-z]+)(?:=~|!~|!=|=)"`).FindAllStringSubmatch(m[2], -1) {
			require.Contains(t, labels, l[1], "%s in %s", m[1], expr)
		}
		for _, by := range regexp.MustCompile(`by \(([a-z, ]+)\)`).FindAllStringSubmatch(expr, -1) {
			for _, l := range strings.Split(by[1], ", ") {
				require.Contains(t, labels, l, "%s in %s", m[1], expr)
			}
		}
	}
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Record      string            `yaml:"record"`
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func TestDeployAlertsNameWhatIsExported(t *testing.T) {
	var rules ruleFile
	require.NoError(t, yaml.UnmarshalWithOptions(deployed(t, "prometheus", "alerts.yaml"), &rules, yaml.Strict()))
	names := exportedNames(t)
	anchors := anchorsOf(t, "runbook.md")
	tests := string(deployed(t, "prometheus", "alerts_test.yaml"))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			requireKnown(t, names, r.Expr)
			if r.Record != "" {
				names[r.Record] = nil
				continue
			}
			require.Contains(t, []string{"critical", "warning", "info"}, r.Labels["severity"], r.Alert)
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			file, anchor, _ := strings.Cut(r.Annotations["runbook"], "#")
			require.Equal(t, "docs/runbook.md", file, r.Alert)
			require.Contains(t, anchors, anchor, r.Alert)
			require.Contains(t, tests, r.Alert, "each alert has been seen to fire")
		}
	}
}

// anchorsOf are the headings of a document as links name them.
func anchorsOf(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", name))
	require.NoError(t, err)
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(b), -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(anchor, " ", "-"))
	}
	return all
}

func TestDeployDashboardNamesWhatIsExported(t *testing.T) {
	var board struct {
		Title  string `json:"title"`
		Panels []struct {
			ID      int            `json:"id"`
			Title   string         `json:"title"`
			GridPos map[string]int `json:"gridPos"`
			Targets []struct {
				Expr         string `json:"expr"`
				LegendFormat string `json:"legendFormat"`
			} `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal(deployed(t, "grafana", "liidestuja.json"), &board))
	require.Greater(t, len(board.Panels), 15)
	names, shown := exportedNames(t), make(map[string]bool)
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for _, p := range board.Panels {
		require.NotEmpty(t, p.Targets, p.Title)
		require.LessOrEqual(t, p.GridPos["x"]+p.GridPos["w"], 24, p.Title)
		for i, q := range p.Targets {
			requireKnown(t, names, q.Expr)
			for name := range names {
				shown[name] = shown[name] || regexp.MustCompile(`\b`+name+`\b`).MatchString(q.Expr)
			}
			expr := strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")
			fmt.Fprintf(&rules, "  - record: panel:%d:%d\n    expr: %q\n", p.ID, i, expr)
		}
	}
	for _, name := range []string{"liidestuja_webhook_events_total", "liidestuja_sends_total", "liidestuja_queue_items", "liidestuja_letters", "liidestuja_line_up"} {
		require.True(t, shown[name], name)
	}
	// For promtool, which parses the queries: see check.sh.
	if path := os.Getenv("DEPLOY_QUERIES"); path != "" {
		require.NoError(t, os.WriteFile(path, []byte(rules.String()), 0o600))
	}
}
