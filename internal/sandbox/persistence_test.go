package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reopen closes a sandbox and opens another one on the same file.
func reopen(t *testing.T, r *rig, file string) *rig {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return newRig(t, func(c *Config) { c.DataFile = file })
}

func TestStateOutlivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state dir", "sand box?#%.db")
	r := newRig(t, func(c *Config) { c.DataFile = file })
	key := r.basic(shopOne)
	created := r.call(key, "POST", webhooksPath, goodInput).text(t, "id")
	r.call(r.basic(shopMany), "DELETE", webhooksPath+"/"+r.Webhooks(shopMany)[1].ID, "")
	want := Switches{PageSize: 2, LongTokens: true, RequireScopes: []string{"webhook_read"}}
	if err := r.Configure(shopTwo, want); err != nil {
		t.Fatal(err)
	}
	if err := r.Configure(shopMany, Switches{FutureTypes: true}); err != nil {
		t.Fatal(err)
	}
	session, code := r.signIn(), r.code()
	r.Advance(30 * time.Second)
	shops, webhooks := r.Shops(), r.Webhooks(shopMany)
	now := r.now()

	r = reopen(t, r, file)
	if diff := cmp.Diff(shops, r.Shops()); diff != "" {
		t.Errorf("shops:\n%s", diff)
	}
	if diff := cmp.Diff(webhooks, r.Webhooks(shopMany)); diff != "" {
		t.Errorf("webhooks:\n%s", diff)
	}
	if diff := cmp.Diff(want, r.Switches(shopTwo)); diff != "" {
		t.Errorf("switches:\n%s", diff)
	}
	if !r.now().Equal(now) {
		t.Errorf("clock %v, want %v", r.now(), now)
	}
	if a := r.call(key, "GET", webhooksPath+"/"+created, ""); a.StatusCode != 200 {
		t.Errorf("webhook: %d", a.StatusCode)
	}
	if a := r.call("Bearer "+session.AccessToken, "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("access token: %d", a.StatusCode)
	}
	second := r.post(tokenPath, refreshForm(session.RefreshToken))
	if second.StatusCode != 200 {
		t.Errorf("refresh: %d", second.StatusCode)
	}
	if a := r.post(tokenPath, codeForm(code)); a.StatusCode != 200 {
		t.Errorf("code: %d", a.StatusCode)
	}

	r = reopen(t, r, file)
	if a := r.post(tokenPath, refreshForm(session.RefreshToken)); a.StatusCode != 400 {
		t.Errorf("spent refresh token after a restart: %d", a.StatusCode)
	}
	if a := r.call("Bearer "+second.text(t, "access_token"), "GET", shopPath, ""); a.StatusCode != 401 {
		t.Errorf("revoked family: %d", a.StatusCode)
	}
	if a := r.post(tokenPath, codeForm(code)); a.StatusCode != 400 {
		t.Errorf("spent code after a restart: %d", a.StatusCode)
	}
	w, err := r.AddWebhook(shopMany, "https://a.example.com/", []string{"DONATION"})
	if err != nil {
		t.Fatal(err)
	}
	if all := r.Webhooks(shopMany); all[len(all)-1].ID != w.ID {
		t.Error("a webhook made after a restart is not the last")
	}

	r = reopen(t, r, file)
	if got := r.Webhooks(shopMany); got[len(got)-1].ID != w.ID {
		t.Error("the order was lost")
	}
}

// Only hashes of what a client holds are in the file, and nobody else can read it.
func TestTheFileHoldsNoTokens(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "private")
	file := filepath.Join(dir, "sandbox.db")
	r := newRig(t, func(c *Config) { c.DataFile = file })
	pending := r.code()
	spent := r.code()
	tokens := r.post(tokenPath, codeForm(spent)).session(t)
	implicit := r.consent(authLink("response_type", "token"), "allow").sent(t).Get("access_token")
	var raw strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		raw.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(raw.String(), hash(pending)) {
		t.Fatal("the file was not read as it is written: a hash is missing")
	}
	for name, canary := range map[string]string{
		"code": pending, "spent code": spent, "verifier": verifier, "client secret": botSecret,
		"access token": tokens.AccessToken, "refresh token": tokens.RefreshToken,
		"implicit token": implicit,
	} {
		_, secret, found := strings.Cut(canary, ".")
		if !found {
			secret = canary
		}
		if strings.Contains(raw.String(), secret[:min(len(secret), 20)]) {
			t.Errorf("the file holds the %s", name)
		}
		if strings.Contains(r.log.String(), secret[:min(len(secret), 20)]) {
			t.Errorf("the log holds the %s", name)
		}
	}
}

func TestAFileThatWasReadable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.db")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	newRig(t, func(c *Config) { c.DataFile = file })
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, error %v", info.Mode(), err)
	}
}

func TestDataFileErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, garbage, filepath.Join(garbage, "below")} {
		c := testConfig()
		c.DataFile = path
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

// Two sandboxes on one file would not see each other's changes.
func TestTheFileBelongsToOneSandbox(t *testing.T) {
	t.Parallel() // the second one waits 5 s for the first to go away
	file := filepath.Join(t.TempDir(), "sandbox.db")
	newRig(t, func(c *Config) { c.DataFile = file })
	c := testConfig()
	c.DataFile = file
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "another sandbox uses it") {
		t.Errorf("error %v", err)
	}
}

func TestADamagedDocument(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"shop", "webhook", "grant", "clock", "event"} {
		file := filepath.Join(t.TempDir(), "sandbox.db")
		r := newRig(t, func(c *Config) { c.DataFile = file })
		if err := r.files.apply(change{kind, "x", "text in place of an object"}); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		c := testConfig()
		c.DataFile = file
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), kind+" x") {
			t.Errorf("%s: error %v", kind, err)
		}
	}
}

// What could not be written did not happen.
func TestWriteErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.db")
	s, err := New(func() Config { c := testConfig(); c.DataFile = file; return c }())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &rig{Server: s, t: t, log: &lockedBuffer{}}
	key, token, code := r.basic(shopMany), r.bearerOf("shop", shopMany), r.code()
	session := r.signIn()
	before := r.Webhooks(shopMany)
	if err := s.files.Close(); err != nil {
		t.Fatal(err)
	}
	path := webhooksPath + "/" + before[0].ID
	for name, a := range map[string]answer{
		"create":  r.call(key, "POST", webhooksPath, goodInput),
		"change":  r.call(key, "PUT", path, goodInput),
		"delete":  r.call(key, "DELETE", path, ""),
		"code":    r.post(tokenPath, codeForm(code)),
		"refresh": r.post(tokenPath, refreshForm(session.RefreshToken)),
		"consent": r.consent(connectLink(), "allow"),
	} {
		if a.StatusCode != 500 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := r.call(token, "GET", path, ""); a.StatusCode != 200 {
		t.Errorf("reading: %d", a.StatusCode)
	}
	if diff := cmp.Diff(before, r.Webhooks(shopMany)); diff != "" {
		t.Error(diff)
	}
	if err := r.Configure(shopOne, Switches{BareList: true}); err == nil || r.Switches(shopOne).BareList {
		t.Error("switches changed")
	}
	if err := r.Reset(); err == nil {
		t.Error("reset")
	}
	then := r.now()
	r.Advance(time.Hour)
	if r.now().Sub(then) > time.Minute {
		t.Error("the clock moved")
	}
}
