package shops

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

const (
	importsAtOnce = 3 // of one owner
	keysAtOnce    = 8 // of one import
	keyTime       = 15 * time.Second
	// importLease is longer than trying keysAtOnce keys takes. An import whose process died is continued after it.
	importLease = time.Minute

	refusedInARow = 20 // keys, before an import stops
	failedInARow  = 10 // calls, before an import stops
	// refusedEach is how many refused keys of an import count as one under the limit on refused keys: many keys have
	// some that are wrong, and nobody guesses keys at this rate.
	refusedEach = 20
)

// Results of a key that was tried, beside those of the store.
const (
	KeyRefused     = "refused"
	KeyShopUnknown = "shop_unknown"
)

// Why a key can be tried again, as the Code of a row.
const (
	KeyUnreachable = "unreachable"
	KeyInFront     = "in_front"
	KeyBusy        = "busy"
	KeyFailed      = "failed"
)

// Why an import was stopped.
const (
	StopRefused = "refused" // many keys in a row
	StopFailed  = "failed"  // many calls in a row
	StopRights  = "rights"  // the person may no longer connect shops
	StopExpired = "expired" // it took too long
)

// ImportConfig is what an import of API keys needs.
type ImportConfig struct {
	Store  *store.Store
	API    *fourthwall.Client
	Shops  *Service
	Logger *slog.Logger
	// MayConnect reports whether a person may still connect shops.
	MayConnect func(ctx context.Context, person string) (bool, error)
	// CountRefused counts refused keys of a client against the limit.
	CountRefused func(ctx context.Context, client string) error
}

// Imports connects shops with many API keys at once. An import is stored, so that another process continues one whose
// process died.
type Imports struct{ ImportConfig }

// NewImports returns Imports.
func NewImports(c ImportConfig) *Imports { return &Imports{c} }

