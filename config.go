package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/alecthomas/kong"

	"hookwall/handlers"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// Where the real Fourthwall is.
const (
	defaultAPIURL          = "https://api.fourthwall.com"
	defaultAuthURL         = "https://my-shop.fourthwall.com/admin/platform-apps/{client_id}/connect"
	defaultChannelTokenURL = "https://auth.fourthwall.com" + channelTokenPath
	channelTokenPath       = "/auth/realms/Fourthwall/protocol/openid-connect/token" //nolint:gosec // an address
	tokenPath              = "/open-api/v1.0/platform/token"                         //nolint:gosec // an address
)

// serveFlags are the settings of the dashboard. Each can also be set by the
// environment variable in its hw tag; the flag wins. The flag of a secret names
// a file, since every user of the machine can read the arguments of a process.
type serveFlags struct {
	Addr            string `hw:"HOOKWALL_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on. Use port 0 to pick a free port. Default: 127.0.0.1:8080."`
	PublicURL       string `hw:"HOOKWALL_PUBLIC_URL" placeholder:"URL" help:"URL that people open, without a path. Port 0 means the port that was picked. Default: http:// and the address. Required if the address is not loopback."`
	DatabaseURL     string `hw:"HOOKWALL_DATABASE_URL" placeholder:"PATH|URL" help:"SQLite file, as a path or sqlite:PATH. Or postgres://USER:PASSWORD@HOST:PORT/DATABASE, which several instances can share. Default: hookwall.db in your data directory."`
	SecretKeyFile   string `hw:"HOOKWALL_SECRET_KEY_FILE" placeholder:"PATH" help:"File with the keys that encrypt tokens in the database. Keys have 32 bytes each, in base64, separated by spaces or commas. The first encrypts, all decrypt. Or set the keys themselves in HOOKWALL_SECRET_KEY. Required for a real Fourthwall, and with Postgres."`
	ClientID        string `name:"fourthwall-client-id" hw:"FOURTHWALL_CLIENT_ID" placeholder:"ID" help:"Client ID of your Fourthwall platform app. Without it and without an API URL, the sandbox runs."`
	SecretFile      string `name:"fourthwall-client-secret-file" hw:"FOURTHWALL_CLIENT_SECRET_FILE" placeholder:"PATH" help:"File with the client secret. Or set the secret itself in FOURTHWALL_CLIENT_SECRET. Without one, the client is public and relies on PKCE."`
	APIURL          string `name:"fourthwall-api-url" hw:"FOURTHWALL_API_URL" placeholder:"URL" help:"Base URL of the API. Default: https://api.fourthwall.com. If you set it without a client ID, people connect with API keys only."`
	AuthURL         string `name:"fourthwall-auth-url" hw:"FOURTHWALL_AUTH_URL" placeholder:"URL" help:"URL where a shop grants access. {client_id} is replaced. Default: https://my-shop.fourthwall.com/admin/platform-apps/{client_id}/connect"`
	TokenURL        string `name:"fourthwall-token-url" hw:"FOURTHWALL_TOKEN_URL" placeholder:"URL" help:"URL that issues tokens. Default: the API URL and /open-api/v1.0/platform/token"`
	ImplicitAuthURL string `name:"fourthwall-implicit-auth-url" hw:"FOURTHWALL_IMPLICIT_AUTH_URL" placeholder:"URL" help:"URL where the implicit flow starts. Without it, Hookwall does not offer that flow."`
	ChannelTokenURL string `name:"channel-token-url" hw:"HOOKWALL_CHANNEL_TOKEN_URL" placeholder:"URL" help:"URL that issues tokens for channel credentials, which a team can use. Default: https://auth.fourthwall.com/auth/realms/Fourthwall/protocol/openid-connect/token"`
	Scopes          string `name:"fourthwall-scopes" hw:"FOURTHWALL_SCOPES" default:"webhook_write webhook_read" placeholder:"SCOPES" help:"Scopes to request, separated by commas or spaces. Default: webhook_write webhook_read."`
	SandboxAddr     string `hw:"HOOKWALL_SANDBOX_ADDR" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Address of the sandbox. Loopback only. Default: 127.0.0.1:8081."`
	Shops           string `hw:"HOOKWALL_SANDBOX_SHOPS" placeholder:"N" help:"How many demo shops the sandbox has, 0 to 1000. Default: 43 with --team or --sign-in sandbox, otherwise 3."`
	ConnectChannel  bool   `help:"Connect all demo shops to the team at startup, with the sandbox's channel. Only in the sandbox."`
	LogFormat       string `name:"log-format" hw:"HOOKWALL_LOG_FORMAT" default:"auto" placeholder:"FORMAT" help:"How to write the log: text, json, or auto. Auto is text on a terminal and JSON elsewhere. Default: auto."`
	MetricsAddr     string `hw:"HOOKWALL_METRICS_ADDR" placeholder:"HOST:PORT" help:"Address that serves metrics for Prometheus at /metrics, and nothing else. Anyone who can reach it can read them. Default: none."`
	SecurityContact string `name:"security-contact" hw:"HOOKWALL_SECURITY_CONTACT" placeholder:"CONTACTS" help:"Contacts for reporting a vulnerability, shown in /.well-known/security.txt. Email addresses and https URLs, separated by commas. Default: security@ and the public URL's host."`
	TrustedProxies  string `hw:"HOOKWALL_TRUSTED_PROXIES" placeholder:"CIDRS" help:"Reverse proxies whose X-Forwarded-For is trusted. IP addresses or CIDR blocks, separated by commas. Default: none."`
	SessionIdle     string `name:"session-idle" hw:"HOOKWALL_SESSION_IDLE" placeholder:"DURATION" help:"How long after its last use a session ends. A duration such as 12h or 30d. Default: 12h, or 30d if the public URL is on this machine."`
	SessionLife     string `name:"session-life" hw:"HOOKWALL_SESSION_LIFE" placeholder:"DURATION" help:"How long after the sign-in a session ends in any case. Default: 7d, or 90d if the public URL is on this machine."`
	SignInLimit     string `name:"limit-sign-ins" hw:"HOOKWALL_LIMIT_SIGN_INS" default:"600,2/s" placeholder:"BURST,RATE" help:"Sign-in requests per IP address. 600,2/s means a burst of 600, then 2 per second. The unit is s, m, h or a duration such as 10s. Use 0 for no limit. Default: 600,2/s."`
	KeyLimit        string `name:"limit-refused-keys" hw:"HOOKWALL_LIMIT_REFUSED_KEYS" default:"10,1/m" placeholder:"BURST,RATE" help:"Failed API-key sign-ins allowed per IP address. Use 0 for no limit. Default: 10,1/m."`
	WriteLimit      string `name:"limit-writes" hw:"HOOKWALL_LIMIT_WRITES" default:"300,5/s" placeholder:"BURST,RATE" help:"Shop forms per session. Use 0 for no limit. Default: 300,5/s."`
	AddressLimit    string `name:"limit-address-writes" hw:"HOOKWALL_LIMIT_ADDRESS_WRITES" default:"1500,25/s" placeholder:"BURST,RATE" help:"Shop forms per IP address, across all sessions. Use 0 for no limit. Default: 1500,25/s."`
	CallLimit       string `name:"limit-calls" hw:"HOOKWALL_LIMIT_CALLS" default:"30,20/m" placeholder:"BURST,RATE" help:"Checks and test deliveries per session. Use 0 for no limit. Default: 30,20/m."`
	ApproveFrom     string `name:"approve-from" hw:"HOOKWALL_APPROVE_FROM" default:"20" placeholder:"N" help:"Number of shops from which another person must approve a plan, if two or more people can. Use 0 for never. Default: 20."`
	PrivateTargets  bool   `name:"allow-private-targets" hw:"HOOKWALL_ALLOW_PRIVATE_TARGETS" help:"Allow endpoints on your intranet and on this machine, on any port. Otherwise endpoints must be public, on port 80 or 443."`
	Insecure        bool   `name:"insecure-upstream" hw:"HOOKWALL_INSECURE_UPSTREAM" help:"Allow plain http for Fourthwall URLs that are not loopback."`

	SignIn signInFlags `embed:""`
	Visits visitFlags  `embed:""`
}

