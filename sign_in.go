package main

import (
	"crypto/rand"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/sandbox"
	"hookwall/internal/team"
)

// The ways in which people sign in to Hookwall. In personal mode they don't:
// whoever opens it connects their own shop.
const (
	signInPersonal = ""
	signInOIDC     = "oidc"
	signInHeader   = "header"
	signInSandbox  = "sandbox"
)

// signInCallback is the path of the redirect URL at the identity provider.
const signInCallback = "/sign-in/callback"

// signInFlags are the settings of a team.
type signInFlags struct {
	SignIn          string `hw:"HOOKWALL_SIGN_IN" placeholder:"MODE" help:"How a team signs in: oidc, header or sandbox. With oidc, at an identity provider. With header, at your reverse proxy. By default, each browser connects its own shops, without a sign-in."`
	Team            bool   `help:"Try a team in the sandbox, with three people. The same as --sign-in sandbox."`
	TeamName        string `hw:"HOOKWALL_TEAM_NAME" placeholder:"NAME" help:"Your team's name, as the owners of shops see it in invitations. Default: the host of the public URL."`
	Admins          string `hw:"HOOKWALL_ADMINS" placeholder:"PEOPLE" help:"People who are always admins. Email addresses, or subjects at the identity provider, separated by commas."`
	Issuer          string `name:"oidc-issuer" hw:"HOOKWALL_OIDC_ISSUER" placeholder:"URL" help:"Issuer of the identity provider, exactly as its discovery document says it."`
	ClientID        string `name:"oidc-client-id" hw:"HOOKWALL_OIDC_CLIENT_ID" placeholder:"ID" help:"Client ID of Hookwall at the identity provider. Register your public URL and /sign-in/callback as its redirect URL."`
	SecretFile      string `name:"oidc-client-secret-file" hw:"HOOKWALL_OIDC_CLIENT_SECRET_FILE" placeholder:"PATH" help:"File with the client secret. Or set the secret itself in HOOKWALL_OIDC_CLIENT_SECRET. Without one, the client is public and relies on PKCE."`
	Scopes          string `name:"oidc-scopes" hw:"HOOKWALL_OIDC_SCOPES" default:"openid email profile" placeholder:"SCOPES" help:"Scopes to request, separated by commas or spaces. Default: openid email profile."`
	RoleClaim       string `name:"oidc-role-claim" hw:"HOOKWALL_OIDC_ROLE_CLAIM" placeholder:"CLAIM" help:"Claim that contains a person's groups. A dotted path if it is nested, such as realm_access.roles. Default: groups."`
	Roles           string `name:"oidc-roles" hw:"HOOKWALL_OIDC_ROLES" placeholder:"GROUP=ROLE" help:"Roles of groups, such as admins=admin,support=operator. Roles are viewer, operator and admin. Without it, an admin sets each person's role."`
	AllowedDomains  string `name:"oidc-allowed-domains" hw:"HOOKWALL_OIDC_ALLOWED_DOMAINS" placeholder:"DOMAINS" help:"Only people with a verified email address in these domains may sign in. Separated by commas. Default: everyone at the identity provider."`
	UserHeader      string `name:"proxy-user-header" hw:"HOOKWALL_PROXY_USER_HEADER" placeholder:"NAME" help:"Header in which your reverse proxy names the person, such as X-Forwarded-User. Needs the proxy's secret and its address in HOOKWALL_TRUSTED_PROXIES."`
	ProxySecretFile string `name:"proxy-secret-file" hw:"HOOKWALL_PROXY_SECRET_FILE" placeholder:"PATH" help:"File with the secret that your reverse proxy sends in X-Hookwall-Proxy-Secret. Or set the secret itself in HOOKWALL_PROXY_SECRET."`
}

// SignIn has the checked settings of a team.
type SignIn struct {
	Mode   string
	Name   string // of the team; "" for the host of the public URL
	Admins []string
	OIDC   team.OIDCConfig // with mode oidc, and with mode sandbox once that runs; without a redirect URL
	Roles  team.GroupRoles
	Header team.HeaderConfig // with mode header
}

