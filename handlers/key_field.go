package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/oauth"
	"hookwall/views/ui"
)

// keyTime is how long a page may wait for Fourthwall to accept a key.
const keyTime = 15 * time.Second

// typedKey is an API key as it was sent. The password is never drawn again.
type typedKey struct {
	username                 string // as typed
	usernameErr, passwordErr *ui.FieldError
	credential               oauth.Credential
}

// readKey returns the key of a form, and what is wrong with its fields.
func readKey(r *http.Request) typedKey {
	username, password := strings.TrimSpace(r.PostForm.Get("username")), r.PostForm.Get("password")
	k := typedKey{
		username: valid(r.PostForm.Get("username")),
		credential: oauth.Credential{
			Way: oauth.WayAPIKey, Username: username, Password: fourthwall.Secret(strings.TrimSpace(password)),
		},
	}
	if username == "" {
		k.usernameErr = &ui.FieldError{Text: keyUserMissing}
	} else if strings.Contains(username, ":") {
		k.usernameErr = &ui.FieldError{Text: keyUserColon}
	}
	if password == "" {
		k.passwordErr = &ui.FieldError{Text: keyPasswordMissing}
	}
	return k
}

func (k typedKey) invalid() bool { return k.usernameErr != nil || k.passwordErr != nil }

// shopOf returns the shop that a key is for.
func (s *server) shopOf(r *http.Request, k typedKey) (fourthwall.Shop, error) {
	ctx, cancel := context.WithTimeout(r.Context(), keyTime)
	defer cancel()
	return s.API.CurrentShop(ctx, k.credential.API())
}