// sandboxFlags are the settings of the sandbox as a command of its own.
type sandboxFlags struct {
	Addr         string   `hw:"HOOKWALL_SANDBOX_ADDR" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Address to listen on. Use port 0 to pick a free port."`
	PublicURL    string   `placeholder:"URL" help:"URL that others use to reach the sandbox. Default: http:// and the address."`
	ClientID     string   `default:"sandbox-client" placeholder:"ID" help:"Client ID that your integration uses."`
	ClientSecret string   `placeholder:"SECRET" help:"Client secret, only for this sandbox. Without one, the client is public and must use PKCE."`
	AppKey       string   `hw:"HOOKWALL_SANDBOX_APP_KEY" placeholder:"KEY" help:"Your app's HMAC key, only for this sandbox. It signs every delivery in X-Fourthwall-Hmac-Apps-SHA256. Default: a key that is made once and shown on the front page."`
	Shops        string   `hw:"HOOKWALL_SANDBOX_SHOPS" placeholder:"N" help:"How many demo shops there are, 0 to 1000. Default: 3."`
	RedirectURI  []string `placeholder:"URI" help:"Redirect URL of your integration. It must match exactly. Repeat the flag for more URLs."`
	Data         string   `placeholder:"PATH" help:"File that stores the sandbox's state. Default: sandbox.db in your data directory."`
	Private      bool     `name:"allow-private-targets" hw:"HOOKWALL_ALLOW_PRIVATE_TARGETS" help:"Allow endpoints on your intranet and on this machine, on any port."`
	LogFormat    string   `name:"log-format" hw:"HOOKWALL_LOG_FORMAT" default:"auto" placeholder:"FORMAT" help:"How to write the log: text, json, or auto. Auto is text on a terminal and JSON elsewhere."`
	Expose       bool     `help:"Allow an address beyond loopback. Anyone who can reach it can use the sandbox."`
}

