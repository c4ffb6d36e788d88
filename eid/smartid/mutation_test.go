package smartid_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

// subject is a good answer with all that verifies it, of which tests change one
// thing at a time.
type subject struct {
	verifier *smartid.Verifier
	session  object
	asked    smartid.Asked
	at       time.Time
	// other verifies something else than an authentication of API v3.
	other func(smartid.Session) error
}

func (s subject) verify(t testing.TB) error {
	parsed, err := smartid.ParseSession(must(json.Marshal(s.session)))
	if err != nil {
		return err
	}
	if s.other != nil {
		return s.other(parsed)
	}
	_, err = s.verifier.Verify(t.Context(), parsed, s.asked, s.at)
	return err
}

// unsigned are the members of a good answer that nothing signs and no verdict
// depends on, with the reason why they may differ.
var unsigned = map[string]string{
	"deviceIpAddress": "is told beside the answer, and nobody relies on it",
	"result/details":  "belongs to refusals",
	// Of a signature only, which is made over the digest alone.
	"signature/serverRandom": "is part of what is signed in an authentication, and there it is verified",
}

// absent are those that may be missing, but not be different.
var absent = map[string]string{
	"interactionFlowUsed": "older answers of API v2 do not have it, and nobody signs it",
}

// subjects are one answer of each kind of flow from the test's own authority, and
// the genuine recording where it is at hand.
func subjects(t *testing.T) map[string]subject {
	all := map[string]subject{}
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	for _, flow := range []string{"QR", "Web2App"} {
		r := newRig(t, nil)
		begin(t, r, eid.Request{ReturnURL: returnURL, Text: "Vestlus: Terviseamet"})
		req := r.service.begun.request
		asked := smartid.Asked{
			SchemeName: "smart-id-demo", RelyingPartyName: "DEMO", Interactions: req["interactions"].(string), Hash: smartid.SHA512,
			Challenge: req["signatureProtocolParameters"].(object)["rpChallenge"].(string), Callback: req["initialCallbackUrl"].(string),
			Flows: []smartid.FlowType{smartid.QR, smartid.Web2App}, Certificates: smartid.Qualified, Level: eid.High, Code: code, Document: document,
		}
		if flow == "Web2App" {
			q := r.service.returned(t)
			asked.Value, asked.Secret = q.Get("value"), r.service.begun.secret
			asked.Return, err = smartid.ParseReturn(q)
			require.NoError(t, err)
		}
		all[flow] = subject{verifier: v, session: clone(r.service.complete(issue(holder{}), flow)), asked: asked, at: now}
	}
	if dir := referenceDir(); dir != "" {
		ref := &reference{dir: dir}
		_, cases := loadCasesV3(t, ref)
		c := cases["ok-notification-ee"]
		asked := c.asked(t)
		asked.Document = "PNOEE-40504040001-DEMO-Q"
		all["the recording"] = subject{verifier: ref.verifier(t, smartid.Demo(), nil), session: c.session, asked: asked, at: c.at(t)}
	}
	return all
}

// otherSubjects are answers of API v2, and signatures.
func otherSubjects(t *testing.T) map[string]subject {
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	all := map[string]subject{}
	service := &service{}
	old, err := smartid.NewV2(configV2(service))
	require.NoError(t, err)
	_, err = old.Begin(t.Context(), eid.Request{Code: code})
	require.NoError(t, err)
	offer := string(must(json.Marshal(service.begun.request["allowedInteractionsOrder"])))
	asked := smartid.AskedV2{
		Digest: service.begun.request["hash"].(string), Hash: smartid.SHA512, Interactions: base64.StdEncoding.EncodeToString([]byte(offer)),
		Certificates: smartid.Qualified, Level: eid.High, Code: code,
	}
	all["API v2"] = subject{session: clone(service.begun.answerV2(issue(holder{}))), other: func(s smartid.Session) error {
		_, err := v.VerifyV2(t.Context(), s, asked, now)
		return err
	}}
	for _, scheme := range []smartid.Scheme{smartid.PSS, smartid.PKCS1} {
		r := newRig(t, nil)
		_, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: scheme})
		require.NoError(t, err)
		asked := smartid.AskedSignature{
			Digest: base64.StdEncoding.EncodeToString(digestOf("a")), Hash: smartid.SHA512, Scheme: scheme, Flows: []smartid.FlowType{smartid.QR},
			Interactions: r.service.begun.request["interactions"].(string), Certificates: smartid.Qualified, Level: eid.High, Document: document,
		}
		all["signature "+string(scheme)] = subject{session: clone(r.service.signs(signer(holder{}), "QR")), other: func(s smartid.Session) error {
			_, err := v.VerifySignature(t.Context(), s, asked, now)
			return err
		}}
	}
	return all
}

func TestEveryChangeOfAnAnswerIsRefused(t *testing.T) {
	all := subjects(t)
	maps.Copy(all, otherSubjects(t))
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.verify(t))
			original, tried, step := s.session, 0, 1
			if name == "the recording" {
				step = 7 // its keys are three times as long, and those of the test are gone through whole
			}
			least := 600
			if testing.Short() {
				step, least = 31*step, 60
			}
			for _, pointer := range leaves(original, "") {
				if unsigned[pointer] != "" && (pointer != "signature/serverRandom" || s.other != nil) {
					continue
				}
				for change, value := range changes(at(original, pointer), step) {
					if absent[pointer] != "" && (value == nil || value == "") {
						continue
					}
					s.session = clone(original)
					set(t, s.session, pointer, value)
					require.Error(t, s.verify(t), "%s: %s", pointer, change)
					tried++
				}
				if absent[pointer] != "" {
					continue
				}
				s.session = clone(original)
				remove(s.session, pointer)
				require.Error(t, s.verify(t), "%s: removed", pointer)
				tried++
			}
			s.session = clone(original)
			s.session["deviceIpAddress"] = "203.0.113.9"
			s.session["result"].(object)["details"] = object{"interaction": "x"}
			s.session["unknown"] = object{"a": []any{1}}
			if s.other != nil {
				s.session["signature"].(object)["serverRandom"] = "x"
			}
			require.NoError(t, s.verify(t), "what nobody signs may differ")
			require.Greater(t, tried, least)
			fmt.Printf("mutations of an answer: flow=%q tried=%d\n", name, tried)
		})
	}
}

