package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	kube "sigs.k8s.io/yaml"
)

// What containers see, in Kubernetes and by compose.yaml.
const (
	deployedConfig  = "/etc/liidestuja/liidestuja.yaml"
	deployedSecrets = "/run/secrets/liidestuja"
	deployedData    = "/var/lib/liidestuja"
)

func deployed(t *testing.T, name ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"deploy"}, name...)...))
	require.NoError(t, err)
	return b
}

// manifests are the objects of the base, decoded strictly: a field that Kubernetes
// does not know, or that stands twice, is an error.
type manifests struct {
	deployment  appsv1.Deployment
	services    []corev1.Service
	claims      []corev1.PersistentVolumeClaim
	policies    []networkingv1.NetworkPolicy
	disruptions []policyv1.PodDisruptionBudget
	secrets     []corev1.Secret
	configMaps  []corev1.ConfigMap
}

func (m *manifests) decode(t *testing.T, stream []byte) {
	t.Helper()
	for _, doc := range regexp.MustCompile(`(?m)^---\n`).Split(string(stream), -1) {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		require.NoError(t, kube.Unmarshal([]byte(doc), &head))
		into := func(v any) { require.NoError(t, kube.UnmarshalStrict([]byte(doc), v), "%s", doc) }
		switch head.APIVersion + " " + head.Kind {
		case "apps/v1 Deployment":
			require.Empty(t, m.deployment.Name, "one deployment")
			into(&m.deployment)
		case "v1 Service":
			m.services = append(m.services, corev1.Service{})
			into(&m.services[len(m.services)-1])
		case "v1 PersistentVolumeClaim":
			m.claims = append(m.claims, corev1.PersistentVolumeClaim{})
			into(&m.claims[len(m.claims)-1])
		case "v1 Secret":
			m.secrets = append(m.secrets, corev1.Secret{})
			into(&m.secrets[len(m.secrets)-1])
		case "v1 ConfigMap":
			m.configMaps = append(m.configMaps, corev1.ConfigMap{})
			into(&m.configMaps[len(m.configMaps)-1])
		case "networking.k8s.io/v1 NetworkPolicy":
			m.policies = append(m.policies, networkingv1.NetworkPolicy{})
			into(&m.policies[len(m.policies)-1])
		case "policy/v1 PodDisruptionBudget":
			m.disruptions = append(m.disruptions, policyv1.PodDisruptionBudget{})
			into(&m.disruptions[len(m.disruptions)-1])
		default:
			require.Fail(t, "an object that no test knows", "%s %s", head.APIVersion, head.Kind)
		}
	}
}

// kustomization is what the base uses of a kustomization, and nothing else.
type kustomization struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Labels     []struct {
		Pairs            map[string]string `json:"pairs"`
		IncludeSelectors bool              `json:"includeSelectors"`
	} `json:"labels"`
	Resources          []string `json:"resources"`
	ConfigMapGenerator []struct {
		Name  string   `json:"name"`
		Files []string `json:"files"`
	} `json:"configMapGenerator"`
	Images []struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
		NewTag  string `json:"newTag"`
	} `json:"images"`
}

func baseManifests(t *testing.T) (*manifests, kustomization) {
	t.Helper()
	var k kustomization
	require.NoError(t, kube.UnmarshalStrict(deployed(t, "kubernetes", "base", "kustomization.yaml"), &k))
	m := new(manifests)
	for _, name := range k.Resources {
		m.decode(t, deployed(t, "kubernetes", "base", name))
	}
	return m, k
}

func TestDeployManifestsAreDecodedStrictly(t *testing.T) {
	m, k := baseManifests(t)
	require.NotEmpty(t, m.deployment.Name)
	require.Len(t, m.services, 2)
	require.Len(t, m.claims, 2)
	require.Len(t, m.policies, 1)
	require.Len(t, m.disruptions, 1)
	files, err := filepath.Glob(filepath.Join("deploy", "kubernetes", "base", "*.yaml"))
	require.NoError(t, err)
	named := append(slices.Clone(k.Resources), "kustomization.yaml")
	for _, g := range k.ConfigMapGenerator {
		named = append(named, g.Files...)
	}
	for _, f := range files {
		require.Contains(t, named, filepath.Base(f), "a manifest that the kustomization forgets")
	}

	// What kustomize made of it, where make deploy-check has rendered it.
	if rendered := os.Getenv("DEPLOY_RENDERED"); rendered != "" {
		b, err := os.ReadFile(rendered)
		require.NoError(t, err)
		r := new(manifests)
		r.decode(t, b)
		require.Len(t, r.configMaps, 1)
		labels := r.deployment.Spec.Template.Labels
		require.NotEmpty(t, labels)
		require.Equal(t, labels, r.deployment.Spec.Selector.MatchLabels)
		for _, s := range r.services {
			require.Equal(t, labels, s.Spec.Selector, s.Name)
		}
		require.Equal(t, labels, r.policies[0].Spec.PodSelector.MatchLabels)
		require.Equal(t, labels, r.disruptions[0].Spec.Selector.MatchLabels)
		volumes := r.deployment.Spec.Template.Spec.Volumes
		require.True(t, slices.ContainsFunc(volumes, func(v corev1.Volume) bool { return v.ConfigMap != nil && v.ConfigMap.Name == r.configMaps[0].Name }))
	}
}

