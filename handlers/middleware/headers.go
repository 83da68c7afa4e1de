package middleware

import "net/http"

// ContentSecurityPolicy lets pages load what we serve, and nothing else.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Headers sets what keeps browsers strict. secure says that people reach us by
// https.
func Headers(secure bool) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header := w.Header()
			header.Set("Content-Security-Policy", ContentSecurityPolicy)
			header.Set("X-Content-Type-Options", "nosniff")
			header.Set("X-Frame-Options", "DENY")
			header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
			header.Set("Cross-Origin-Opener-Policy", "same-origin")
			header.Set("Cross-Origin-Resource-Policy", "same-origin")
			header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
			header.Set("X-Robots-Tag", "noindex, nofollow")
			header.Set("Cache-Control", "no-store") // a page that may be kept overrides it
			if secure {
				header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			h.ServeHTTP(w, r)
		})
	}
}
