// Package faults breaks Fourthwall, the way there, the database and the
// programs themselves while people work, and looks at what each of them gets:
// what the page says, whether the input is kept, how often it was done, how it
// heals once the fault is over, and whether the log names the cause.
//
//	make faults
//
// prints a row for each.
package faults
