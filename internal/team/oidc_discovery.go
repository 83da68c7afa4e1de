package team

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// provider is the metadata of an identity provider, by OpenID Connect Discovery, and its keys.
type provider struct {
	Issuer      string   `json:"issuer"`
	AuthURL     string   `json:"authorization_endpoint"`
	TokenURL    string   `json:"token_endpoint"`
	KeysURL     string   `json:"jwks_uri"`
	UserInfoURL string   `json:"userinfo_endpoint"`
	Algorithms  []string `json:"id_token_signing_alg_values_supported"`
	Prompts     []string `json:"prompt_values_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	SendsIssuer bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207

	keys *keySet
}

// signatures are the algorithms that are accepted: never none, and none with a shared key.
var signatures = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512,
	oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// algorithms returns what the provider may sign with. It is never empty.
func (p *provider) algorithms() []string {
	if len(p.Algorithms) == 0 {
		return []string{oidc.RS256} // which every provider must support
	}
	return slices.DeleteFunc(slices.Clone(p.Algorithms), func(a string) bool { return !slices.Contains(signatures, a) })
}

// takesBasic reports whether the client's secret may be sent by HTTP Basic, which is the default.
func (p *provider) takesBasic() bool {
	return len(p.AuthMethods) == 0 || slices.Contains(p.AuthMethods, "client_secret_basic")
}

// Check reads the provider's metadata, and compares its clock with this machine's.
func (o *OIDC) Check(ctx context.Context) error {
	_, date, err := o.discover(ctx)
	if err != nil {
		return err
	}
	// A Date header has whole seconds, and the response took a moment.
	if skew := o.config.Now().Sub(date); !date.IsZero() && skew.Abs() > maxSkew {
		return clockOff(skew)
	}
	return nil
}

// Keys fetches the provider's keys, and returns how many can sign an ID token.
func (o *OIDC) Keys(ctx context.Context) (int, error) {
	p, _, err := o.discover(ctx)
	if err != nil {
		return 0, err
	}
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	err = p.keys.fetch(ctx)
	return len(p.keys.keys.PublicKeys), err
}

// provider returns the provider's metadata, which it reads once for all that wait for it.
func (o *OIDC) provider(ctx context.Context) (*provider, error) {
	o.mu.Lock()
	p := o.known
	o.mu.Unlock()
	if p != nil {
		return p, nil
	}
	done := o.flight.DoChan("", func() (any, error) {
		p, _, err := o.discover(context.WithoutCancel(ctx))
		if err == nil {
			o.mu.Lock()
			o.known, o.readAt = p, o.config.Now()
			o.mu.Unlock()
		}
		return p, err
	})
	select {
	case <-ctx.Done():
		return nil, &SignInError{Problem: ProblemDown, Err: ctx.Err()}
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*provider), nil //nolint:errcheck,forcetypeassert // as above
	}
}

// metadataLife is how long a sign-in may begin with the metadata and the keys that an earlier one read. Reading them
// again shows that the provider still responds, before a browser is sent there, and forgets keys that it withdrew.
const metadataLife = time.Minute

// forgetOld drops the metadata if it is too old to begin a sign-in with.
func (o *OIDC) forgetOld() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if age := o.config.Now().Sub(o.readAt); age >= metadataLife || age < 0 {
		o.known = nil
	}
}

// forget drops the metadata after a failure that outdated metadata can explain.
func (o *OIDC) forget(err error) {
	if problemOf(err) == ProblemDown {
		o.mu.Lock()
		o.known = nil
		o.mu.Unlock()
	}
}

// discover fetches the provider's metadata. It returns the time by the provider's clock too, zero if it didn't say.
func (o *OIDC) discover(ctx context.Context) (*provider, time.Time, error) {
	address := strings.TrimSuffix(o.config.Issuer, "/") + "/.well-known/openid-configuration"
	resp, err := o.client.get(ctx, address, "")
	if err != nil {
		return nil, time.Time{}, err
	}
	switch {
	case resp.location != "" && resp.status >= 300 && resp.status < 400:
		return nil, time.Time{}, wrongSetting(SettingIssuer, fmt.Sprintf("%s redirects to %q. Set the issuer that it means",
			address, clipped(resp.location, maxURL)))
	case resp.status == http.StatusNotFound || resp.status == http.StatusGone:
		return nil, time.Time{}, wrongSetting(SettingIssuer, fmt.Sprintf("%s returned %d. Check the issuer", address,
			resp.status))
	}
	p := &provider{}
	if err := resp.decode(p, address); err != nil {
		return nil, time.Time{}, err
	}
	if err := o.checkProvider(p); err != nil {
		return nil, time.Time{}, err
	}
	p.keys = &keySet{url: p.KeysURL, client: o.client, now: o.config.Now}
	return p, resp.date, nil
}

// checkProvider checks what the provider says about itself.
func (o *OIDC) checkProvider(p *provider) error {
	if strings.Contains(p.Issuer, "{") {
		return wrongSetting(SettingIssuer, "the issuer is for all tenants. Set the one with your tenant's ID, "+
			"such as https://login.microsoftonline.com/TENANT/v2.0")
	}
	if p.Issuer != o.config.Issuer {
		return wrongSetting(SettingIssuer, fmt.Sprintf("the provider calls itself %q, but the setting is %q. "+
			"Set it exactly so if that is your provider", clipped(p.Issuer, maxURL), o.config.Issuer))
	}
	if len(p.algorithms()) == 0 {
		return wrongSetting(SettingIssuer, fmt.Sprintf("the provider signs with %s. Hookwall needs RS256, ES256, PS256 "+
			"or EdDSA", clipped(strings.Join(p.Algorithms, ", "), maxURL)))
	}
	for name, address := range map[string]string{
		"authorization_endpoint": p.AuthURL, "token_endpoint": p.TokenURL, "jwks_uri": p.KeysURL,
	} {
		if !isAsSafe(address, o.config.Issuer) {
			return problem(ProblemDown, fmt.Sprintf("the provider's %s is %q, which isn't an https URL", name,
				clipped(address, maxURL)))
		}
	}
	if !isAsSafe(p.UserInfoURL, o.config.Issuer) {
		p.UserInfoURL = ""
	}
	return nil
}

// isAsSafe reports whether a URL is https, or http and the issuer is http too.
func isAsSafe(address, issuer string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && strings.HasPrefix(issuer, "http://")
}

func isGoogle(issuer string) bool { return issuer == "https://accounts.google.com" }

// IsEntra reports whether an issuer is Microsoft Entra ID, in any of its clouds.
func IsEntra(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	switch u.Hostname() {
	case "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.windows.net":
		return true
	}
	return false
}
