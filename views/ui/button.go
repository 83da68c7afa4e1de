package ui

// when is look where the condition holds.
func When(condition bool, look string) string {
	if condition {
		return look
	}
	return ""
}