// defaultCommand is what runs without the name of a command.
type defaultCommand struct {
	Serve serveFlags `cmd:"" default:"withargs" help:"Start the dashboard (the default). Without settings, it starts with a sandbox, an emulator of Fourthwall in the same process. Set each value with the flag or with the environment variable in brackets. The flag wins. Other commands have their own -h: hookwall sandbox, hookwall fleet, hookwall health, hookwall doctor, hookwall probe, hookwall backup, hookwall rotate-key, hookwall completion and hookwall version."`
}

type commandLine struct {
	defaultCommand
	Sandbox sandboxFlags `cmd:"" help:"Start the sandbox without the dashboard, to test an integration of your own."`
	Health  healthFlags  `cmd:"" help:"Check whether the dashboard on this machine is ready. The exit status is 0 if it is, for supervisors."`
	Doctor  serveFlags   `cmd:"" help:"Check the settings, the database, the keys, Fourthwall, the identity provider and the running dashboard, and say what to fix. Use the same settings as for the dashboard."`
	Fleet   fleetFlags   `cmd:"" help:"Export the webhooks of many shops as a file, plan a changed file, and apply the plan. Uses the API of your Hookwall server."`
	Probe   probeFlags   `cmd:"" help:"Compare a real shop's API with what Hookwall assumes. Creates webhooks, and deletes them at the end."`
	Backup  backupFlags  `cmd:"" help:"Copy the SQLite database into a file, while the dashboard may run. Use pg_dump for Postgres."`
	Rotate  serveFlags   `cmd:"" name:"rotate-key" help:"Encrypt all stored values with the first key, and show which keys are still needed. Use the same settings as for the dashboard. With SQLite, stop the dashboard first."`
	Shell   shellFlags   `cmd:"" name:"completion" help:"Write a script that completes commands and flags in your shell."`
	Version struct{}     `cmd:"" help:"Print the version."`
}

// parseArgs reads the command line and the environment. done reports whether it
// has printed a help text, so that there is nothing else to do.
func parseArgs(
	args []string, getenv func(string) string, stdout io.Writer,
) (cli commandLine, command string, done bool, err error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		// The flags of the other commands take 3 ms to read. Only help and errors name them.
		command, done, err = parseAs(&cli.defaultCommand, args, getenv, io.Discard)
		if err == nil && !done {
			return cli, command, false, nil
		}
		cli = commandLine{}
	}
	command, done, err = parseAs(&cli, args, getenv, stdout)
	return cli, command, done, err
}

