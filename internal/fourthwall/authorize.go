package fourthwall

import "net/http"

// Authorize adds a credential to a request that isn't made by a Client.
func Authorize(req *http.Request, cred Credential) { cred.authorize(req) }
