package handlers

import (
	"encoding/json"
	"net/http"
)

// problem is an error of the API, by RFC 9457.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail"`
	RequestID string        `json:"requestId"`
	Errors    []faultOfFile `json:"errors,omitempty"`
}

// faultOfFile is one thing that is wrong with a fleet file.
type faultOfFile struct {
	Line   int    `json:"line,omitempty"`   // from 1; left out if it's about the whole file
	Column int    `json:"column,omitempty"` // from 1; left out if it isn't known
	Detail string `json:"detail"`
}

const (
	plainProblem  = "about:blank" // what the status says is all there is
	problemPrefix = "urn:hookwall:problem:"
	problemJSON   = "application/problem+json"
)

// writeJSON sends a value, which no cache may keep.
func writeJSON(w http.ResponseWriter, status int, contentType string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client may have left
	return nil
}
