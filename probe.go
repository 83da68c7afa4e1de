package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/probe"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

const (
	probeCleanup = 2 * time.Minute // how long deleting what the probe created may take
	longestPause = 5 * time.Second // so that deleting fits into probeCleanup
)

// probeFlags are the settings of the probe, beside those of the dashboard.
type probeFlags struct {
	URL      string        `arg:"" placeholder:"URL" help:"https URL of your own, to which the webhooks of the probe lead."`
	KeyFile  string        `placeholder:"PATH" help:"File with the shop's API key, as USERNAME:PASSWORD. Or set the key itself in HOOKWALL_PROBE_KEY."`
	OtherKey string        `name:"other-key-file" placeholder:"PATH" help:"File with another API key of the same shop, to see whether it lists the same webhooks. Or set the key itself in HOOKWALL_PROBE_OTHER_KEY."`
	Shop     string        `placeholder:"ID" help:"ID of a connected shop, in place of an API key. With SQLite, stop the dashboard first."`
	Pause    time.Duration `default:"300ms" help:"Pause before each call. 0s to 5s. Default: 300ms, a third of a shop's limit."`
	Yes      bool          `help:"Begin. Without it, the probe only says what it would do."`

	Serve serveFlags `embed:""`
}

// probeFourthwall tries which of our assumptions about the API hold at a real shop, and prints a report.
func probeFourthwall(ctx context.Context, f probeFlags, getenv func(string) string, stdout io.Writer) error {
	if err := probe.Check(f.URL); err != nil {
		return fmt.Errorf("URL: %w", err)
	}
	if f.Pause < 0 || f.Pause > longestPause {
		return fmt.Errorf("--pause: use a time from 0s to %s, such as 300ms", longestPause)
	}
	p := &problems{getenv: getenv}
	key := p.secret("HOOKWALL_PROBE_KEY", f.KeyFile)
	other := p.secret("HOOKWALL_PROBE_OTHER_KEY", f.OtherKey)
	if err := errors.Join(p.found...); err != nil {
		return err
	}
	if (key == "") == (f.Shop == "") {
		return errors.New("name a file with an API key (--key-file), or a connected shop (--shop), and not both")
	}
	config := probe.Config{
		BaseURL: strings.TrimSuffix(f.Serve.APIURL, "/"), Transport: fourthwall.NewTransport(), UserAgent: userAgent(),
		URL: f.URL, Pause: f.Pause, Cleanup: probeCleanup,
	}
	if err := useKeys(&config, key, other); err != nil {
		return err
	}
	for _, sentence := range probe.Plan(f.URL) {
		fmt.Fprintln(stdout, sentence)
	}
	if !f.Yes {
		return errors.New("nothing was sent. Add --yes to begin")
	}
	fmt.Fprintln(stdout)
	if key == "" {
		return probeConnected(ctx, f, config, getenv, stdout)
	}
	if config.BaseURL == "" {
		config.BaseURL = defaultAPIURL
	}
	return runProbe(ctx, config, stdout)
}

// useKeys sets the credentials of API keys, each of which may be "".
func useKeys(config *probe.Config, key, other string) error {
	if key != "" {
		with, err := apiKey(key)
		if err != nil {
			return err
		}
		config.Credential = with
	}
	if other == "" {
		return nil
	}
	with, err := apiKey(other)
	if err == nil && other == key {
		err = errors.New("this is the same key. Make another in the shop's settings")
	}
	if err != nil {
		return fmt.Errorf("--other-key-file or HOOKWALL_PROBE_OTHER_KEY: %w", err)
	}
	config.Other = with
	return nil
}

// apiKey reads an API key.
func apiKey(text string) (fourthwall.APIKey, error) {
	username, password, _ := strings.Cut(text, ":")
	if username == "" || password == "" {
		return fourthwall.APIKey{}, errors.New("the API key must be USERNAME:PASSWORD")
	}
	return fourthwall.APIKey{Username: username, Password: fourthwall.Secret(password)}, nil
}

// probeConnected uses the connection of a shop in the dashboard's database.
func probeConnected(
	ctx context.Context, f probeFlags, config probe.Config, getenv func(string) string, stdout io.Writer,
) error {
	c, err := loadConfig(f.Serve, getenv)
	if err != nil {
		return err
	}
	if c.Sandbox {
		return errors.New("the dashboard's settings name no Fourthwall. Set FOURTHWALL_CLIENT_ID or FOURTHWALL_API_URL")
	}
	logger := newLogger(stdout, isText(c.LogFormat, stdout))
	st, err := openStore(ctx, c, logger)
	if err != nil {
		return err
	}
	defer st.Close()
	conn, err := st.LiveConnection(ctx, f.Shop, "")
	if errors.Is(err, store.ErrNotFound) {
		return errors.New("--shop: no connection to this shop works. Connect it in the dashboard, or use an API key")
	}
	if err != nil {
		return err
	}
	api, err := fourthwall.New(c.APIURL, fourthwall.Options{UserAgent: userAgent(), Logger: logger})
	if err != nil {
		return err
	}
	if c.PublicURL == nil {
		c.PublicURL = &url.URL{Scheme: "http", Host: c.Addr} // nobody signs in here
	}
	config.BaseURL = c.APIURL
	if conn.Scopes != "" {
		config.Scopes = strings.Fields(conn.Scopes)
	}
	client := shops.NewService(st, api, newProvider(c, st, nil), c.Scopes).Client(conn)
	return client.Use(ctx, func(ctx context.Context, with fourthwall.Credential) error {
		config.Credential = with
		return runProbe(ctx, config, stdout)
	})
}

// runProbe prints the report even if the probe was interrupted.
func runProbe(ctx context.Context, config probe.Config, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP) // the terminal was closed: clean up, too
	defer stop()
	findings, err := probe.Run(ctx, config)
	if errors.Is(err, probe.ErrUnusable) {
		return err // nothing was found
	}
	if errors.Is(err, context.Canceled) {
		err = errors.Join(errors.New("interrupted"), onlyLeft(err))
	}
	return errors.Join(probe.WriteReport(stdout, version, findings), err)
}

// onlyLeft returns the part of an error that says what is left in the shop.
func onlyLeft(err error) error {
	if errors.Is(err, probe.ErrLeft) {
		return err
	}
	return nil
}
