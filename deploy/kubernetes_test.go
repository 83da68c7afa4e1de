package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml3"
)

// manifest is everything that deploy/kubernetes.yaml may say, of all its kinds. A field that isn't here fails the test.
type manifest struct {
	APIVersion, Kind string
	Metadata         metadata
	Spec             struct {
		Replicas int
		Strategy any
		Selector any
		Template struct {
			Metadata metadata
			Spec     pod
		}
		Ports        []map[string]any
		MinAvailable int
	}
}

type metadata struct {
	Name   string
	Labels map[string]string
}

type pod struct {
	AutomountServiceAccountToken  *bool
	TerminationGracePeriodSeconds int
	SecurityContext               map[string]any
	TopologySpreadConstraints     []map[string]any
	Containers                    []struct {
		Name, Image                                 string
		EnvFrom                                     []map[string]any
		Env                                         []struct{ Name, Value string }
		Ports                                       []map[string]any
		StartupProbe, LivenessProbe, ReadinessProbe probe
		Lifecycle                                   any
		Resources                                   map[string]map[string]string
		SecurityContext                             map[string]any
	}
}

type probe struct {
	HTTPGet                                         struct{ Path, Port string }
	PeriodSeconds, TimeoutSeconds, FailureThreshold int
}

// readManifests decodes the documents strictly.
func readManifests(t *testing.T, file string) (all []manifest) {
	t.Helper()
	docs := yaml.NewDecoder(strings.NewReader(readFile(t, file)))
	for {
		var raw any
		if err := docs.Decode(&raw); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		var m manifest
		strict := json.NewDecoder(bytes.NewReader(text)) // Kubernetes' fields have the case of JSON
		strict.DisallowUnknownFields()
		if err := strict.Decode(&m); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, m)
	}
}

// TestKubernetes: the parts of the manifest fit together, and fit the image.
func TestKubernetes(t *testing.T) {
	all := readManifests(t, "deploy/kubernetes.yaml")
	var kinds []string
	labels := map[string]string{"app.kubernetes.io/name": "hookwall"}
	for _, m := range all {
		kinds = append(kinds, m.APIVersion+" "+m.Kind)
		if m.Metadata.Name != "hookwall" || !maps.Equal(m.Metadata.Labels, labels) {
			t.Errorf("%s has the metadata %+v", m.Kind, m.Metadata)
		}
	}
	if want := []string{"apps/v1 Deployment", "v1 Service", "policy/v1 PodDisruptionBudget"}; !slices.Equal(kinds, want) {
		t.Fatalf("there are %q, want %q", kinds, want)
	}
	matching := map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/name": "hookwall"}}
	run, service, budget := all[0].Spec, all[1].Spec, all[2].Spec
	if len(run.Template.Spec.Containers) != 1 || !maps.Equal(run.Template.Metadata.Labels, labels) {
		t.Fatalf("the template is %+v", run.Template)
	}
	c := run.Template.Spec.Containers[0]
	root := last(t)
	for name, pair := range map[string][2]any{
		"replicas":            {2, run.Replicas},
		"available":           {1, budget.MinAvailable},
		"selector":            {any(matching), run.Selector},
		"budget's selector":   {any(matching), budget.Selector},
		"service's selector":  {matching["matchLabels"], service.Selector},
		"service's ports":     {[]map[string]any{{"name": "http", "port": 80.0, "targetPort": "http"}}, service.Ports},
		"container's ports":   {[]map[string]any{{"name": "http", "containerPort": 8080.0}}, c.Ports},
		"port":                {"HOOKWALL_ADDR :8080", c.Env[0].Name + " " + c.Env[0].Value},
		"port of the image":   {"8080", root["EXPOSE"]},
		"user of the image":   {"65532:65532", root["USER"]},
		"settings":            {[]map[string]any{{"secretRef": map[string]any{"name": "hookwall"}}}, c.EnvFrom},
		"startup and life":    {[2]string{"/healthz http", "/healthz http"}, [2]string{at(c.StartupProbe), at(c.LivenessProbe)}},
		"readiness":           {"/readyz http", at(c.ReadinessProbe)},
		"token":               {false, *run.Template.Spec.AutomountServiceAccountToken},
		"longer than it ends": {true, run.Template.Spec.TerminationGracePeriodSeconds >= 35+5},
		"pod's security": {map[string]any{
			"runAsNonRoot": true, "runAsUser": 65532.0, "runAsGroup": 65532.0,
			"seccompProfile": map[string]any{"type": "RuntimeDefault"},
		}, run.Template.Spec.SecurityContext},
		"container's security": {map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}},
		}, c.SecurityContext},
		"resources": {map[string]map[string]string{
			"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"},
		}, c.Resources},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func at(p probe) string { return p.HTTPGet.Path + " " + p.HTTPGet.Port }

// last returns the instructions of the last stage of the Dockerfile.
func last(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, i := range stages(t)[len(stages(t))-1] {
		all[i.name] = i.args
	}
	return all
}