// parseAs reads the command line into a struct with commands.
func parseAs(
	grammar any, args []string, getenv func(string) string, stdout io.Writer,
) (command string, done bool, err error) {
	parser, err := kong.New(grammar,
		kong.Name("hookwall"),
		kong.Description("A dashboard for the webhooks of Fourthwall shops."),
		kong.Writers(stdout, io.Discard),
		kong.Exit(func(int) { done = true }),
		kong.Resolvers(environment(getenv)),
		kong.ValueFormatter(helpWithVariable),
	)
	if err != nil {
		return "", false, err
	}
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		// The settings are flags of the default command.
		args = append([]string{"serve"}, args...)
	}
	parsed, err := parser.Parse(args)
	if done {
		return "", true, nil
	}
	if err != nil {
		if len(args) > 0 && args[0] == "fleet" {
			return "", false, fmt.Errorf("%w\nRun hookwall fleet -h, or -h after its command, to see how", err)
		}
		return "", false, fmt.Errorf("%w\nRun %s to list all settings", err, helpFor(parser, args))
	}
	return commandOf(parsed.Command()), false, nil
}

// helpFor returns the command that prints the help of a command line.
func helpFor(parser *kong.Kong, args []string) string {
	if len(args) > 0 && slices.ContainsFunc(parser.Model.Children, func(c *kong.Node) bool { return c.Name == args[0] }) {
		return "hookwall " + args[0] + " -h"
	}
	return "hookwall -h"
}

// commandOf returns the command without the arguments that its usage names.
func commandOf(usage string) string {
	command, _, _ := strings.Cut(usage, " <")
	return command
}

// environment resolves flags from the environment variables in their hw tags.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if name := flag.Tag.Get("hw"); name != "" {
			if value := getenv(name); value != "" {
				return value, nil
			}
		}
		return nil, nil
	})
}

// helpWithVariable adds the environment variable to the help of a flag.
func helpWithVariable(v *kong.Value) string {
	if name := v.Tag.Get("hw"); name != "" {
		return v.Help + " [$" + name + "]"
	}
	return v.Help
}

// Config has the checked settings of the dashboard.
type Config struct {
	Addr             string
	PublicURL        *url.URL // nil means http:// and the bound address
	DatabaseURL      string
	DataDir          string // for the key and the sandbox's state; that of the database if it is a file
	SecretKeys       string // "" means one in DataDir, in sandbox mode with SQLite
	ClientID         string
	ClientSecret     string
	APIURL           string // "" in sandbox mode
	AuthURL          string
	TokenURL         string
	ImplicitAuthURL  string
	ChannelTokenURL  string // "" without a team
	Scopes           []string
	SandboxAddr      string
	Shops            int    // demo shops of the sandbox
	ConnectChannel   bool   // connect them to the team
	LogFormat        string // auto, text or json
	MetricsAddr      string // "" for no metrics
	TrustedProxies   []netip.Prefix
	SecurityContacts []string // URIs; nil for the usual mailbox
	SessionIdle      time.Duration
	SessionLife      time.Duration
	Limits           handlers.Limits
	ApproveFrom      int // shops from which on another person approves a plan; 0: never
	SignIn           SignIn
	Visits           Visits
	PrivateTargets   bool // allow calls to addresses that aren't public
	Sandbox          bool
	Warnings         []string
}

// makeKeyWith ends a sentence about a key or a secret that is missing.
const makeKeyWith = "Make one with: head -c 32 /dev/urandom | base64"

