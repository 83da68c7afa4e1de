package handlers

import (
	"bytes"
	"encoding/csv"
	"mime"
	"net/http"
	"strings"
)

// sendCSV sends rows as a file. What a spreadsheet would take for a formula
// is made text by a quote in front.
func sendCSV(w http.ResponseWriter, name string, rows [][]string) error {
	var body bytes.Buffer
	out := csv.NewWriter(&body)
	out.UseCRLF = true // RFC 4180 §2
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = formulaSafe(cell)
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	_, err := w.Write(body.Bytes())
	return err
}

// formulaSafe quotes a cell that begins as a formula does, also behind blanks.
func formulaSafe(cell string) string {
	if start := strings.TrimLeft(cell, " \t\r\n\u00a0"); start != "" && strings.ContainsAny(start[:1], "=+-@|%") || strings.ContainsAny(cell, "\t\r") {
		return "'" + cell
	}
	return cell
}
