package middleware

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzhttp/writer"
)

// splicer compresses pages. A part that many pages share is compressed once, and
// its blocks are copied into each: a stream of DEFLATE is a sequence of blocks,
// and a flush ends one at a whole byte (RFC 1951, section 3.2.4).
type splicer struct {
	text   func() []byte // what many pages share; empty for none
	packed func() []byte // the same as blocks of which none is the last
	pool   sync.Pool
}

// newSplicer returns a splicer for a part. It asks for it with the first page, and
// compresses it for the first one that has it.
func newSplicer(part func() []byte) *splicer {
	s := &splicer{text: sync.OnceValue(part)}
	s.packed = sync.OnceValue(func() []byte { return packShared(s.text()) })
	s.pool.New = func() any { return newSpliced(s) }
	return s
}

// packShared panics if the text can't be compressed, since writing to memory can't fail.
func packShared(text []byte) []byte {
	var packed bytes.Buffer
	best, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = best.Write(text)
	}
	if err == nil {
		err = best.Flush()
	}
	if err != nil {
		panic(err)
	}
	return packed.Bytes()
}

// factory returns the splicer as an implementation of gzip.
func (s *splicer) factory() writer.GzipWriterFactory {
	return writer.GzipWriterFactory{
		Levels: func() (least, most int) { return flate.DefaultCompression, flate.DefaultCompression },
		New: func(w io.Writer, _ int) writer.GzipWriter {
			one, ok := s.pool.Get().(*spliced)
			if !ok {
				one = newSpliced(s)
			}
			one.reset(w)
			return one
		},
	}
}

// spliced is one response. It is written when it is flushed or closed.
type spliced struct {
	*splicer

	to      io.Writer
	comment string // of the header; the jitter
	flate   *flate.Writer
	body    []byte
	out     bytes.Buffer
	begun   bool
	sum     uint32 // CRC-32 of what was written
	size    uint32
}

func newSpliced(s *splicer) *spliced {
	fw, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is right
	}
	return &spliced{splicer: s, flate: fw}
}

// maxKeptBody is up to how many bytes of a body a writer keeps room for.
const maxKeptBody = 256 << 10

func (w *spliced) reset(to io.Writer) {
	w.to, w.comment, w.begun, w.sum, w.size = to, "", false, 0, 0
	w.body = w.body[:0]
	w.out.Reset()
	w.flate.ResetDict(&w.out, nil) // Reset would keep the history of the response before
}

// SetHeader sets the comment, which makes the response longer by chance.
func (w *spliced) SetHeader(h writer.Header) { w.comment = h.Comment }

// Write keeps a part of the body.
func (w *spliced) Write(p []byte) (int, error) {
	w.body = append(w.body, p...)
	return len(p), nil
}

// Flush writes what there is so far.
func (w *spliced) Flush() error {
	if err := w.compress(); err != nil {
		return err
	}
	if err := w.flate.Flush(); err != nil {
		return err
	}
	return w.send()
}

// Close writes the rest, and the end.
func (w *spliced) Close() error {
	err := w.compress()
	if err == nil {
		err = w.flate.Close()
	}
	if err == nil {
		end := binary.LittleEndian.AppendUint32(nil, w.sum)
		w.out.Write(binary.LittleEndian.AppendUint32(end, w.size))
		err = w.send()
	}
	w.to = nil
	if cap(w.body) <= maxKeptBody {
		w.pool.Put(w)
	}
	return err
}

func (w *spliced) send() error {
	_, err := w.to.Write(w.out.Bytes())
	w.out.Reset()
	return err
}

// historySize is how many bytes before a piece it may repeat, at most 32 KiB.
const historySize = 2 << 10

// compress compresses the body, with the blocks of the part where that is in it.
func (w *spliced) compress() error {
	w.begin()
	w.sum = crc32.Update(w.sum, crc32.IEEETable, w.body)
	w.size += uint32(len(w.body)) //nolint:gosec // modulo 2^32, RFC 1952
	var text []byte
	rest, at := w.body, -1
	if len(rest) > 0 { // gzhttp also makes one without a body, at the start
		text = w.text()
	}
	if len(text) > 0 {
		at = bytes.Index(rest, text)
	}
	if at >= 0 {
		if _, err := w.flate.Write(rest[:at]); err != nil {
			return err
		}
		if err := w.flate.Flush(); err != nil {
			return err
		}
		w.out.Write(w.packed())
		rest = rest[at+len(text):]
		w.flate.ResetDict(&w.out, text[max(0, len(text)-historySize):])
	}
	_, err := w.flate.Write(rest)
	w.body = w.body[:0]
	return err
}

// begin writes the header, RFC 1952.
func (w *spliced) begin() {
	if w.begun {
		return
	}
	w.begun = true
	const hasComment, unknownSystem = 1 << 4, 255
	head := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, unknownSystem}
	if w.comment != "" {
		head[3] = hasComment
	}
	w.out.Write(head)
	if w.comment != "" {
		w.out.WriteString(w.comment)
		w.out.WriteByte(0)
	}
}
