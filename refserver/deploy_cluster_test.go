package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/liidestuja/liidestuja/alt/memstore"
)

// roleOf returns the role that a container is started with.
func roleOf(t *testing.T, args []string) role {
	t.Helper()
	i := slices.Index(args, "-roles")
	require.GreaterOrEqual(t, i, 0, args)
	require.Contains(t, allRoles(), role(args[i+1]))
	return role(args[i+1])
}

// byRole returns the deployments of the overlay, one for each role.
func byRole(t *testing.T, m *manifests) map[role]appsv1.Deployment {
	t.Helper()
	all := make(map[role]appsv1.Deployment)
	for _, d := range m.deployments {
		all[roleOf(t, d.Spec.Template.Spec.Containers[0].Args)] = d
	}
	require.Len(t, m.deployments, len(allRoles()))
	require.Len(t, all, len(allRoles()))
	return all
}

func TestDeployHasEachRoleTwiceAndItMayBeMovedAndGrow(t *testing.T) {
	m, conf := render(t, overlayPostgres), deployedConfiguration(t, overlayPostgres)
	one := func(r role, n int) { require.Equal(t, 1, n, "of the role %s", r) }
	for r, d := range byRole(t, m) {
		requirePod(t, m, d, conf)
		require.Equal(t, "liidestuja-"+string(r), d.Name)
		labels, container := d.Spec.Template.Labels, d.Spec.Template.Spec.Containers[0]
		for _, other := range m.deployments {
			require.Equal(t, other.Name == d.Name, selects(other.Spec.Selector.MatchLabels, labels), "%s and %s", d.Name, other.Name)
		}

		// At least two, no number that would undo the autoscaler's, none away while a version changes.
		require.Nil(t, d.Spec.Replicas)
		n := 0
		for _, a := range m.autoscalers {
			if a.Spec.ScaleTargetRef.Name == d.Name {
				n++
				require.Equal(t, "apps/v1 Deployment", a.Spec.ScaleTargetRef.APIVersion+" "+a.Spec.ScaleTargetRef.Kind)
				require.EqualValues(t, 2, *a.Spec.MinReplicas)
				require.Greater(t, a.Spec.MaxReplicas, *a.Spec.MinReplicas)
				cpu := a.Spec.Metrics[0].Resource
				require.Equal(t, corev1.ResourceCPU, cpu.Name)
				require.Less(t, cpu.Target.AverageValue.MilliValue(), container.Resources.Limits.Cpu().MilliValue(), "it could never be reached")
			}
		}
		one(r, n)
		require.Equal(t, appsv1.RollingUpdateDeploymentStrategyType, d.Spec.Strategy.Type)
		require.Zero(t, d.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue())
		require.Positive(t, d.Spec.Strategy.RollingUpdate.MaxSurge.IntValue())

		// One at a time may be moved, and they lie apart.
		n = 0
		for _, p := range m.disruptions {
			if selects(p.Spec.Selector.MatchLabels, labels) {
				n++
				require.Equal(t, 1, p.Spec.MaxUnavailable.IntValue())
			}
		}
		one(r, n)
		spread := d.Spec.Template.Spec.TopologySpreadConstraints
		require.Len(t, spread, 1)
		require.Equal(t, corev1.LabelHostname, spread[0].TopologyKey)
		require.Equal(t, d.Spec.Selector.MatchLabels, spread[0].LabelSelector.MatchLabels)

		require.Contains(t, container.Env, fromSecret("DATABASE_DSN", "liidestuja-database"))
		for _, e := range container.Env {
			require.NotEqual(t, "DATABASE_OWNER_DSN", e.Name, "a server does not own its tables")
		}
		n = 0
		for _, s := range m.services {
			if s.Spec.Ports[0].TargetPort.StrVal == "metrics" && selects(s.Spec.Selector, labels) {
				n++
			}
		}
		one(r, n)
		before := conf.Listen.StopDelay.std()
		seen := time.Duration(container.ReadinessProbe.PeriodSeconds) * time.Second
		require.GreaterOrEqual(t, before, seen, "proxies see that the readiness is gone before the listener is")
	}
}

func fromSecret(env, secret string) corev1.EnvVar {
	return corev1.EnvVar{Name: env, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: "dsn",
	}}}
}

// TestDeployFitsTwoSmallMachines: with two machines of two processors and 4 GB,
// everything fits when one of them is away and a version is being changed.
func TestDeployFitsTwoSmallMachines(t *testing.T) {
	const processor, room = 1600, 3 << 30 // what such a machine has left for pods
	var cpu, memory, limits int64
	for _, d := range byRole(t, render(t, overlayPostgres)) {
		r := d.Spec.Template.Spec.Containers[0].Resources
		pods := int64(2 + d.Spec.Strategy.RollingUpdate.MaxSurge.IntValue())
		cpu += 2 * r.Requests.Cpu().MilliValue()
		memory += pods * r.Requests.Memory().Value()
		limits += r.Limits.Memory().Value()
		require.LessOrEqual(t, r.Limits.Cpu().MilliValue(), int64(2000))
	}
	require.LessOrEqual(t, cpu, int64(processor), "all processors that are asked for, on one machine")
	require.LessOrEqual(t, memory, int64(room), "all memory that is asked for, on one machine")
	require.LessOrEqual(t, limits, int64(room), "one replica of each role at its limit")
}

