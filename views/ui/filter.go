package ui

// filledIn returns how many values aren't empty.
func filledIn(values []string) (n int) {
	for _, value := range values {
		if value != "" {
			n++
		}
	}
	return n
}
