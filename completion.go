package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// shellFlags say for which shell a script is written.
type shellFlags struct {
	Shell string `arg:"" enum:"bash,zsh,fish" placeholder:"SHELL" help:"bash, zsh or fish."`
}

// choice is what may follow a command: a subcommand, a flag or a value.
type choice struct {
	word, help string
	takesValue bool
}

// place is a command and what may follow it. The path of the program itself is "".
type place struct {
	path    string
	choices []choice
}

// completion writes a script that completes commands and flags in a shell.
func completion(f shellFlags, stdout io.Writer) error {
	parser, err := kong.New(&commandLine{}, kong.Name("hookwall"))
	if err != nil {
		return err
	}
	all := placesOf(parser.Model.Node, "", nil)
	write := map[string]func([]place) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[f.Shell]
	_, err = io.WriteString(stdout, write(all))
	return err
}

// placesOf adds a command and its subcommands to places.
func placesOf(node *kong.Node, path string, places []place) []place {
	here := place{path: path}
	flags := node.Flags
	for _, child := range node.Children {
		here.choices = append(here.choices, choice{word: child.Name, help: firstSentence(child.Help)})
		if child == node.DefaultCmd {
			flags = slices.Concat(flags, child.Flags) // they follow the program itself, too
		}
	}
	for _, positional := range node.Positional {
		if positional.Enum != "" {
			for _, value := range positional.EnumSlice() {
				here.choices = append(here.choices, choice{word: value})
			}
		}
	}
	here.choices = append(here.choices, choice{word: "--help", help: "Show help"})
	for _, flag := range flags {
		if !flag.Hidden && flag.Name != "help" {
			here.choices = append(here.choices, choice{"--" + flag.Name, firstSentence(flag.Help), !flag.IsBool()})
		}
	}
	places = append(places, here)
	for _, child := range node.Children {
		places = placesOf(child, strings.TrimSpace(path+" "+child.Name), places)
	}
	return places
}

func firstSentence(text string) string {
	sentence, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(sentence, ".")
}

// steps returns the pattern "COMMAND/WORD" for each word that leads from one command to another.
func steps(places []place) []string {
	var all []string
	for _, p := range places[1:] {
		before, last := "", p.path
		if i := strings.LastIndexByte(p.path, ' '); i >= 0 {
			before, last = p.path[:i], p.path[i+1:]
		}
		all = append(all, "'"+before+"/"+last+"'")
	}
	return all
}

// cases returns a line of a case statement for each command.
func cases(places []place, format string) string {
	var b strings.Builder
	for _, p := range places {
		words := make([]string, len(p.choices))
		for i, c := range p.choices {
			words[i] = c.word
		}
		fmt.Fprintf(&b, format, p.path, strings.Join(words, " "))
	}
	return b.String()
}

func bashScript(places []place) string {
	return fmt.Sprintf(`# Completes hookwall in bash.
_hookwall() {
	local command='' words='' word cur=${COMP_WORDS[COMP_CWORD]} without='-*'
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$command/$word" in
		%s) command="${command:+$command }$word" ;;
		esac
	done
	case "$command" in
%s	esac
	[[ $cur != -* ]] || without=''
	COMPREPLY=($(compgen -W "$words" -X "$without" -- "$cur"))
}
complete -o default -F _hookwall hookwall
`, strings.Join(steps(places), " | "), cases(places, "\t'%s') words='%s' ;;\n"))
}

func zshScript(places []place) string {
	return fmt.Sprintf(`#compdef hookwall
# Completes hookwall in zsh.
_hookwall() {
	local command='' word
	local -a choices
	for word in "${(@)words[2,CURRENT-1]}"; do
		case "$command/$word" in
		%s) command="${command:+$command }$word" ;;
		esac
	done
	case "$command" in
%s	esac
	if [[ $PREFIX == -* ]]; then
		compadd -- $choices
	else
		compadd -- ${choices:#-*}
		_files
	fi
}
if [[ $funcstack[1] == _hookwall ]]; then
	_hookwall "$@"
else
	compdef _hookwall hookwall
fi
`, strings.Join(steps(places), " | "), cases(places, "\t'%s') choices=(%s) ;;\n"))
}

func fishScript(places []place) string {
	var b strings.Builder
	//nolint:dupword // fish ends each block with the same word
	fmt.Fprintf(&b, `# Completes hookwall in fish.
function __hookwall_at
	set -l command ''
	for word in (commandline -opc)[2..]
		switch "$command/$word"
			case %s
				set command (string trim -- "$command $word")
		end
	end
	test "$command" = "$argv[1]"
end
`, strings.Join(steps(places), " "))
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, p := range places {
		for _, c := range p.choices {
			kind := "-a"
			word, isFlag := strings.CutPrefix(c.word, "--")
			if isFlag {
				kind = "-l"
			}
			if c.takesValue {
				kind = "-r -l"
			}
			fmt.Fprintf(&b, "complete -c hookwall -n \"__hookwall_at '%s'\" %s %s -d '%s'\n", p.path, kind, word,
				quote.Replace(c.help))
		}
	}
	return b.String()
}
