package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	kube "sigs.k8s.io/yaml"
)

// What containers see, in Kubernetes and by compose.
const (
	deployedConfig  = "/etc/liidestuja/liidestuja.yaml"
	deployedSecrets = "/run/secrets/liidestuja"
	deployedData    = "/var/lib/liidestuja"
)

// The overlays, by the name of their folder.
const (
	overlaySQLite   = "sqlite"
	overlayPostgres = "postgres"
	overlayMigrate  = "postgres/migrate"
)

func deployed(t *testing.T, name ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"deploy"}, name...)...))
	require.NoError(t, err)
	return b
}

// manifests are objects of Kubernetes, decoded strictly: a field that Kubernetes
// does not know, or that stands twice, is an error.
type manifests struct {
	deployments []appsv1.Deployment
	autoscalers []autoscalingv2.HorizontalPodAutoscaler
	disruptions []policyv1.PodDisruptionBudget
	jobs        []batchv1.Job
	services    []corev1.Service
	ingresses   []networkingv1.Ingress
	policies    []networkingv1.NetworkPolicy
	claims      []corev1.PersistentVolumeClaim
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
		switch head.APIVersion + " " + head.Kind {
		case "apps/v1 Deployment":
			m.deployments = append(m.deployments, strict[appsv1.Deployment](t, doc))
		case "autoscaling/v2 HorizontalPodAutoscaler":
			m.autoscalers = append(m.autoscalers, strict[autoscalingv2.HorizontalPodAutoscaler](t, doc))
		case "policy/v1 PodDisruptionBudget":
			m.disruptions = append(m.disruptions, strict[policyv1.PodDisruptionBudget](t, doc))
		case "batch/v1 Job":
			m.jobs = append(m.jobs, strict[batchv1.Job](t, doc))
		case "v1 Service":
			m.services = append(m.services, strict[corev1.Service](t, doc))
		case "networking.k8s.io/v1 Ingress":
			m.ingresses = append(m.ingresses, strict[networkingv1.Ingress](t, doc))
		case "networking.k8s.io/v1 NetworkPolicy":
			m.policies = append(m.policies, strict[networkingv1.NetworkPolicy](t, doc))
		case "v1 PersistentVolumeClaim":
			m.claims = append(m.claims, strict[corev1.PersistentVolumeClaim](t, doc))
		case "v1 Secret":
			m.secrets = append(m.secrets, strict[corev1.Secret](t, doc))
		case "v1 ConfigMap":
			m.configMaps = append(m.configMaps, strict[corev1.ConfigMap](t, doc))
		default:
			require.Fail(t, "an object that no test knows", "%s %s", head.APIVersion, head.Kind)
		}
	}
}

func strict[T any](t *testing.T, doc string) (v T) {
	t.Helper()
	require.NoError(t, kube.UnmarshalStrict([]byte(doc), &v), "%s", doc)
	return v
}

// render returns what kustomize makes of an overlay. check.sh has made it before;
// otherwise kubectl does, where it is.
func render(t *testing.T, overlay string) *manifests {
	t.Helper()
	var stream []byte
	if dir := os.Getenv("DEPLOY_RENDERED"); dir != "" {
		var err error
		stream, err = os.ReadFile(filepath.Join(dir, strings.ReplaceAll(overlay, "/", "-")+".yaml"))
		require.NoError(t, err)
	} else {
		kubectl, err := exec.LookPath("kubectl")
		if err != nil {
			t.Skip("no kubectl here; make deploy-check renders the overlays")
		}
		stream, err = exec.CommandContext(t.Context(), kubectl, "kustomize", filepath.Join("deploy", "kubernetes", "overlays", overlay)).Output()
		require.NoError(t, err)
	}
	m := new(manifests)
	m.decode(t, stream)
	return m
}

// kustomization is what ours use of a kustomization, and nothing else.
type kustomization struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	NameSuffix string `json:"nameSuffix"`
	Labels     []struct {
		Pairs            map[string]string `json:"pairs"`
		IncludeSelectors bool              `json:"includeSelectors"`
		IncludeTemplates bool              `json:"includeTemplates"`
	} `json:"labels"`
	Resources []string `json:"resources"`
	Patches   []struct {
		Path   string `json:"path"`
		Patch  string `json:"patch"`
		Target struct {
			Kind string `json:"kind"`
		} `json:"target"`
	} `json:"patches"`
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

func TestDeployManifestsAreDecodedStrictly(t *testing.T) {
	top := filepath.Join("deploy", "kubernetes")
	reached := make(map[string]bool)
	var read func(dir string)
	read = func(dir string) {
		path := filepath.Join(dir, "kustomization.yaml")
		reached[path] = true
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		k := strict[kustomization](t, string(b))
		for _, g := range k.ConfigMapGenerator {
			for _, f := range g.Files {
				reached[filepath.Join(dir, f)] = true
			}
		}
		names := k.Resources
		for _, p := range k.Patches {
			if p.Path != "" {
				names = append(names, p.Path)
			}
		}
		for _, name := range names {
			at := filepath.Join(dir, name)
			if info, err := os.Stat(at); err == nil && info.IsDir() {
				read(at)
				continue
			}
			reached[at] = true
			b, err := os.ReadFile(at)
			require.NoError(t, err)
			new(manifests).decode(t, b)
		}
	}
	for _, overlay := range []string{overlaySQLite, overlayPostgres, overlayMigrate} {
		read(filepath.Join(top, "overlays", overlay))
	}
	require.NotEmpty(t, secretTemplate(t).StringData)
	reached[filepath.Join(top, "secret.example.yaml")] = true
	require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			require.True(t, reached[path], "%s: no overlay uses it", path)
		}
		return err
	}))
}