func TestDeployedPodsFitTheProgram(t *testing.T) {
	m, k := baseManifests(t)
	conf := deployedConfiguration(t)
	spec := m.deployment.Spec
	require.EqualValues(t, 1, *spec.Replicas, "the store belongs to one process")
	require.Equal(t, appsv1.RecreateDeploymentStrategyType, spec.Strategy.Type)
	pod := spec.Template.Spec
	require.Len(t, pod.Containers, 1)
	c := pod.Containers[0]
	requireCommand(t, c.Args)

	// Ports and probes.
	ports := make(map[string]int32)
	for _, p := range c.Ports {
		ports[p.Name] = p.ContainerPort
	}
	require.Equal(t, map[string]int32{"http": portOf(t, conf.Listen.Addr), "metrics": portOf(t, conf.Metrics.Addr)}, ports)
	routes := []string{patternHealth, patternReady}
	for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		require.Contains(t, routes, "GET "+p.HTTPGet.Path)
		require.Equal(t, "http", p.HTTPGet.Port.StrVal)
	}
	require.Equal(t, patternReady, "GET "+c.ReadinessProbe.HTTPGet.Path)
	require.Greater(t, time.Duration(c.ReadinessProbe.TimeoutSeconds)*time.Second, probeFor, "the probe of the store has its time")
	for _, s := range m.services {
		for _, p := range s.Spec.Ports {
			require.Contains(t, ports, p.TargetPort.StrVal)
		}
		if path, ok := s.Annotations["prometheus.io/path"]; ok {
			require.Equal(t, patternMetrics, "GET "+path)
			require.Equal(t, conf.Metrics.Addr, "0.0.0.0:"+s.Annotations["prometheus.io/port"])
		}
	}
	for _, in := range m.policies[0].Spec.Ingress {
		for _, p := range in.Ports {
			require.Contains(t, ports, p.Port.StrVal)
		}
	}

	// It stops before it is killed, and reads itself to the end.
	require.Greater(t, time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second, stopsWithin(conf))

	// Who it is and what it may.
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Positive(t, *pod.SecurityContext.RunAsUser)
	require.False(t, *pod.AutomountServiceAccountToken)
	require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)

	// A machine of two processors and 4 GB.
	require.LessOrEqual(t, c.Resources.Limits.Memory().Value(), int64(4<<30))
	require.LessOrEqual(t, c.Resources.Limits.Cpu().MilliValue(), int64(2000))
	require.Equal(t, []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: "2560MiB"}}, c.Env)
	require.Greater(t, c.Resources.Limits.Memory().Value(), int64(2560<<20))

	// Volumes.
	mounts := make(map[string]string)
	for _, v := range c.VolumeMounts {
		mounts[v.MountPath] = v.Name
	}
	require.Equal(t, deployedData, conf.Data)
	require.Contains(t, mounts, conf.Data)
	require.Contains(t, mounts, deployedSecrets)
	require.Contains(t, mounts, filepath.Dir(deployedConfig))
	for _, v := range pod.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			require.True(t, slices.ContainsFunc(m.claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == v.PersistentVolumeClaim.ClaimName }))
		case v.ConfigMap != nil:
			require.Equal(t, k.ConfigMapGenerator[0].Name, v.ConfigMap.Name)
			require.Equal(t, []string{filepath.Base(deployedConfig)}, k.ConfigMapGenerator[0].Files)
		case v.Secret != nil:
			require.Equal(t, secretTemplate(t).Name, v.Secret.SecretName)
		}
	}
}

// requireCommand holds that a container's arguments are a command of the program.
func requireCommand(t *testing.T, args []string) {
	t.Helper()
	require.Equal(t, []string{"serve", "-config", deployedConfig}, args)
	require.True(t, slices.ContainsFunc(commands(), func(c command) bool {
		return c.name == args[0] && strings.Contains(c.args, args[1])
	}))
}

// stopsWithin is how long the server may take to stop.
func stopsWithin(conf *loaded) time.Duration {
	const traces = 5 * time.Second
	return conf.Listen.StopDelay.std() + shutdownFor + conf.Limits.DrainTimeout.std() + traces
}

func portOf(t *testing.T, addr string) int32 {
	t.Helper()
	_, port, found := strings.Cut(addr, ":")
	require.True(t, found)
	var n int32
	require.NoError(t, yaml.Unmarshal([]byte(port), &n))
	return n
}

func deployedConfiguration(t *testing.T) *loaded {
	t.Helper()
	l, err := loadConfig(filepath.Join("deploy", "kubernetes", "base", "liidestuja.yaml"))
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

func TestDeployedConfigurationIsGood(t *testing.T) {
	dir := t.TempDir()
	source := string(deployed(t, "kubernetes", "base", "liidestuja.yaml"))
	path := filepath.Join(dir, "liidestuja.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(deployedSecrets, dir, deployedData, filepath.Join(dir, "data")).Replace(source)), 0o600))
	secrets := secretTemplate(t).StringData
	var named []string
	for _, m := range regexp.MustCompile(`file: `+deployedSecrets+`/([a-z.-]+)`).FindAllStringSubmatch(source, -1) {
		named = append(named, m[1])
	}
	for name, value := range secrets {
		require.Contains(t, named, name, "a secret that nothing reads")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600))
	}
	require.Len(t, secrets, len(named))

	_, err := compileFile(t, path, nil)
	require.ErrorContains(t, err, "must be 32 bytes in base64", "the template's values are no keys")
	for _, name := range []string{"media.key", "line.key"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="), 0o600))
	}
	p, err := compileFile(t, path, nil)
	require.NoError(t, err)
	require.Equal(t, "https://alt.example.ee/webhooks/messagebird", p.accounts[0].webhook)
	_, err = p.open(t.Context())
	require.Error(t, err, "the template's key of the store is none either")
}