// Secrets that are made at random have this many characters at least.
const minProxySecret = 32

// defaultRoleClaim is the claim that most providers use for groups.
const defaultRoleClaim = "groups"

// signIn checks how people sign in.
func (p *problems) signIn(c *Config, f signInFlags) SignIn {
	s := SignIn{Mode: p.signInMode(f), Name: p.teamName(f.TeamName), Admins: people(f.Admins)}
	clientSecret := p.secret("HOOKWALL_OIDC_CLIENT_SECRET", f.SecretFile)
	proxySecret := p.secret("HOOKWALL_PROXY_SECRET", f.ProxySecretFile)
	ofOIDC := []setting{
		{team.SettingIssuer, f.Issuer},
		{team.SettingClientID, f.ClientID},
		{team.SettingSecret, clientSecret},
		{team.SettingRoleClaim, f.RoleClaim},
		{"HOOKWALL_OIDC_ROLES", f.Roles},
		{"HOOKWALL_OIDC_ALLOWED_DOMAINS", f.AllowedDomains},
	}
	ofHeader := []setting{
		{"HOOKWALL_PROXY_USER_HEADER", f.UserHeader},
		{"HOOKWALL_PROXY_SECRET", proxySecret},
	}
	switch s.Mode {
	case signInPersonal:
		p.unused(ofOIDC, "HOOKWALL_SIGN_IN=oidc")
		p.unused(ofHeader, "HOOKWALL_SIGN_IN=header")
		p.unused([]setting{{"HOOKWALL_ADMINS", f.Admins}, {"HOOKWALL_TEAM_NAME", f.TeamName}}, "HOOKWALL_SIGN_IN")
	case signInOIDC:
		p.unused(ofHeader, "HOOKWALL_SIGN_IN=header")
		p.oidc(c, &s, f, clientSecret)
	case signInHeader:
		p.unused(ofOIDC, "HOOKWALL_SIGN_IN=oidc")
		p.header(c, &s, f.UserHeader, proxySecret)
	case signInSandbox:
		p.unused(ofOIDC, "HOOKWALL_SIGN_IN=oidc")
		p.unused(ofHeader, "HOOKWALL_SIGN_IN=header")
		if !c.Sandbox {
			p.add("HOOKWALL_SIGN_IN: sandbox works only while the sandbox runs, because anyone can choose to be an " +
				"admin there. Use oidc or header")
		}
	}
	return s
}

func (p *problems) signInMode(f signInFlags) string {
	mode := strings.ToLower(strings.TrimSpace(f.SignIn))
	switch {
	case f.Team && mode != signInPersonal && mode != signInSandbox:
		p.add("--team tries a team in the sandbox, but HOOKWALL_SIGN_IN is %s. Remove one of them", clip(mode))
	case f.Team:
		return signInSandbox
	case !slices.Contains([]string{signInPersonal, signInOIDC, signInHeader, signInSandbox}, mode):
		p.add("HOOKWALL_SIGN_IN: %q is not a way to sign in. Use oidc, header or sandbox. Or leave it out, and each "+
			"browser connects its own shops", clip(f.SignIn))
	}
	return mode
}

// maxTeamName is how many characters the name of a team may have.
const maxTeamName = 60

// teamName checks the name by which shops' owners know the team.
func (p *problems) teamName(given string) string {
	name := strings.TrimSpace(given)
	isHidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.RuneCountInString(name) > maxTeamName || strings.ContainsFunc(name, isHidden) {
		p.add("HOOKWALL_TEAM_NAME: %q is no name. Use at most %d visible characters", clip(given), maxTeamName)
	}
	return name
}

// unused adds an error for settings that have no effect. Whoever sets them
// expects that people must sign in.
func (p *problems) unused(given []setting, without string) {
	for _, s := range given {
		if s.value != "" {
			p.add("%s has no effect without %s. Set that, or remove this", s.name, without)
		}
	}
}