// loadConfig checks the settings. Its error has a line for each problem.
func loadConfig(f serveFlags, getenv func(string) string) (Config, error) {
	c := Config{
		Addr: f.Addr, ClientID: f.ClientID, SandboxAddr: f.SandboxAddr, PrivateTargets: f.PrivateTargets,
		Scopes: listed(f.Scopes), Sandbox: f.APIURL == "" && f.ClientID == "",
	}
	p := &problems{getenv: getenv}
	c.PublicURL = p.ownURL(f.Addr, f.PublicURL)
	c.SecretKeys = p.keys(f.SecretKeyFile)
	if store.IsPostgres(f.DatabaseURL) {
		p.postgres(&c, f.DatabaseURL)
	} else {
		c.DatabaseURL, c.DataDir = p.database(f.DatabaseURL)
	}
	c.ClientSecret = p.secret("FOURTHWALL_CLIENT_SECRET", f.SecretFile)
	c.TrustedProxies = p.prefixes(f.TrustedProxies)
	c.SecurityContacts = p.contacts(f.SecurityContact)
	c.SessionIdle, c.SessionLife = p.sessionTimes(f, c.PublicURL)
	c.Limits = p.limits(f)
	c.ApproveFrom = p.approveFrom(f.ApproveFrom)
	c.LogFormat = p.logFormat(f.LogFormat)
	if c.MetricsAddr = f.MetricsAddr; c.MetricsAddr != "" {
		p.address("HOOKWALL_METRICS_ADDR", c.MetricsAddr)
	}
	isProxied := isLoopbackAddress(f.Addr) && c.PublicURL != nil && !isLoopback(c.PublicURL.Hostname())
	if isProxied && len(c.TrustedProxies) == 0 {
		c.Warnings = append(c.Warnings, "HOOKWALL_TRUSTED_PROXIES is not set, so everyone behind your "+
			"reverse proxy counts as one IP address for the limits. Set it to the proxy's IP address")
	}
	if c.Sandbox {
		p.sandbox(&c, f)
	} else {
		p.fourthwall(&c, f)
	}
	c.SignIn = p.signIn(&c, f.SignIn)
	c.Visits = p.visits(f.Visits)
	p.fleet(&c, f)
	p.channels(&c, f)
	return c, errors.Join(p.found...)
}

// problems collects errors in the settings.
type problems struct {
	getenv func(string) string
	found  []error
}

func (p *problems) add(format string, args ...any) {
	p.found = append(p.found, fmt.Errorf(format, args...))
}

// ownURL checks the URL that people open, which a server on loopback doesn't need.
func (p *problems) ownURL(addr, given string) *url.URL {
	loopback := p.address("HOOKWALL_ADDR", addr)
	if given != "" {
		return p.publicURL("HOOKWALL_PUBLIC_URL", given)
	}
	if !loopback {
		p.add("HOOKWALL_PUBLIC_URL is not set: it is required because %s is not a loopback address. Set the URL that "+
			"people open, such as https://hooks.example.com", addr)
	}
	return nil
}

// address checks host:port and reports whether it is loopback.
func (p *problems) address(name, addr string) (loopback bool) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		p.add("%s: %q is not an address to listen on. Use a host and port, such as 127.0.0.1:8080", name, addr)
		return true
	}
	return isLoopback(host)
}

func isLoopbackAddress(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && isLoopback(host)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// postgres sets a database that several instances can share. They need one key,
// and a folder only for the sandbox's state.
func (p *problems) postgres(c *Config, given string) {
	c.DatabaseURL = given
	if !c.Sandbox {
		return
	}
	if c.SecretKeys == "" {
		p.add("HOOKWALL_SECRET_KEY is not set: instances that share a Postgres database need the same key. " + makeKeyWith)
	}
	var err error
	if c.DataDir, err = dataDir(p.getenv); err != nil {
		p.add("XDG_DATA_HOME is not set, and Hookwall can't find your data directory (%v). Set it for the sandbox", err)
	}
}

// database returns the URL of a SQLite file and its folder.
func (p *problems) database(given string) (databaseURL, dir string) {
	if given != "" {
		path := strings.TrimPrefix(strings.TrimPrefix(given, "sqlite:"), "file:")
		path, _, _ = strings.Cut(path, "?")
		if scheme, _, isURL := strings.Cut(given, "://"); isURL && scheme != "file" && scheme != "sqlite" {
			p.add("HOOKWALL_DATABASE_URL: databases of type %q are not supported. Use a SQLite file, such as "+
				"/var/lib/hookwall/hookwall.db, or postgres://user:password@host:5432/database", clip(scheme))
		}
		return given, filepath.Dir(path)
	}
	dir, err := dataDir(p.getenv)
	if err != nil {
		p.add("HOOKWALL_DATABASE_URL is not set, and Hookwall can't find your data directory (%v). Set it to a file", err)
		return "", ""
	}
	return "sqlite:" + filepath.Join(dir, "hookwall.db"), dir
}

// clip shortens a value for an error.
func clip(text string) string {
	if len(text) > 20 {
		return text[:20] + "…"
	}
	return text
}

// dataDir returns the folder for a person's data on this system.
func dataDir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hookwall"), nil
	}
	if dir := getenv("LocalAppData"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "hookwall"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("HOME is not set")
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "hookwall"), nil
	}
	return filepath.Join(home, ".local", "share", "hookwall"), nil
}

