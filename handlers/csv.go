package handlers

import (
	"bytes"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// byteOrderMark begins a file: without it Excel reads UTF-8 as the code page of
// the system, and every letter beyond ASCII wrong.
const byteOrderMark = "\ufeff"

// sendCSV sends rows as a file, in the form of RFC 4180: each row has as many
// cells as the first. Every cell is quoted, since spreadsheets split cells at more
// than commas. In the columns of keys, a key is as it is, though it may begin with
// a sign: another character in front would be a wrong key.
func sendCSV(w http.ResponseWriter, name string, rows [][]string, keys ...int) error {
	var body bytes.Buffer
	body.WriteString(byteOrderMark)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				body.WriteByte(',')
			}
			cell = valid(cell)
			if !slices.Contains(keys, i) || !plainKey.MatchString(cell) {
				cell = formulaSafe(cell)
			}
			body.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
		}
		body.WriteString(strings.Repeat(`,""`, max(0, len(rows[0])-len(row))))
		body.WriteString("\r\n")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	_, _ = w.Write(body.Bytes()) // fails if the client has left
	return nil
}

// plainKey is a key in base64 or base64url. A formula that does harm has other
// characters, too.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9+/_-]+=*$`)

// formulaSafe puts a quote in front of what a spreadsheet would read as a
// formula, so that it is text. A semicolon also begins a cell in regions with a
// decimal comma.
func formulaSafe(cell string) string {
	parts := strings.Split(cell, ";")
	for i, part := range parts {
		if beginsFormula(part) || strings.ContainsAny(part, "\t\r") {
			parts[i] = "'" + part
		}
	}
	return strings.Join(parts, ";")
}

// beginsFormula reports whether a spreadsheet would read text as a formula. It
// skips invisible characters and quotes, which mean nothing inside a cell. The
// wide signs are those of East Asia.
func beginsFormula(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool {
		return r == '"' || unicode.IsSpace(r) || !unicode.IsGraphic(r)
	})
	return strings.IndexAny(text, "=+-@|%＝＋－＠") == 0
}

// instantText returns a time as files have it, or "" for none.
func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
