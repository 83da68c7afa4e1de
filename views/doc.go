// Package views draws Hookwall's pages. A page is a templ component in
// NAME.templ and its model in NAME.go, a struct of plain values that a handler
// fills. The components that pages are made of are in views/ui. Views make no
// calls.
package views
