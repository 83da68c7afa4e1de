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
	p.get("/dev/components").want(http.StatusOK, "The parts of Hookwall’s pages")
	p.connect(0)
	p.get("/dev/components").want(http.StatusOK, "Studio Nine")
	g.server.SandboxURL = ""
	p.get("/dev/components").want(http.StatusNotFound, "This page doesn’t exist")
}
