// Command hookwall serves a dashboard for the webhooks of Fourthwall shops.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"hookwall/handlers"
	"hookwall/internal/activity"
	"hookwall/internal/deliver"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/jobs"
	"hookwall/internal/metrics"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/terminal"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

// version is set by the linker.
var version = "dev"

// inFront wraps the dashboard. Only the program of "make watch" replaces it.
var inFront = func(h http.Handler) http.Handler { return h }

const (
	shutdownTime   = 30 * time.Second
	reconcileLimit = 10_000 // attempts in one pass
	// importInterval is how soon an import of API keys is continued whose process died.
	importInterval = 5 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	stop()
	if err != nil {
		os.Exit(report(err, os.Stderr))
	}
}

// report prints an error, unless the command has said what there is to say, and
// returns the status to exit with.
func report(err error, to io.Writer) int {
	var status terminal.ExitError
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintln(to, "hookwall: "+strings.ReplaceAll(err.Error(), "\n", "\nhookwall: "))
	return 1
}

// run runs the command that args name. It returns when ctx ends or something
// fails.
func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	out := &output{Writer: stdout}
	cli, command, done, err := parseArgs(args, getenv, out)
	switch {
	case err != nil || done:
		return out.result(err)
	case command == "sandbox": // a server, which goes on without its log
		return runSandbox(ctx, cli.Sandbox, getenv, stdout)
	case command != "serve":
		return out.result(runCommand(ctx, cli, command, getenv, out))
	}
	c, err := loadConfig(cli.Serve, getenv)
	if err != nil {
		return err
	}
	return serve(ctx, c, stdout)
}

// runCommand runs a command that prints something and ends.
func runCommand(
	ctx context.Context, cli commandLine, command string, getenv func(string) string, stdout io.Writer,
) error {
	switch command {
	case "health":
		return checkHealth(ctx, cli.Health, stdout)
	case "doctor":
		return checkSetUp(ctx, cli.Doctor, getenv, stdout)
	case "backup":
		return backup(ctx, cli.Backup, getenv, stdout)
	case "completion":
		return completion(cli.Shell, stdout)
	case "rotate-key":
		return rotateKey(ctx, cli.Rotate, getenv, stdout)
	case "probe":
		return probeFourthwall(ctx, cli.Probe, getenv, stdout)
	case "version":
		_, err := fmt.Fprintln(stdout, "hookwall", version)
		return err
	}
	return runFleet(ctx, command, cli.Fleet, getenv, terminal.Streams{In: os.Stdin, Out: stdout, Err: os.Stderr})
}

