# bash completion for facemchd: asks the program's own --help, so that it names what this version has.

_facemchd() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} said help
    local -a path=()
    for said in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $said == -* ]] || path+=("$said")
    done
    help=$(facemchd "${path[@]}" --lang en --help 2>/dev/null) || help=$(facemchd "${path[0]}" --lang en --help 2>/dev/null)
    if [[ $before == --* ]] && grep -qE -- "$before <(SITE|FILE|DIR|PATH)>" <<<"$help"; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$(
        sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\)  .*/\1/p' <<<"$help"
        grep -oE -- '--[a-z][a-z-]*' <<<"$help"
        sed -n 's/.*\[possible values: \(.*\)\].*/\1/p; s/^ *- \([a-z-]*\):.*/\1/p' <<<"$help" | tr -d ,
    )" -- "$word" | sort -u)
}

complete -o default -F _facemchd facemchd
