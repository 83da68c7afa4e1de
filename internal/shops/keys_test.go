package shops_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
)

func good(line int, name, username, password string) shops.KeyLine {
	return shops.KeyLine{Line: line, Name: name, Username: username, Password: fourthwall.Secret(password)}
}

func bad(line int, name, problem string) shops.KeyLine {
	return shops.KeyLine{Line: line, Name: name, Problem: problem}
}

// TestReadKeys reads what people and spreadsheets write. An error is only its line's. Checklist 11.
func TestReadKeys(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		in   string
		want []shops.KeyLine
		err  error
	}{
		"one":         {"u,p", []shops.KeyLine{good(1, "", "u", "p")}, nil},
		"with a name": {"Amber,u,p\n", []shops.KeyLine{good(1, "Amber", "u", "p")}, nil},
		"header":      {"Name,Username,Password\nAmber,u,p", []shops.KeyLine{good(2, "Amber", "u", "p")}, nil},
		"header in another order": {
			"password;API_username;note\np;u;x", []shops.KeyLine{good(2, "", "u", "p")}, nil,
		},
		"header without a name": {"username,password\nu,p", []shops.KeyLine{good(2, "", "u", "p")}, nil},
		"BOM":                   {"\uFEFFname;username;password\r\nA;u;p\r\n", []shops.KeyLine{good(2, "A", "u", "p")}, nil},
		"semicolons, a comma in the name": {
			"name;username;password\nSmith, Inc;u;p,q", []shops.KeyLine{good(2, "Smith, Inc", "u", "p,q")}, nil,
		},
		"semicolons without a header": {"A;u;p,q", []shops.KeyLine{good(1, "A", "u", "p,q")}, nil},
		"a semicolon in the password": {"u,p;q", []shops.KeyLine{good(1, "", "u", "p;q")}, nil},
		"tabs":                        {"A, B\tu\tp", []shops.KeyLine{good(1, "A, B", "u", "p")}, nil},
		"quotes": {
			`"Smith; ""X""","u","p,""q"` + "\n", []shops.KeyLine{good(1, `Smith; "X"`, "u", `p,"q`)}, nil,
		},
		"blanks around":           {" u , p \n", []shops.KeyLine{good(1, "", "u", "p")}, nil},
		"blank lines are counted": {"\r\n\r\nu,p\r\n \r\nv,q", []shops.KeyLine{good(3, "", "u", "p"), good(5, "", "v", "q")}, nil},
		"old line ends":           {"u,p\rv,q", []shops.KeyLine{good(1, "", "u", "p"), good(2, "", "v", "q")}, nil},
		"a bad quote is its line's": {
			"u,\"p\nv,q\nw,r\"x\n", []shops.KeyLine{bad(1, "", "quotes"), good(2, "", "v", "q"), bad(3, "", "quotes")}, nil,
		},
		"columns": {
			"u,p\nx\n1,2,3,4\nA,,p\nA,u,\n", []shops.KeyLine{
				good(1, "", "u", "p"), bad(2, "", "columns"), bad(3, "", "columns"),
				bad(4, "A", "no_username"), bad(5, "A", "no_password"),
			}, nil,
		},
		"columns with a header": {
			"username,password,shop\nu\n,p,A\n", []shops.KeyLine{bad(2, "", "no_password"), bad(3, "A", "no_username")}, nil,
		},
		"colon":        {"u:v,p", []shops.KeyLine{bad(1, "", "colon")}, nil},
		"same":         {"u,p\nu,q", []shops.KeyLine{good(1, "", "u", "p"), {Line: 2, Problem: "same", SameLine: 1}}, nil},
		"NUL":          {"u\x00,p\nv,q\x7f", []shops.KeyLine{bad(1, "", "unprintable"), bad(2, "", "unprintable")}, nil},
		"no-break":     {"u\u00a0v,p", []shops.KeyLine{bad(1, "", "unprintable")}, nil},
		"Windows-1252": {"M\xfcller,u,p\nv,q", []shops.KeyLine{bad(1, "", "not_utf8"), good(2, "", "v", "q")}, nil},
		"UTF-8":        {"Müller,ü,pässword", []shops.KeyLine{good(1, "Müller", "ü", "pässword")}, nil},
		"a long line":  {"u," + long + "\nv,q", []shops.KeyLine{bad(1, "", "too_long"), good(2, "", "v", "q")}, nil},
		"a long name":  {long + ",u,p", []shops.KeyLine{good(1, long[:100], "u", "p")}, nil},

		"nothing":              {"", nil, shops.ErrNoKeys},
		"only blanks":          {"\uFEFF \r\n\t\r\n", nil, shops.ErrNoKeys},
		"only a header":        {"name,username,password\r\n\r\n", nil, shops.ErrNoKeys},
		"a header that lacks":  {"name,password\nA,p", nil, shops.ErrKeyHeader},
		"a spreadsheet":        {"PK\x03\x04rest", nil, shops.ErrNotCSV},
		"an old spreadsheet":   {"\xd0\xcf\x11\xe0rest", nil, shops.ErrNotCSV},
		"UTF-16":               {"\xff\xfeu\x00,\x00p\x00", nil, shops.ErrNotCSV},
		"too many":             {many(2001), nil, shops.ErrTooManyKeys},
		"too many with header": {"username,password\n" + many(2001), nil, shops.ErrTooManyKeys},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := shops.ReadKeys([]byte(test.in))
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%.2000s", diff)
			}
		})
	}
	all, err := shops.ReadKeys([]byte("username,password\n" + many(2000) + "\n\n"))
	if err != nil || len(all) != 2000 || all[1999] != good(2001, "", "u1999", "p") {
		t.Errorf("%d of the most, %v", len(all), err)
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "u%d,p\n", i)
	}
	return b.String()
}

// FuzzReadKeys: a line that can be tried has what a key needs, and no two have the same username.
func FuzzReadKeys(f *testing.F) {
	for _, seed := range []string{"u,p", "a;\"b;c\r\nname;username;password", "\xff\xfe", "u\tp\nu\tq", ",,,\n\"\"\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := shops.ReadKeys([]byte(text))
		if (err == nil) == (len(keys) == 0) || len(keys) > shops.MaxKeys {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		seen, last := map[string]bool{}, 0
		for _, k := range keys {
			if k.Line <= last || (k.Problem == "") != (k.Username != "" && k.Password != "") ||
				seen[k.Username] && k.Problem == "" || strings.ContainsAny(k.Username, ":\x00\n\r") {
				t.Fatalf("line %d after %d: %+v", k.Line, last, k)
			}
			last, seen[k.Username] = k.Line, true
		}
	})
}