// serve runs the dashboard and, unless a real Fourthwall is configured, the
// sandbox.
func serve(ctx context.Context, c Config, stdout io.Writer) error {
	out := &heldLog{w: stdout}
	defer out.release()
	logger := newLogger(out, isText(c.LogFormat, stdout))
	for _, warning := range c.Warnings {
		logger.Warn(warning)
	}
	listener, err := listen(ctx, "HOOKWALL_ADDR", c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.PublicURL, err = openedAt(c.PublicURL, listener, c.Addr); err != nil {
		return err
	}
	if c.PublicURL.Scheme == "http" && !isLoopback(c.PublicURL.Hostname()) {
		logger.Warn("HOOKWALL_PUBLIC_URL is plain http, so others can read session cookies. Use https")
	}
	servers, ctx := errgroup.WithContext(ctx)
	sandboxURL := ""
	var channel *sandbox.DemoChannel
	targets := deliver.Options{AllowPrivate: c.PrivateTargets, UserAgent: userAgent()}
	if c.Sandbox {
		emulator, at, err := startSandbox(ctx, &c, servers, logger)
		if err != nil {
			return err
		}
		defer emulator.Close()
		if err := startReceiver(ctx, emulator, &targets, servers, logger); err != nil {
			return errors.Join(err, ctxCause(ctx))
		}
		sandboxURL = at
		if c.ConnectChannel {
			channel = new(emulator.Channel())
		}
	}
	return serveDashboard(ctx, c, listener, sandboxURL, channel, targets, servers, out, logger)
}

// serveDashboard opens the database and runs the dashboard beside the other
// servers, until ctx ends or one of them fails.
func serveDashboard(
	ctx context.Context, c Config, listener net.Listener, sandboxURL string, channel *sandbox.DemoChannel,
	targets deliver.Options, servers *errgroup.Group, out *heldLog, logger *slog.Logger,
) error {
	st, err := openStore(ctx, c, logger)
	if err != nil {
		return errors.Join(err, ctxCause(ctx))
	}
	defer st.Close()
	background := jobs.New(st, logger)
	counted := newMetrics(c)
	dashboard, connected, work, err := newDashboard(ctx, c, sandboxURL, st, background, targets, counted, logger)
	if err != nil {
		return err
	}
	defer dashboard.Close()
	defer context.AfterFunc(ctx, dashboard.Drain)()
	if channel != nil {
		if err := connectFleet(ctx, st, connected, *channel); err != nil {
			return errors.Join(fmt.Errorf("--connect-channel: %w", err), ctxCause(ctx))
		}
	}
	if err := serveMetrics(ctx, c, counted, st, background, servers, logger); err != nil {
		return err
	}
	servers.Go(func() error { return repeat(ctx, importInterval, dashboard.ContinueImports, "importing keys", logger) })
	servers.Go(func() error { return serveHTTP(ctx, listener, inFront(dashboard), logger) })
	servers.Go(func() error { background.Run(ctx, work); return nil })
	announce(out, c, sandboxURL)
	logger.Info("listening", "address", listener.Addr().String())
	return servers.Wait()
}

// ctxCause returns why ctx ended, or nil if nothing failed.
func ctxCause(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// announce prints where to open the dashboard and what it talks to, and then
// the log so far.
func announce(out *heldLog, c Config, sandboxURL string) {
	upstream := "Fourthwall at " + c.APIURL
	if sandboxURL != "" {
		upstream = "the sandbox is at " + sandboxURL + ", nothing reaches Fourthwall"
	}
	fmt.Fprintf(out.w, "Hookwall is at %s (%s)\n", c.PublicURL, upstream)
	out.release()
}

func newDashboard(
	ctx context.Context, c Config, sandboxURL string, st *store.Store, background *jobs.Client, targets deliver.Options,
	counted *metrics.Metrics, logger *slog.Logger,
) (*handlers.Dashboard, *shops.Service, jobs.Work, error) {
	api, err := fourthwall.New(c.APIURL, fourthwall.Options{
		UserAgent: userAgent(), Logger: logger, Observe: observeTry(counted),
	})
	if err != nil {
		return nil, nil, jobs.Work{}, err
	}
	client, err := deliver.New(targets)
	if err != nil {
		return nil, nil, jobs.Work{}, err
	}
	provider := newProvider(c, st, observeRefresh(counted))
	receiver := ""
	if sandboxURL != "" {
		receiver = sandbox.ReceiverHost
	}
	timing := webhooks.DefaultTiming()
	recorder := activity.NewRecorder(st, timing.FirstRecheck, logger)
	connected := shops.NewService(st, api, provider, c.Scopes)
	hooks := webhooks.NewService(webhooks.Config{
		Store: st, Shops: connected, Activity: recorder, Logger: logger, Timing: timing,
	})
	settings := handlers.Config{
		PublicURL: c.PublicURL, SandboxURL: sandboxURL, TrustedProxies: c.TrustedProxies, Scopes: c.Scopes,
		Store: st, API: api, Shops: connected, Webhooks: hooks, OAuth: provider, Targets: client, Receiver: receiver,
		Sample: sample, Logger: logger, Limits: c.Limits, SecurityContacts: c.SecurityContacts,
		Jobs: background, Version: version,
		Now:       st.Now, // the database's clock, so that all replicas agree
		OnRequest: counted.Request,
	}
	if err := c.addTeam(ctx, st, &settings); err != nil {
		return nil, nil, jobs.Work{}, err
	}
	all := fleet.NewService(fleet.Config{
		Store: st, Shops: connected, Webhooks: hooks, Clone: cloneShops, Queue: background, Logger: logger,
		Intervals: c.Visits.Intervals, Keep: c.Visits.KeepDeliveries, ApproveFrom: c.ApproveFrom,
		OnVisit: counted.Visit, OnItem: counted.Item,
	})
	if !c.Visits.Off {
		settings.Fleet = all
	}
	return handlers.New(settings), connected, jobs.Work{
		Sweep:      st.Sweep,
		Reconcile:  func(ctx context.Context) error { return hooks.Reconcile(ctx, reconcileLimit) },
		KeepAlive:  connected.KeepAlive,
		EnqueueDue: c.Visits.enqueue(all),
		Visit:      all.Visit,
	}, nil
}

// newProvider returns Fourthwall's sign-in. onRefresh may be nil.
func newProvider(c Config, st *store.Store, onRefresh func(error)) *oauth.Provider {
	return oauth.New(oauth.Config{
		ClientID: c.ClientID, ClientSecret: fourthwall.Secret(c.ClientSecret),
		AuthURL: c.AuthURL, TokenURL: c.TokenURL, ImplicitAuthURL: c.ImplicitAuthURL, ChannelTokenURL: c.ChannelTokenURL,
		PublicURL: c.PublicURL.String(), Scopes: c.Scopes, UserAgent: userAgent(), Now: st.Now,
		OnRefresh: onRefresh,
	})
}

func userAgent() string { return "hookwall/" + version }

// cloneShops returns a copy of shops in the sandbox's code, in which a plan is rehearsed.
func cloneShops(all []fleet.CloneShop) (fleet.Clone, error) {
	shops := make([][]sandbox.Webhook, len(all))
	for i, shop := range all {
		for _, hook := range shop.Webhooks {
			w := sandbox.Webhook{ID: hook.ID, URL: hook.URL, Locked: slices.Contains(shop.Locked, hook.ID)}
			for _, t := range hook.AllowedTypes {
				w.AllowedTypes = append(w.AllowedTypes, string(t))
			}
			shops[i] = append(shops[i], w)
		}
	}
	box, err := sandbox.NewClone(shops)
	if err != nil {
		return fleet.Clone{}, err
	}
	c := fleet.Clone{Close: box.Close, IDs: box.IDs}
	for _, shop := range box.Shops() {
		key := fourthwall.APIKey{Username: shop.APIUser, Password: fourthwall.Secret(shop.APIPassword)}
		c.Credentials = append(c.Credentials, key)
	}
	c.API, err = fourthwall.New("http://clone.invalid", fourthwall.Options{Transport: box})
	return c, err
}

// sample returns a sample event as JSON.
func sample(of handlers.SampleOf) (string, error) {
	shop := sandbox.DemoShop{ID: of.ShopID, Name: of.ShopName, Domain: of.Domain}
	return sandbox.SampleEvent(of.Type, of.WebhookID, shop, of.At)
}

// startReceiver serves the sandbox's receiver on loopback ports that only the
// dashboard knows, and adds it to targets, so that checks and tests can call it
// by its host name.
func startReceiver(
	ctx context.Context, emulator *sandbox.Server, targets *deliver.Options, servers *errgroup.Group, logger *slog.Logger,
) error {
	certificate, authority, err := sandbox.NewReceiverCertificate(time.Now())
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	for port, wrap := range map[string]func(net.Listener) net.Listener{
		"80": func(l net.Listener) net.Listener { return l },
		"443": func(l net.Listener) net.Listener {
			config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
			return tls.NewListener(l, config)
		},
	} {
		listener, err := listen(ctx, "the sandbox's receiver", "127.0.0.1:0")
		if err != nil {
			return err
		}
		at, err := netip.ParseAddrPort(listener.Addr().String())
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		for _, name := range sandbox.ReceiverHosts() {
			host := net.JoinHostPort(name, port)
			targets.Exceptions = append(targets.Exceptions, deliver.Exception{Host: host, Addr: at, RootCAs: roots})
		}
		servers.Go(func() error { return serveHTTP(ctx, wrap(listener), emulator.Receiver(), logger) })
	}
	return nil
}

// startSandbox serves the sandbox beside the dashboard and points c at it. It
// returns the sandbox and its URL.
func startSandbox(
	ctx context.Context, c *Config, servers *errgroup.Group, logger *slog.Logger,
) (*sandbox.Server, string, error) {
	listener, err := listen(ctx, "HOOKWALL_SANDBOX_ADDR", c.SandboxAddr)
	if err != nil {
		return nil, "", err
	}
	targets, err := deliver.New(deliver.Options{AllowPrivate: c.PrivateTargets, UserAgent: userAgent()})
	if err != nil {
		return nil, "", errors.Join(err, listener.Close())
	}
	own, err := openedAt(nil, listener, c.SandboxAddr)
	if err != nil {
		return nil, "", errors.Join(err, listener.Close())
	}
	at := own.String()
	const clientID = "hookwall"
	emulator, err := sandbox.New(sandbox.Config{
		PublicURL: at, DataFile: filepath.Join(c.DataDir, "sandbox.db"), Logger: logger, Transport: targets.Transport(),
		SignInClients: signInAtSandbox(c, at), Shops: &c.Shops,
		Clients: []sandbox.Client{{ID: clientID, Name: "Hookwall", RedirectURIs: []string{
			c.PublicURL.String() + "/oauth/callback", c.PublicURL.String() + "/oauth/implicit",
		}}},
	})
	if err != nil {
		return nil, "", errors.Join(err, listener.Close())
	}
	c.ClientID, c.APIURL, c.TokenURL = clientID, at, at+tokenPath
	c.AuthURL = at + "/admin/platform-apps/{client_id}/connect"
	c.ImplicitAuthURL = at + "/auth/realms/Fourthwall/protocol/openid-connect/auth"
	if c.SignIn.Mode != "" {
		c.ChannelTokenURL = at + channelTokenPath
	}
	servers.Go(func() error { return serveHTTP(ctx, listener, emulator, logger) })
	return emulator, at, nil
}

// runSandbox serves the sandbox alone.
func runSandbox(ctx context.Context, f sandboxFlags, getenv func(string) string, stdout io.Writer) error {
	p := &problems{getenv: getenv}
	if loopback := p.address("HOOKWALL_SANDBOX_ADDR", f.Addr); !loopback && !f.Expose {
		p.add("HOOKWALL_SANDBOX_ADDR: %s is not a loopback address. Use one, or add --expose to allow others to use "+
			"the sandbox", f.Addr)
	}
	p.logFormat(f.LogFormat)
	count := p.shops(f.Shops, sandbox.DefaultShops)
	var public *url.URL
	if f.PublicURL != "" {
		public = p.publicURL("--public-url", f.PublicURL)
	}
	if f.Data == "" {
		dir, err := dataDir(getenv)
		if err != nil {
			p.add("--data is not set, and Hookwall can't find your data directory (%v). Set it to a file", err)
		}
		f.Data = filepath.Join(dir, "sandbox.db")
	}
	if err := errors.Join(p.found...); err != nil {
		return err
	}
	out := &heldLog{w: stdout}
	defer out.release()
	logger := newLogger(out, isText(f.LogFormat, stdout))
	listener, err := listen(ctx, "--addr", f.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if public, err = openedAt(public, listener, f.Addr); err != nil {
		return err
	}
	targets, err := deliver.New(deliver.Options{AllowPrivate: f.Private, UserAgent: userAgent()})
	if err != nil {
		return err
	}
	emulator, err := sandbox.New(sandbox.Config{
		PublicURL: public.String(), DataFile: f.Data, Logger: logger, AnyHost: f.Expose, Transport: targets.Transport(),
		AppKey: f.AppKey, Shops: &count,
		Clients: []sandbox.Client{{
			ID: f.ClientID, Name: f.ClientID, Secret: f.ClientSecret, RedirectURIs: f.RedirectURI,
		}},
	})
	if err != nil {
		return err
	}
	defer emulator.Close()
	fmt.Fprintf(stdout, "The sandbox is at %s (nothing reaches Fourthwall)\n", public)
	out.release()
	logger.Info("listening", "address", listener.Addr().String())
	return serveHTTP(ctx, listener, emulator, logger)
}

func listen(ctx context.Context, name, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s (%w). %s, such as 127.0.0.1:0", name, addr, err, listenHint(err))
	}
	return listener, nil
}

// listenHint says what to do about an address that can't be used.
func listenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "Stop the program that uses it, or choose another address"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "This machine doesn't have that IP address. Choose one that it has"
	case errors.Is(err, syscall.EACCES):
		return "This user may not use that port. Choose another address"
	}
	return "Choose another address"
}

