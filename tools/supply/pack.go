package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"testing/fstest"
)

// packTar writes files into a compressed archive. They are in memory, so that
// nothing of this machine, such as the user's name, gets in.
func packTar(w io.Writer, files fstest.MapFS) error {
	zipped := gzip.NewWriter(w)
	archive := tar.NewWriter(zipped)
	return errors.Join(archive.AddFS(files), archive.Close(), zipped.Close())
}

// packZip does the same for Windows.
func packZip(w io.Writer, files fstest.MapFS) error {
	archive := zip.NewWriter(w)
	return errors.Join(archive.AddFS(files), archive.Close())
}