// keys reads and checks the encryption keys.
func (p *problems) keys(file string) string {
	text := p.secret("HOOKWALL_SECRET_KEY", file)
	if text == "" {
		return ""
	}
	if _, err := store.ParseKeys(text); err != nil {
		p.add("HOOKWALL_SECRET_KEY: %w", err)
	}
	return text
}

// secret reads a value from the environment or from a file.
func (p *problems) secret(name, file string) string {
	value := p.getenv(name)
	if file == "" {
		return value
	}
	if value != "" {
		p.add("%s and %s_FILE are both set. Remove one", name, name)
	}
	b, err := os.ReadFile(file) //nolint:gosec // the operator says which file
	if err != nil {
		p.add("%s_FILE: %w", name, err)
	}
	return strings.TrimSpace(string(b))
}

// listed splits a setting at commas and blanks. With commas it needs no quotes,
// which some readers of environment files take for a part of the value.
func listed(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// prefixes reads a list of IP addresses and CIDR blocks.
func (p *problems) prefixes(list string) []netip.Prefix {
	var out []netip.Prefix
	for _, item := range listed(list) {
		if ip, err := netip.ParseAddr(item); err == nil {
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			p.add("HOOKWALL_TRUSTED_PROXIES: %q is not an IP address or a CIDR block. Use one such as 10.0.0.0/8", item)
			continue
		}
		out = append(out, prefix.Masked())
	}
	return out
}

// contacts returns a list of e-mail addresses and URLs as URIs, by RFC 9116.
func (p *problems) contacts(list string) []string {
	var out []string
	for _, item := range listed(list) {
		if address, err := mail.ParseAddress(strings.TrimPrefix(item, "mailto:")); err == nil && address.Name == "" {
			out = append(out, (&url.URL{Scheme: "mailto", Opaque: address.Address}).String())
			continue
		}
		u, err := url.Parse(item)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			p.add("HOOKWALL_SECURITY_CONTACT: %q is not an email address or an https URL. Use one such as "+
				"security@example.com", item)
			continue
		}
		out = append(out, u.String())
	}
	return out
}

// How long sessions last. On a person's own machine, nobody else finds them.
const (
	ownSessionIdle = 30 * 24 * time.Hour
	ownSessionLife = 90 * 24 * time.Hour
	minSession     = time.Minute
	maxSession     = 400 * 24 * time.Hour // browsers keep no cookie longer
)

// sessionTimes reads how long sessions last.
func (p *problems) sessionTimes(f serveFlags, public *url.URL) (idle, life time.Duration) {
	idle, life = store.SessionIdle, store.SessionLife
	if public == nil || isLoopback(public.Hostname()) {
		idle, life = ownSessionIdle, ownSessionLife
	}
	if f.SessionLife != "" {
		life = p.time("HOOKWALL_SESSION_LIFE", f.SessionLife)
	}
	if f.SessionIdle == "" {
		return min(idle, life), life
	}
	if idle = p.time("HOOKWALL_SESSION_IDLE", f.SessionIdle); idle > life {
		p.add("HOOKWALL_SESSION_IDLE: %s is longer than HOOKWALL_SESSION_LIFE. Set a shorter one, or a longer life",
			clip(f.SessionIdle))
	}
	return idle, life
}