// openStore opens the database with the configured keys, or else with the key
// in a file beside it.
func openStore(ctx context.Context, c Config, logger *slog.Logger) (*store.Store, error) {
	text := c.SecretKeys
	if text == "" {
		kept, err := keptKey(filepath.Join(c.DataDir, "secret.key"))
		if err != nil {
			return nil, err
		}
		text = kept
	}
	keys, err := store.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("HOOKWALL_SECRET_KEY: %w", err)
	}
	st, err := store.Open(ctx, c.DatabaseURL, c.Visits.keep(store.Options{
		Keys: keys, Environment: c.APIURL, SessionIdle: c.SessionIdle, SessionLife: c.SessionLife, Logger: logger,
	}))
	if err != nil {
		return nil, fmt.Errorf("HOOKWALL_DATABASE_URL: %w", err)
	}
	return st, nil
}

// keptKey returns the key in a file, which it makes if it doesn't exist.
func keptKey(path string) (string, error) {
	b, err := os.ReadFile(path) //nolint:gosec // beside the database that the operator chose
	if errors.Is(err, os.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return "", fmt.Errorf("cannot store the encryption key: %w", err)
		}
		b, err = os.ReadFile(path) //nolint:gosec // as above
	}
	return strings.TrimSpace(string(b)), err
}

// makeKey writes a new key to a file, unless another process was first. The
// file appears with its whole content.
func makeKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // which only its owner may read
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, store.NewKey())
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Link(file.Name(), path)
	}
	if errors.Is(err, os.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(file.Name()))
}

// repeat calls do immediately and then at an interval, until ctx ends. It logs
// errors under the name what.
func repeat(
	ctx context.Context, every time.Duration, do func(context.Context) error, what string, logger *slog.Logger,
) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			logger.Error(what+" failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// newServer returns a server that limits the time and the headers of a connection.
func newServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		// Without this, the response to "OPTIONS *" lacks our headers.
		DisableGeneralOptionsHandler: true,
	}
}

// serveHTTP serves on l until ctx ends, then waits up to shutdownTime for open
// requests.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, logger *slog.Logger) error {
	server := newServer(h, logger)
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		closed <- server.Shutdown(end)
	})
	err := server.Serve(l)
	if stop() {
		return err // it failed by itself
	}
	return <-closed
}