func TestDeployedPodsFitTheProgram(t *testing.T) {
	m := render(t, overlaySQLite)
	conf := deployedConfiguration(t, overlaySQLite)
	require.Len(t, m.deployments, 1)
	spec := m.deployments[0].Spec
	require.EqualValues(t, 1, *spec.Replicas, "the store belongs to one process")
	require.Equal(t, appsv1.RecreateDeploymentStrategyType, spec.Strategy.Type)
	requirePod(t, m, m.deployments[0], conf)
	require.Equal(t, []string{"serve", "-config", deployedConfig}, spec.Template.Spec.Containers[0].Args)
	require.Len(t, m.services, 2)
	for _, s := range m.services {
		require.True(t, selects(s.Spec.Selector, spec.Template.Labels), s.Name)
	}
	require.Len(t, m.policies, 1)
	require.Len(t, m.disruptions, 1)

	// A machine of two processors and 4 GB.
	c := spec.Template.Spec.Containers[0]
	require.LessOrEqual(t, c.Resources.Limits.Memory().Value(), int64(4<<30))
	require.LessOrEqual(t, c.Resources.Limits.Cpu().MilliValue(), int64(2000))

	require.Equal(t, deployedData, conf.Data)
	require.True(t, slices.ContainsFunc(c.VolumeMounts, func(v corev1.VolumeMount) bool { return v.MountPath == conf.Data }))
}

// requirePod holds what every pod of a server must be.
func requirePod(t *testing.T, m *manifests, d appsv1.Deployment, conf *loaded) {
	t.Helper()
	require.True(t, selects(d.Spec.Selector.MatchLabels, d.Spec.Template.Labels))
	pod := d.Spec.Template.Spec
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
	require.Equal(t, patternHealth, "GET "+c.LivenessProbe.HTTPGet.Path, "a restart mends no database")
	require.Equal(t, patternReady, "GET "+c.ReadinessProbe.HTTPGet.Path)
	require.Greater(t, time.Duration(c.ReadinessProbe.TimeoutSeconds)*time.Second, probeFor, "the probe of the store has its time")
	for _, s := range m.services {
		for _, p := range s.Spec.Ports {
			require.Contains(t, ports, p.TargetPort.StrVal)
		}
		require.Empty(t, s.Spec.SessionAffinity, "nothing is sticky")
		if path, ok := s.Annotations["prometheus.io/path"]; ok {
			require.Equal(t, patternMetrics, "GET "+path)
			require.Equal(t, conf.Metrics.Addr, "0.0.0.0:"+s.Annotations["prometheus.io/port"])
		}
	}
	for _, policy := range m.policies {
		for _, in := range policy.Spec.Ingress {
			for _, p := range in.Ports {
				require.Contains(t, ports, p.Port.StrVal)
			}
		}
	}

	// It stops before it is killed.
	require.Greater(t, time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second, stopsWithin(conf))
	requireConfined(t, m, pod)

	// Garbage is collected before the limit is reached.
	i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
	require.GreaterOrEqual(t, i, 0)
	most, limit := memory(t, c.Env[i].Value), c.Resources.Limits.Memory().Value()
	require.Less(t, most, limit*9/10)
	require.Greater(t, most, limit*7/10)
}

// requireConfined holds what a container may do, and where its files come from.
func requireConfined(t *testing.T, m *manifests, pod corev1.PodSpec) {
	t.Helper()
	c := pod.Containers[0]
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Positive(t, *pod.SecurityContext.RunAsUser)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	require.False(t, *pod.AutomountServiceAccountToken)
	require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)

	mounts := make(map[string]string)
	for _, v := range c.VolumeMounts {
		mounts[v.MountPath] = v.Name
	}
	require.Contains(t, mounts, deployedSecrets)
	require.Contains(t, mounts, filepath.Dir(deployedConfig))
	require.Len(t, m.configMaps, 1)
	require.Contains(t, m.configMaps[0].Data, filepath.Base(deployedConfig))
	for _, v := range pod.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			require.True(t, slices.ContainsFunc(m.claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == v.PersistentVolumeClaim.ClaimName }))
		case v.ConfigMap != nil:
			require.Equal(t, m.configMaps[0].Name, v.ConfigMap.Name)
		case v.Secret != nil:
			require.Equal(t, secretTemplate(t).Name, v.Secret.SecretName)
		}
	}
}

func selects(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return len(selector) > 0
}

// memory reads a value of GOMEMLIMIT.
func memory(t *testing.T, value string) int64 {
	t.Helper()
	var n size
	require.NoError(t, yaml.Unmarshal([]byte(value), &n))
	return int64(n)
}

// requireCommand holds that a container's arguments are a command of the program.
func requireCommand(t *testing.T, args []string) {
	t.Helper()
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == args[0] })
	require.GreaterOrEqual(t, i, 0, args)
	for j, arg := range args {
		if strings.HasPrefix(arg, "-") {
			require.Contains(t, commands()[i].args, arg, args)
			require.Contains(t, valueFlags(), arg[1:])
		}
		if arg == "-config" {
			require.Equal(t, deployedConfig, args[j+1])
		}
	}
	require.Contains(t, args, "-config")
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
