// Command bare is the least that a web server does when it starts.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf(`{"msg":"listening","address":%q}`+"\n", listener.Addr())
	err = http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) //nolint:gosec // a peer
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
