// Package ui has the components that pages are made of, a file for each kind:
// badges, buttons, fields, notices, tables and so on. The gallery at
// /dev/components shows all of them.
package ui