// TestDeployIngressLeadsToTheRoleThatAnswers asks the program itself which paths each
// role has.
func TestDeployIngressLeadsToTheRoleThatAnswers(t *testing.T) {
	m := render(t, overlayPostgres)
	roleOfService := make(map[string]role)
	for r, d := range byRole(t, m) {
		for _, s := range m.services {
			if s.Spec.Ports[0].TargetPort.StrVal == "http" && selects(s.Spec.Selector, d.Spec.Template.Labels) {
				require.Empty(t, roleOfService[s.Name], "a service of two roles")
				roleOfService[s.Name] = r
			}
		}
	}
	require.ElementsMatch(t, []role{roleWebhooks, roleDesk, rolePages}, slices.Collect(maps.Values(roleOfService)), "nobody calls workers")

	path := deployHere(t, overlayPostgres)
	giveKeys(t, path)
	answers := func(only role, at string) bool {
		p, err := compileFile(t, path, deployedEnv())
		require.NoError(t, err)
		p.roles = roles{only}
		a, err := newApp(*p, memstore.New(memstore.Config{}))
		require.NoError(t, err)
		mux := http.NewServeMux()
		a.routes(mux)
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, at, nil))
		return pattern != ""
	}
	require.Len(t, m.ingresses, 1)
	require.Len(t, m.ingresses[0].Spec.Rules, 1)
	var led []string
	for _, p := range m.ingresses[0].Spec.Rules[0].HTTP.Paths {
		led = append(led, p.Path)
		to := roleOfService[p.Backend.Service.Name]
		require.Equal(t, "http", p.Backend.Service.Port.Name)
		if p.Path == loginPath { // is there when the configuration has it
			require.Equal(t, rolePages, to)
			continue
		}
		for _, r := range allRoles() {
			require.Equal(t, r == to, answers(r, p.Path+"/x"), "%s at %s", p.Path, r)
		}
	}
	require.ElementsMatch(t, []string{"/webhooks", "/media", "/v1", "/lines", loginPath}, led)
	for _, at := range []string{patternHealth, patternReady} {
		require.NotContains(t, led, at[len("GET "):], "health is asked from inside")
	}
}

// TestDeployNetworkPoliciesLetEachRoleReachWhatItNeeds adds up what policies allow.
func TestDeployNetworkPoliciesLetEachRoleReachWhatItNeeds(t *testing.T) {
	m := render(t, overlayPostgres)
	pods := make(map[string]map[string]string)
	for r, d := range byRole(t, m) {
		pods[string(r)] = d.Spec.Template.Labels
	}
	pods["migrate"] = render(t, overlayMigrate).jobs[0].Spec.Template.Labels
	in, out := make(map[string][]string), make(map[string][]string)
	for name, labels := range pods {
		closed := false
		for _, p := range m.policies {
			if !selects(p.Spec.PodSelector.MatchLabels, labels) {
				continue
			}
			closed = closed || len(p.Spec.PolicyTypes) == 2 && len(p.Spec.Ingress) == 0
			for _, rule := range p.Spec.Ingress {
				require.NotEmpty(t, rule.From)
				for _, port := range rule.Ports {
					in[name] = append(in[name], port.Port.String())
				}
			}
			for _, rule := range p.Spec.Egress {
				require.NotEmpty(t, rule.To)
				for _, port := range rule.Ports {
					out[name] = append(out[name], string(*port.Protocol)+port.Port.String())
				}
			}
		}
		require.True(t, closed, "what is not allowed to %s is denied", name)
		slices.Sort(out[name])
		slices.Sort(in[name])
	}
	inside := []string{"TCP53", "TCP5432", "UDP53"}
	outside := []string{"TCP443", "TCP53", "TCP5432", "UDP53"}
	require.Equal(t, map[string][]string{"webhooks": inside, "workers": outside, "desk": outside, "pages": outside, "migrate": inside}, out)
	web := []string{"http", "metrics"}
	require.Equal(t, map[string][]string{"webhooks": web, "workers": {"metrics"}, "desk": web, "pages": web}, in)
}

func TestDeployMigratesAsTheOwnerAndServesAsAnother(t *testing.T) {
	m := render(t, overlayMigrate)
	require.Len(t, m.jobs, 1)
	require.Empty(t, m.deployments)
	pod := m.jobs[0].Spec.Template.Spec
	requireConfined(t, m, pod)
	requireCommand(t, pod.Containers[0].Args)
	require.Equal(t, []string{"migrate", "latest"}, pod.Containers[0].Args[:2])
	require.Equal(t, []corev1.EnvVar{
		fromSecret("DATABASE_DSN", "liidestuja-database"), fromSecret("DATABASE_OWNER_DSN", "liidestuja-database-owner"),
	}, pod.Containers[0].Env)
	require.Positive(t, *m.jobs[0].Spec.TTLSecondsAfterFinished, "a job cannot be changed: the next release makes its own")
	servers := render(t, overlayPostgres)
	require.Equal(t, servers.configMaps, m.configMaps)
	require.Equal(t, servers.deployments[0].Spec.Template.Spec.Containers[0].Image, pod.Containers[0].Image)
	require.NotContains(t, slices.Collect(maps.Keys(deployedEnv())), "DATABASE_OWNER_DSN")
}