// people splits a list at commas, since a subject can have blanks.
func people(list string) []string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// oidc checks the settings of an identity provider.
func (p *problems) oidc(c *Config, s *SignIn, f signInFlags, secret string) {
	p.issuer(f.Issuer)
	if f.ClientID == "" {
		p.add("HOOKWALL_OIDC_CLIENT_ID is not set. Register Hookwall at your identity provider with the redirect URL "+
			"%s, and set the client ID", redirectURL(c))
	}
	roles, err := team.ParseGroupRoles(f.Roles)
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			p.add("HOOKWALL_OIDC_ROLES: %s", line)
		}
	}
	if len(roles) == 0 && err == nil && f.RoleClaim != "" {
		p.add("HOOKWALL_OIDC_ROLE_CLAIM has no effect without HOOKWALL_OIDC_ROLES. Set it, such as admins=admin")
	}
	hasAdminGroup := slices.ContainsFunc(groups(roles), func(name string) bool { return roles[name] == team.Admin })
	if len(s.Admins) == 0 && !hasAdminGroup {
		p.add("HOOKWALL_ADMINS is not set, so nobody could manage people. Set it to your email address. Or make a group " +
			"admin in HOOKWALL_OIDC_ROLES")
	}
	s.Roles = roles
	s.OIDC = team.OIDCConfig{
		Issuer: f.Issuer, ClientID: f.ClientID, ClientSecret: secret, Scopes: listed(f.Scopes),
		AllowedDomains: p.domains(f.AllowedDomains),
	}
	if len(roles) > 0 {
		s.OIDC.RoleClaim = defaultRoleClaim
		if f.RoleClaim != "" {
			s.OIDC.RoleClaim = f.RoleClaim
		}
	}
	c.Warnings = append(c.Warnings, entraWarnings(*s)...)
}

