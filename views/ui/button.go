package ui

// When returns variant if the condition holds, or "".
func When(condition bool, variant string) string {
	if condition {
		return variant
	}
	return ""
}
