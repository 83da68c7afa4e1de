// Package faults breaks Fourthwall, the connection to it, the database and the
// programs themselves while people work, and checks the result for each person:
// what the page says, whether the input is kept, how often the action took
// effect, how it recovers once the fault is over, and whether the log names the
// cause.
//
//	make faults
//
// prints a row for each.
package faults