// importSender is on whose behalf keys are tried, as the store keeps it.
type importSender struct {
	PersonID  string `json:"personId"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	Session   string `json:"session"`
	RequestID string `json:"requestId"`
	Client    string `json:"client"`
}

// actor returns whose connections they become.
func (s importSender) actor(owner store.Owner) activity.Actor {
	return activity.Actor{
		Owner:   owner,
		Person:  store.ActivityPerson{ID: s.PersonID, Name: s.Name, Email: s.Email, Role: s.Role},
		Session: s.Session, RequestID: s.RequestID,
	}
}

// Begin stores an import under an ID, that of its form. A form that is sent twice is imported once, and only the first
// time isNew is set. Work tries the keys. The error is store.ErrBusy if too many imports are running.
func (m *Imports) Begin(
	ctx context.Context, id string, session store.Owner, actor activity.Actor, client string, keys []KeyLine,
) (i store.KeyImport, isNew bool, err error) {
	who := actor.Person
	sender, err := json.Marshal(importSender{
		who.ID, who.Name, who.Email, who.Role, actor.Session, actor.RequestID, client,
	})
	if err != nil {
		return store.KeyImport{}, false, err
	}
	rows := make([]store.KeyRow, len(keys))
	for n, key := range keys {
		rows[n] = store.KeyRow{Line: key.Line, Name: key.Name, Result: key.Problem, SameLine: key.SameLine}
		if key.Problem == "" {
			if rows[n].Credential, err = key.credential().Encode(); err != nil {
				return store.KeyImport{}, false, err
			}
		}
	}
	i = store.KeyImport{ID: id, Owner: actor.Owner, Session: session, Sender: sender}
	return m.Store.BeginKeyImport(ctx, i, rows, importsAtOnce)
}

func (k KeyLine) credential() oauth.Credential {
	return oauth.Credential{Way: oauth.WayAPIKey, Username: k.Username, Password: k.Password}
}

// Continue deletes keys that are too old, and tries those of imports that no process is working on.
func (m *Imports) Continue(ctx context.Context) error {
	if err := m.Store.ExpireKeys(ctx); err != nil {
		return err
	}
	all, err := m.Store.RunningKeyImports(ctx)
	if err != nil {
		return err
	}
	var work errgroup.Group
	for _, i := range all {
		work.Go(func() error { return m.Work(ctx, i) })
	}
	return work.Wait()
}

// Work tries the keys of an import, unless a process is doing that. It returns when all were tried, when it stopped
// the import, or when ctx ends.
func (m *Imports) Work(ctx context.Context, i store.KeyImport) error {
	lease, holder := "key import "+i.ID, rand.Text()
	got, err := m.Store.AcquireLease(ctx, lease, holder, importLease)
	if err != nil || !got {
		return err
	}
	defer func() {
		if err := m.Store.ReleaseLease(context.WithoutCancel(ctx), lease, holder); err != nil {
			m.Logger.WarnContext(ctx, "the lease of an import could not be released", "error", err)
		}
	}()
	work := importWork{Imports: m, of: i}
	if err := json.Unmarshal(i.Sender, &work.sender); err != nil {
		return m.Store.StopKeyImport(ctx, i, StopExpired, true) // its key is gone, and so are those of its rows
	}
	for {
		more, err := work.some(ctx)
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil
		}
		if err != nil || !more {
			return err
		}
		if err := m.Store.RenewLease(ctx, lease, holder, importLease); err != nil {
			return err
		}
	}
}

// importWork is what a process knows of the import that it works on.
type importWork struct {
	*Imports
	of              store.KeyImport
	sender          importSender
	refused, failed int // in a row
	allRefused      int
}

// some tries the next keys at the same time, and reports whether there may be more.
func (w *importWork) some(ctx context.Context) (more bool, err error) {
	may, err := w.MayConnect(ctx, w.sender.PersonID)
	if err != nil {
		return false, err
	}
	if !may {
		return false, w.stop(ctx, StopRights, true)
	}
	rows, err := w.Store.PendingKeys(ctx, w.of, keysAtOnce)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		finished, err := w.Store.FinishKeyImport(ctx, w.of)
		return !finished && err == nil && ctx.Err() == nil && w.isRunning(ctx), err
	}
	var tries errgroup.Group
	for n := range rows {
		tries.Go(func() (err error) { rows[n], err = w.try(ctx, rows[n]); return err })
	}
	if err := tries.Wait(); err != nil {
		return false, err
	}
	return w.count(ctx, rows)
}

// isRunning reports whether keys are to be tried again since they were found to be over.
func (w *importWork) isRunning(ctx context.Context) bool {
	now, err := w.Store.KeyImport(ctx, w.of.Owner, w.of.Session, w.of.ID)
	return err == nil && now.State == store.KeysRunning
}

// try tries a key and stores how that ended. It changes nothing if ctx ends.
func (w *importWork) try(ctx context.Context, row store.KeyRow) (store.KeyRow, error) {
	key, err := oauth.Decode(row.Credential)
	if err != nil {
		row.Result = store.KeyUntried
		return row, w.end(ctx, row)
	}
	called, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	shop, err := w.API.CurrentShop(called, key.API())
	if ctx.Err() != nil {
		return row, ctx.Err()
	}
	if err != nil {
		row.Result, row.Code, row.RequestID = resultOf(fourthwall.AsError(err))
		w.Logger.InfoContext(ctx, "an API key of an import was not used",
			"import", w.of.ID, "line", row.Line, "result", row.Result, "error", err)
		return row, w.end(ctx, row)
	}
	conn, done, err := w.Shops.connection(w.sender.actor(w.of.Owner), shop, key)
	if err != nil {
		return row, err
	}
	row.Result, err = w.Store.ConnectKeyRow(ctx, w.of, row, conn, done...)
	return row, unlessFinished(err)
}

func (w *importWork) end(ctx context.Context, row store.KeyRow) error {
	return unlessFinished(w.Store.EndKeyRow(ctx, w.of, row))
}

// unlessFinished returns err, or nil if another process was first.
func unlessFinished(err error) error {
	if errors.Is(err, store.ErrFinished) {
		return nil
	}
	return err
}

// resultOf returns the result of a key whose shop could not be read.
func resultOf(api *fourthwall.Error) (result, code, requestID string) {
	switch {
	case api == nil || api.Status == 0:
		return store.KeyTemporary, KeyUnreachable, ""
	case api.Unauthorized(), api.Forbidden():
		return KeyRefused, api.Code, api.RequestID
	case api.ShopGone():
		return KeyShopUnknown, api.Code, api.RequestID
	case api.Status == http.StatusTooManyRequests, api.Status == http.StatusServiceUnavailable && api.Fault == "":
		return store.KeyTemporary, KeyBusy, api.RequestID
	case api.Fault != "", api.Rejected():
		return store.KeyTemporary, KeyInFront, api.RequestID
	}
	return store.KeyTemporary, KeyFailed, api.RequestID
}

// count counts what became of keys, and stops the import where others would hardly fare better.
func (w *importWork) count(ctx context.Context, rows []store.KeyRow) (more bool, err error) {
	for _, row := range rows {
		switch row.Result {
		case KeyRefused:
			w.refused++
			w.failed = 0
			if w.allRefused++; w.allRefused%refusedEach == 0 {
				err = errors.Join(err, w.CountRefused(ctx, w.sender.Client))
			}
		case store.KeyTemporary:
			w.failed++
		default:
			w.refused, w.failed = 0, 0
		}
	}
	switch {
	case err != nil:
		return false, err
	case w.refused >= refusedInARow:
		return false, w.stop(ctx, StopRefused, false)
	case w.failed >= failedInARow:
		return false, w.stop(ctx, StopFailed, false)
	}
	return true, nil
}

func (w *importWork) stop(ctx context.Context, reason string, drop bool) error {
	w.Logger.WarnContext(ctx, "an import of API keys was stopped", "import", w.of.ID, "reason", reason)
	return w.Store.StopKeyImport(ctx, w.of, reason, drop)
}
