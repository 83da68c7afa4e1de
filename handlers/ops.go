package handlers

import (
	"context"
	"io"
	"net/http"
	"time"
)

// readyTime is how long the database may take to respond.
const readyTime = 2 * time.Second

// handleAlive tells a supervisor that the process responds. It calls no other
// machine, so an unavailable database restarts nothing.
func (*server) handleAlive(w http.ResponseWriter, _ *http.Request) error {
	return tellSupervisor(w, http.StatusOK, "ok\n")
}

// handleReady tells a supervisor whether pages can be drawn, which needs a
// database that can be read and written, and whether background work is done.
func (s *server) handleReady(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		if hasLeft(r) {
			return err
		}
		stateOf(r).log.Error("the database cannot be used", "error", err)
		return tellSupervisor(w, http.StatusServiceUnavailable, "the database cannot be used\n")
	}
	if s.jobsErr() != nil { // which is in the log
		return tellSupervisor(w, http.StatusServiceUnavailable, "background work is not running\n")
	}
	return tellSupervisor(w, http.StatusOK, "ok\n")
}

func tellSupervisor(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
	return nil
}
