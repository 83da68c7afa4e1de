package logs

import (
	"regexp"
	"strings"
)

// traceparent is the form of the header of the same name, https://www.w3.org/TR/trace-context/. Later versions may add
// fields after those of the first.
var traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)

// TraceID returns the trace ID in the traceparent headers of a request: 32 hexadecimal digits, or "" unless there is
// one valid header.
func TraceID(headers []string) string {
	if len(headers) != 1 {
		return ""
	}
	found := traceparent.FindStringSubmatch(headers[0])
	switch {
	case found == nil, found[1] == "ff", found[1] == "00" && found[4] != "",
		isZero(found[2]), isZero(found[3]):
		return ""
	}
	return found[2]
}

func isZero(digits string) bool { return strings.Trim(digits, "0") == "" }
