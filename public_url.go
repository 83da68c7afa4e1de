package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// hostNames maps a host name as browsers do. It allows underscores, which the names of containers can have.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// publicURL checks the URL that people open. name is the setting that it comes from.
func (p *problems) publicURL(name, given string) *url.URL {
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		p.add("%s: %q is not a URL. Use one such as https://hooks.example.com", name, given)
		return nil
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		p.add("%s: %q must end after the host and port, because Hookwall uses the root of its host",
			name, u.Redacted())
		return nil
	}
	own, err := origin(u.Scheme, u.Hostname(), u.Port())
	if err != nil {
		p.add("%s: %q is not a URL: %w", name, given, err)
		return nil
	}
	return own
}

// origin returns a URL with its host and port as browsers write them in Host and Origin: in lower case, in ASCII
// (Punycode), and without the port that is the scheme's default.
func origin(scheme, host, port string) (*url.URL, error) {
	host = strings.TrimSuffix(host, ".") // of an absolute name, which is another host to browsers
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	} else if host == "" {
		return nil, errors.New("the host is not a name")
	} else if host, err = hostNames.ToASCII(host); err != nil {
		return nil, fmt.Errorf("the host is not a name: %w", err)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return &url.URL{Scheme: scheme, Host: host}, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("there is no port %s", port)
	}
	if n != defaultPorts[scheme] {
		host += ":" + strconv.FormatUint(n, 10)
	}
	return &url.URL{Scheme: scheme, Host: host}, nil
}

// defaultPorts are the ports that URLs leave out.
var defaultPorts = map[string]uint64{"http": 80, "https": 443}

// openedAt returns the URL under which a listener is reached: the configured one, with the port that was bound in place
// of port 0, or else the host as it was given, such as localhost, and that port.
func openedAt(configured *url.URL, l net.Listener, given string) (*url.URL, error) {
	if configured != nil && configured.Port() != "0" {
		return configured, nil
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	if configured != nil {
		return origin(configured.Scheme, configured.Hostname(), port)
	}
	host, _, err := net.SplitHostPort(given)
	if err != nil {
		return nil, err
	}
	return origin("http", host, port)
}
