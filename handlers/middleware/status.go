package middleware

import "net/http"

// statusRecorder remembers the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	status int // 0 before the first byte
}

// recordStatus returns w when it records the status already, else a recorder
// around it.
func recordStatus(w http.ResponseWriter) *statusRecorder {
	if recorder, ok := w.(*statusRecorder); ok {
		return recorder
	}
	return &statusRecorder{ResponseWriter: w}
}

func (w *statusRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush is what the layer that compresses asks for.
func (w *statusRecorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
