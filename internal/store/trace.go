package store

// trace is told of each statement before it runs, and of the begin and the commit of each transaction. It is nil if
// nobody is.
type trace func(sql string)

// What a trace is told of transactions, whatever the driver sends.
const (
	beginTx  = "BEGIN"
	commitTx = "COMMIT"
)

func (t trace) tell(sql string) {
	if t != nil {
		t(sql)
	}
}
