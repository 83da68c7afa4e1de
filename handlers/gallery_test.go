package handlers

import (
	"net/http"
	"testing"
)

// TestComponentsAreOfTheSandbox: only the sandbox has the page of components.
func TestComponentsAreOfTheSandbox(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	p.get("/dev/components").want(http.StatusOK, "What Hookwall’s pages are made of")
	p.connect(0)
	p.get("/dev/components").want(http.StatusOK, "Studio Nine")
	g.server.SandboxURL = ""
	p.get("/dev/components").want(http.StatusNotFound, "This page doesn’t exist")
}