// groups returns the names of groups in an order that stays.
func groups(roles team.GroupRoles) []string {
	var out []string
	for name := range roles {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// entraWarnings says what Microsoft's tokens lack by default.
func entraWarnings(s SignIn) []string {
	if !team.IsEntra(s.OIDC.Issuer) {
		return nil
	}
	var out []string
	const add = " Add the optional claim xms_edov to ID tokens in your app registration"
	if slices.ContainsFunc(s.Admins, func(who string) bool { return strings.Contains(who, "@") }) {
		out = append(out, "HOOKWALL_ADMINS has email addresses, but Microsoft doesn't say whether one is verified."+add)
	}
	if len(s.OIDC.AllowedDomains) > 0 {
		out = append(out, "HOOKWALL_OIDC_ALLOWED_DOMAINS is set, but Microsoft doesn't say whether an address is "+
			"verified."+add)
	}
	return out
}

// issuer checks the issuer. It must be https, unless it is on this machine.
func (p *problems) issuer(given string) {
	const name = team.SettingIssuer
	u, err := url.Parse(given)
	switch {
	case given == "":
		p.add("%s is not set. Set the URL of your identity provider, such as https://accounts.google.com", name)
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		p.add("%s: %q is not a URL. Use one such as https://accounts.google.com", name, given)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Contains(u.Path, "/.well-known/"):
		p.add("%s: use the issuer alone, without /.well-known/, username, query and fragment", name)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		p.add("%s: %s is plain http, so others could sign in as anyone. Use https", name, given)
	case team.IsEntra(given) && forAllTenants.MatchString(u.Path):
		p.add("%s: %s is for all tenants, so anyone with a Microsoft account could sign in. Use your tenant's ID, such as "+
			"https://login.microsoftonline.com/TENANT/v2.0", name, given)
	}
}

// forAllTenants matches the paths of Microsoft's issuers that belong to no tenant.
var forAllTenants = regexp.MustCompile(`(?i)^/(common|organizations|consumers|\{[^/]*\})?(/|$)`)

// domainForm is what an e-mail domain looks like.
var domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)

// domains reads a list of e-mail domains.
func (p *problems) domains(list string) []string {
	var out []string
	for _, item := range listed(list) {
		domain := strings.ToLower(strings.TrimPrefix(item, "@"))
		if !domainForm.MatchString(domain) {
			p.add("HOOKWALL_OIDC_ALLOWED_DOMAINS: %q is not a domain. Use one such as example.com", clip(item))
			continue
		}
		out = append(out, domain)
	}
	return out
}

// headerForm is what a header name looks like that no server confuses with another.
var headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// takenHeaders have a meaning of their own.
var takenHeaders = []string{
	"authorization", "connection", "content-length", "content-type", "cookie", "forwarded", "host", "origin", "referer",
	"transfer-encoding", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
	strings.ToLower(team.ProxySecretHeader),
}

// header checks the settings of a reverse proxy that signs people in.
func (p *problems) header(c *Config, s *SignIn, name, secret string) {
	switch {
	case name == "":
		p.add("HOOKWALL_PROXY_USER_HEADER is not set. Set the header in which your reverse proxy names the person, such " +
			"as X-Forwarded-User")
	case !headerForm.MatchString(name) || slices.Contains(takenHeaders, strings.ToLower(name)):
		p.add("HOOKWALL_PROXY_USER_HEADER: %q can't be used. Use a name with letters, digits and hyphens, such as "+
			"X-Forwarded-User", clip(name))
	}
	switch {
	case secret == "":
		p.add("HOOKWALL_PROXY_SECRET is not set. Your reverse proxy must send the same secret in %s. "+makeKeyWith,
			team.ProxySecretHeader)
	case len(secret) < minProxySecret || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		p.add("HOOKWALL_PROXY_SECRET has fewer than %d characters, or some that a header can't have. "+makeKeyWith,
			minProxySecret)
	}
	if len(c.TrustedProxies) == 0 {
		p.add("HOOKWALL_TRUSTED_PROXIES is not set. Set the IP address from which your reverse proxy connects")
	}
	for _, prefix := range c.TrustedProxies {
		if prefix.Bits() == 0 {
			p.add("HOOKWALL_TRUSTED_PROXIES: %s is everyone. Set the IP address from which your reverse proxy connects",
				prefix)
		}
	}
	if len(s.Admins) == 0 {
		p.add("HOOKWALL_ADMINS is not set, so nobody could manage people. Set it to your name as the proxy sends it")
	}
	s.Header = team.HeaderConfig{UserHeader: name, Secret: secret, Proxies: c.TrustedProxies}
}

// provider returns the identity provider, or nil if people sign in otherwise.
func (c *Config) provider() (*team.OIDC, error) {
	if c.SignIn.OIDC.Issuer == "" {
		return nil, nil
	}
	at := c.SignIn.OIDC
	at.RedirectURL, at.UserAgent = redirectURL(c), userAgent()
	return team.NewOIDC(at)
}

// signInAtSandbox points c at the identity provider of the sandbox, if people sign
// in there, and returns what the provider must know. at is the sandbox's URL.
func signInAtSandbox(c *Config, at string) []sandbox.Client {
	if c.SignIn.Mode != signInSandbox {
		return nil
	}
	c.SignIn.OIDC = team.OIDCConfig{
		Issuer: at + sandbox.IssuerPath, ClientID: "hookwall", ClientSecret: rand.Text(), RoleClaim: defaultRoleClaim,
	}
	c.SignIn.Roles = team.GroupRoles{"admins": team.Admin, "operators": team.Operator, "viewers": team.Viewer}
	return []sandbox.Client{{
		ID: c.SignIn.OIDC.ClientID, Name: "Hookwall", Secret: c.SignIn.OIDC.ClientSecret,
		RedirectURIs: []string{redirectURL(c)},
	}}
}

// redirectURL returns where the identity provider sends people back to.
func redirectURL(c *Config) string {
	if c.PublicURL == nil {
		return "http://" + c.Addr + signInCallback
	}
	return c.PublicURL.String() + signInCallback
}