// time reads a duration such as 12h, or 30d.
func (p *problems) time(name, given string) time.Duration {
	text := strings.TrimSpace(given)
	days, isDays := strings.CutSuffix(text, "d")
	var d time.Duration
	var err error
	if isDays {
		var count float64
		count, err = strconv.ParseFloat(days, 64)
		d = time.Duration(min(max(count, 0), 1000) * 24 * float64(time.Hour))
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d < minSession || d > maxSession {
		p.add("%s: %q is not a time between a minute and 400 days. Use one such as 12h or 30d", name, clip(given))
	}
	return d
}

// limits reads the limits.
func (p *problems) limits(f serveFlags) handlers.Limits {
	return handlers.Limits{
		SignIns:       p.rate("HOOKWALL_LIMIT_SIGN_INS", f.SignInLimit),
		BadKeys:       p.rate("HOOKWALL_LIMIT_REFUSED_KEYS", f.KeyLimit),
		Writes:        p.rate("HOOKWALL_LIMIT_WRITES", f.WriteLimit),
		AddressWrites: p.rate("HOOKWALL_LIMIT_ADDRESS_WRITES", f.AddressLimit),
		Calls:         p.rate("HOOKWALL_LIMIT_CALLS", f.CallLimit),
	}
}

// rate reads a limit such as "600,2/s"; "0" means none.
func (p *problems) rate(name, given string) handlers.Rate {
	if strings.TrimSpace(given) == "0" {
		return handlers.Rate{}
	}
	burst, rate, _ := strings.Cut(given, ",")
	count, per, _ := strings.Cut(rate, "/")
	b, burstErr := strconv.Atoi(strings.TrimSpace(burst))
	n, countErr := strconv.Atoi(strings.TrimSpace(count))
	t, perErr := timeUnit(strings.TrimSpace(per))
	isBad := cmp.Or(burstErr, countErr, perErr) != nil || b < 1 || b > maxBurst || n < 1 || t > maxPer
	if isBad || t/time.Duration(n) < time.Millisecond {
		p.add("%s: %q is not a limit. Use one such as 30,2/s for a burst of 30, then 2 per second. The unit is s, m, h "+
			"or a duration such as 10s. Use 0 for no limit", name, clip(given))
		return handlers.Rate{}
	}
	return handlers.Rate{Burst: b, Every: t / time.Duration(n)}
}

// Beyond these, a limit is a typing error.
const (
	maxBurst = 1_000_000
	maxPer   = 24 * time.Hour
)

// timeUnit reads "s", "m" and "h", and times such as "10s".
func timeUnit(text string) (time.Duration, error) {
	switch text {
	case "s", "m", "h":
		text = "1" + text
	}
	return time.ParseDuration(text)
}

// setting is one that was given, or "".
type setting struct{ name, value string }

// signInAddresses returns the settings that need a client ID.
func signInAddresses(f serveFlags) []setting {
	return []setting{
		{"FOURTHWALL_AUTH_URL", f.AuthURL},
		{"FOURTHWALL_TOKEN_URL", f.TokenURL},
		{"FOURTHWALL_IMPLICIT_AUTH_URL", f.ImplicitAuthURL},
	}
}

// sandbox checks the sandbox's address, and warns about settings that have no
// effect while it runs.
func (p *problems) sandbox(c *Config, f serveFlags) {
	if !p.address("HOOKWALL_SANDBOX_ADDR", f.SandboxAddr) {
		p.add("HOOKWALL_SANDBOX_ADDR: %s is not a loopback address. Use one, or run the sandbox on its own with "+
			"hookwall sandbox --expose", f.SandboxAddr)
	}
	given := append(signInAddresses(f), setting{"FOURTHWALL_CLIENT_SECRET", c.ClientSecret})
	for _, s := range given {
		if s.value != "" {
			c.Warnings = append(c.Warnings, s.name+" has no effect while the sandbox runs. Set FOURTHWALL_CLIENT_ID as well")
		}
	}
	c.ClientSecret = ""
}

// teamShops is how many demo shops there are to try a team with.
const teamShops = 43

// fleet reads how many demo shops the sandbox has, and whether the team has them
// from the start.
func (p *problems) fleet(c *Config, f serveFlags) {
	switch {
	case !c.Sandbox:
		if f.Shops != "" {
			c.Warnings = append(c.Warnings, "HOOKWALL_SANDBOX_SHOPS has no effect without the sandbox")
		}
		if f.ConnectChannel {
			p.add("--connect-channel connects the demo shops of the sandbox, which doesn't run. Remove it, and connect your " +
				"channel on the connect page")
		}
		return
	case f.ConnectChannel && c.SignIn.Mode == signInPersonal:
		p.add("--connect-channel needs a team. Add --team")
	}
	c.ConnectChannel, c.Shops = f.ConnectChannel, p.shops(f.Shops, sandbox.DefaultShops)
	if f.Shops == "" && c.SignIn.Mode == signInSandbox {
		c.Shops = teamShops
	}
}

// shops reads a number of demo shops.
func (p *problems) shops(given string, byDefault int) int {
	if given == "" {
		return byDefault
	}
	n, err := strconv.Atoi(strings.TrimSpace(given))
	if err != nil || n < 0 || n > sandbox.MaxShops {
		p.add("HOOKWALL_SANDBOX_SHOPS: %q is not a number of demo shops. Use one between 0 and %d", clip(given),
			sandbox.MaxShops)
	}
	return n
}

// approveFrom reads from how many shops on another person approves a plan.
func (p *problems) approveFrom(given string) int {
	n, err := strconv.Atoi(strings.TrimSpace(given))
	if err != nil || n < 0 {
		p.add("HOOKWALL_APPROVE_FROM: %q is not a number of shops. Use one such as 20, or 0 for no approval", clip(given))
	}
	return n
}

// channels sets the URL that issues tokens of channels, which only a team connects.
func (p *problems) channels(c *Config, f serveFlags) {
	switch {
	case c.SignIn.Mode == "" && f.ChannelTokenURL != "":
		c.Warnings = append(c.Warnings, "HOOKWALL_CHANNEL_TOKEN_URL has no effect without HOOKWALL_SIGN_IN")
	case c.SignIn.Mode == "":
	case c.Sandbox && f.ChannelTokenURL != "":
		c.Warnings = append(c.Warnings, "HOOKWALL_CHANNEL_TOKEN_URL has no effect while the sandbox runs")
	case !c.Sandbox:
		c.ChannelTokenURL = p.upstream("HOOKWALL_CHANNEL_TOKEN_URL", f.ChannelTokenURL, defaultChannelTokenURL, f.Insecure)
	}
}

// fourthwall checks the settings for a real Fourthwall.
func (p *problems) fourthwall(c *Config, f serveFlags) {
	if c.SecretKeys == "" {
		p.add("HOOKWALL_SECRET_KEY is not set: it encrypts the tokens of real shops. " + makeKeyWith)
	}
	c.APIURL = strings.TrimRight(p.upstream("FOURTHWALL_API_URL", f.APIURL, defaultAPIURL, f.Insecure), "/")
	if c.ClientID == "" {
		for _, s := range signInAddresses(f) {
			if s.value != "" {
				p.add("%s has no effect without FOURTHWALL_CLIENT_ID. Set both, or neither to connect with API keys only", s.name)
			}
		}
		return
	}
	if len(c.Scopes) == 0 {
		p.add("FOURTHWALL_SCOPES is empty. Set at least webhook_write")
	}
	c.AuthURL = p.upstream("FOURTHWALL_AUTH_URL", f.AuthURL, defaultAuthURL, f.Insecure)
	c.TokenURL = p.upstream("FOURTHWALL_TOKEN_URL", f.TokenURL, c.APIURL+tokenPath, f.Insecure)
	if f.ImplicitAuthURL != "" {
		c.ImplicitAuthURL = p.upstream("FOURTHWALL_IMPLICIT_AUTH_URL", f.ImplicitAuthURL, "", f.Insecure)
	}
}

// upstream checks an address of Fourthwall: it must be https, unless it is on
// this machine or insecure allows http.
func (p *problems) upstream(name, given, byDefault string, insecure bool) string {
	if given == "" {
		given = byDefault
	}
	u, err := url.Parse(given)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		p.add("%s: %q is not a URL. Use one such as %s", name, given, defaultAPIURL)
		return ""
	}
	if u.User != nil || u.Fragment != "" {
		p.add("%s: remove the username, password and fragment from the URL", name)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) && !insecure {
		p.add("%s: %s is plain http, so others could read tokens. Use https, or set HOOKWALL_INSECURE_UPSTREAM=1",
			name, u.Redacted())
	}
	return given
}
