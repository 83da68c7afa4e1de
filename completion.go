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

	// Of a flag:
	short      string // such as "-o", or ""
	takesValue bool
	values     []string // that it accepts; nil if it accepts others
	files      bool     // it accepts the name of a file
}

// place is a command and what may follow it. The path of the program itself is "".
type place struct {
	path    string
	choices []choice
	files   bool // it accepts the name of a file
}

// completion writes a script that completes commands, flags and their values in a shell.
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
		for _, value := range valuesOf(positional) {
			here.choices = append(here.choices, choice{word: value})
		}
		here.files = here.files || isFile(positional.Name, positional)
	}
	here.choices = append(here.choices, choice{word: "--help", help: "Show help"})
	for _, flag := range flags {
		if !flag.Hidden && flag.Name != "help" {
			here.choices = append(here.choices, choiceOf(flag))
		}
	}
	places = append(places, here)
	for _, child := range node.Children {
		places = placesOf(child, strings.TrimSpace(path+" "+child.Name), places)
	}
	return places
}

// choiceOf returns a flag.
func choiceOf(flag *kong.Flag) choice {
	c := choice{word: "--" + flag.Name, help: firstSentence(flag.Help), takesValue: !flag.IsBool()}
	c.values, c.files = valuesOf(flag.Value), isFile(flag.PlaceHolder, flag.Value)
	if flag.Short != 0 {
		c.short = "-" + string(flag.Short)
	}
	return c
}

// valuesOf returns the values that a flag or an argument accepts, or nil if it accepts others.
func valuesOf(value *kong.Value) []string {
	if value.Enum == "" {
		return nil
	}
	return value.EnumSlice()
}

// isFile reports whether a flag or an argument that the help calls name accepts the name of a file.
func isFile(name string, value *kong.Value) bool {
	name = strings.ToUpper(name)
	return value.Enum == "" && (name == "FILE" || strings.HasPrefix(name, "PATH"))
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

// valued returns the pattern "*/FLAG" for each flag that takes a value.
func valued(places []place) []string {
	var all []string
	for _, p := range places {
		for _, c := range p.choices {
			if c.takesValue {
				all = append(all, "*/"+c.word)
			}
			if c.takesValue && c.short != "" {
				all = append(all, "*/"+c.short)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// cases returns the lines of a case statement for "COMMAND/FLAG", where FLAG is "" unless its value comes next. The
// format has verbs for the words that are offered, and for whether files are.
func cases(places []place, format string) string {
	var b strings.Builder
	for _, p := range places {
		words := make([]string, len(p.choices))
		for i, c := range p.choices {
			words[i] = c.word
		}
		fmt.Fprintf(&b, "\t'%s/') "+format+" ;;\n", p.path, strings.Join(words, " "), p.files)
		for _, c := range p.choices {
			if c.values == nil && !c.files {
				continue
			}
			names := "'" + p.path + "/" + c.word + "'"
			if c.short != "" {
				names += " | '" + p.path + "/" + c.short + "'"
			}
			fmt.Fprintf(&b, "\t%s) "+format+" ;;\n", names, strings.Join(c.values, " "), c.files)
		}
	}
	return b.String()
}

// In bash, "=" in --flag=value is a word of its own. Only files are completed as names of files, since the command
// "backup" would else become "backup/" beside a directory of that name.
func bashScript(places []place) string {
	return fmt.Sprintf(`# Completes hookwall in bash.
_hookwall() {
	local command='' flag='' words='' files='' word cur=${COMP_WORDS[COMP_CWORD]} without='-*'
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $flag ]]; then
			[[ $word == '=' ]] || flag=''
			continue
		fi
		case "$command/$word" in
		%s) command="${command:+$command }$word" ;;
		%s) flag=$word ;;
		esac
	done
	case "$command/$flag" in
%s	esac
	[[ $cur != '=' ]] || cur=''
	[[ $cur != -* ]] || without=''
	COMPREPLY=($(compgen -W "$words" -X "$without" -- "$cur"))
	if [[ $files == true ]]; then
		compopt -o filenames 2>/dev/null
		local IFS=$'\n'
		COMPREPLY+=($(compgen -f -- "$cur"))
	fi
}
complete -F _hookwall hookwall
`, strings.Join(steps(places), " | "), strings.Join(valued(places), " | "), cases(places, "words='%s' files=%t"))
}

func zshScript(places []place) string {
	return fmt.Sprintf(`#compdef hookwall
# Completes hookwall in zsh.
_hookwall() {
	local command='' flag='' files='' word
	local -a choices
	for word in "${(@)words[2,CURRENT-1]}"; do
		if [[ -n $flag ]]; then
			flag=''
			continue
		fi
		case "$command/$word" in
		%s) command="${command:+$command }$word" ;;
		%s) flag=$word ;;
		esac
	done
	if [[ $PREFIX == --*=* ]]; then
		flag=${PREFIX%%%%=*}
		compset -P '*='
	fi
	case "$command/$flag" in
%s	esac
	if [[ $PREFIX == -* ]]; then
		compadd -- $choices
	else
		compadd -- ${choices:#-*}
	fi
	if [[ $files == true ]]; then
		_files
	fi
}
if [[ $funcstack[1] == _hookwall ]]; then
	_hookwall "$@"
else
	compdef _hookwall hookwall
fi
`, strings.Join(steps(places), " | "), strings.Join(valued(places), " | "), cases(places, "choices=(%s) files=%t"))
}

func fishScript(places []place) string {
	var b strings.Builder
	//nolint:dupword // fish ends each block with the same word
	fmt.Fprintf(&b, `# Completes hookwall in fish.
function __hookwall_at
	set -l command ''
	set -l flag ''
	for word in (commandline -opc)[2..]
		if test -n "$flag"
			set flag ''
			continue
		end
		switch "$command/$word"
			case %s
				set command (string trim -- "$command $word")
			case '%s'
				set flag $word
		end
	end
	test "$command" = "$argv[1]"
end
complete -c hookwall -f
`, strings.Join(steps(places), " "), strings.Join(valued(places), "' '"))
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, p := range places {
		at := fmt.Sprintf("complete -c hookwall -n \"__hookwall_at '%s'\"", p.path)
		if p.files {
			fmt.Fprintln(&b, at, "-F")
		}
		for _, c := range p.choices {
			fmt.Fprintf(&b, "%s %s -d '%s'\n", at, fishChoice(c), quote.Replace(c.help))
		}
	}
	return b.String()
}

// fishChoice returns the options of fish's command complete for a choice.
func fishChoice(c choice) string {
	flag, isFlag := strings.CutPrefix(c.word, "--")
	if !isFlag {
		return "-a " + c.word
	}
	options := "-l " + flag
	if c.short != "" {
		options += " -s " + c.short[1:]
	}
	switch {
	case c.files:
		options += " -r -F"
	case c.values != nil:
		options += " -x -a '" + strings.Join(c.values, " ") + "'"
	case c.takesValue:
		options += " -x"
	}
	return options
}