// changes are other values for a member: each character replaced (in long texts
// one in step), and a few that decoders have been known to take for the same.
func changes(v any, step int) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case float64:
		out["plus one"], out["minus one"], out["negative"], out["zero"] = v+1, v-1, -v, 0.0
	case string:
		if len(v) < 200 {
			step = 1
		}
		for i := 0; i < len(v); i += step {
			other := byte('A')
			if v[i] == 'A' {
				other = 'B'
			}
			out[fmt.Sprintf("character %d", i)] = v[:i] + string(other) + v[i+1:]
		}
		out["without its end"], out["with a space"], out["with a line break"] = v[:len(v)-1], v+" ", v+"\n"
		out["empty"], out["twice"] = "", v+v
		if other := strings.ToLower(v); other != v {
			out["in small letters"] = other
		}
		if other := strings.NewReplacer("+", "-", "/", "_").Replace(v); other != v {
			out["in the other alphabet"] = other
		}
	}
	out["null"] = nil
	return out
}

// leaves are the pointers of all texts and numbers.
func leaves(v any, prefix string) []string {
	o, ok := v.(object)
	if !ok {
		return []string{strings.TrimPrefix(prefix, "/")}
	}
	var out []string
	for name, v := range o {
		out = append(out, leaves(v, prefix+"/"+name)...)
	}
	slices.Sort(out)
	return out
}

func at(o object, pointer string) any {
	name, rest, deeper := strings.Cut(pointer, "/")
	if !deeper {
		return o[name]
	}
	return at(o[name].(object), rest)
}

func remove(o object, pointer string) {
	name, rest, deeper := strings.Cut(pointer, "/")
	if !deeper {
		delete(o, name)
		return
	}
	remove(o[name].(object), rest)
}

// unbound are the fields of Asked that no signature of that flow covers.
var unbound = map[string]map[string]string{
	"QR": {
		"Callback": "nobody returns from another screen, so that the signature leaves it out",
		"Value":    "as Callback", "Secret": "as Callback",
	},
	"the recording": {"Callback": "nobody returns from a notification", "Value": "as Callback", "Secret": "as Callback"},
	"Web2App":       {},
}

func TestAnAnswerFitsNothingElseThanWhatWasAsked(t *testing.T) {
	for name, s := range subjects(t) {
		t.Run(name, func(t *testing.T) {
			original, tried := s.asked, 0
			fields := reflect.TypeFor[smartid.Asked]()
			for i := range fields.NumField() {
				field := fields.Field(i).Name
				for change, value := range others(reflect.ValueOf(original).Field(i).Interface()) {
					s.asked = original
					reflect.ValueOf(&s.asked).Elem().Field(i).Set(reflect.ValueOf(value))
					err := s.verify(t)
					if unbound[name][field] != "" {
						require.NoError(t, err, "%s: %s", field, change)
						continue
					}
					require.Error(t, err, "%s: %s", field, change)
					tried++
				}
			}
			require.Greater(t, tried, 300)
			fmt.Printf("mutations of what was asked: flow=%q tried=%d\n", name, tried)
		})
	}
}

// others are values of the same type that are not v.
func others(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case string:
		for change, other := range changes(v+"=", 1) {
			if s, ok := other.(string); ok && s != v && s != "" {
				out[change] = s
			}
		}
		if len(v) > 40 {
			for i := range len(v) - 4 {
				if v[i] != 'A' {
					out[fmt.Sprintf("with A at %d", i)] = v[:i] + "A" + v[i+1:]
				}
			}
		}
	case []byte:
		for i := range v {
			other := slices.Clone(v)
			other[i] ^= 1
			out[fmt.Sprintf("byte %d", i)] = other
		}
		out["other"] = []byte("another secret")
	case smartid.Hash:
		for h := range hashes {
			if smartid.Hash(h) != v {
				out[h] = smartid.Hash(h)
			}
		}
	case []smartid.FlowType:
		out["App2App"] = []smartid.FlowType{smartid.App2App}
		out["none"] = []smartid.FlowType{}
	case smartid.CertificateLevel:
		out["unknown"] = smartid.CertificateLevel("QSCD")
	case eid.Level:
		out["beyond"] = eid.High + 1
	case eid.PersonalCode:
		out["another"] = eid.PersonalCode("EE50001029996")
		out["of another country"] = eid.PersonalCode("LT" + string(v)[2:])
	case *smartid.Return:
		if v == nil {
			out["one"] = &smartid.Return{Value: "a", SecretDigest: "b", Verifier: "c"}
			break
		}
		out["none"] = (*smartid.Return)(nil)
		for i := range 3 {
			other := *v
			field := reflect.ValueOf(&other).Elem().Field(i)
			field.SetString("x" + field.String()[1:])
			out[fmt.Sprintf("field %d", i)] = &other
		}
	default:
		panic(fmt.Sprintf("no other values of %T", v))
	}
	return out
}
