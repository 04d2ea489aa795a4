# bash completion for pyfaultctl: commands, options, and the names of the workers of the running service.

_pyfaultctl_workers() {
    local name
    pyfaultctl "$@" status 2>/dev/null | tail -n +2 | cut -f1 | while read -r name; do
        # Of several instances, the name that they share is one more.
        case $name in *'#'*) echo "${name%#*}" ;; esac
        echo "$name"
    done | sort -u
}

_pyfaultctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i
    local -a socket=()
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --socket)
                socket=(--socket "${COMP_WORDS[i + 1]}")
                i=$((i + 1))
                ;;
            -*) ;;
            *)
                command=${COMP_WORDS[i]}
                break
                ;;
        esac
    done

    local words=
    case $before in
        --socket | --python)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        -n | --last) return ;;
    esac
    case $command in
        '') words='status start stop restart reload events dump check-config --socket --version --help' ;;
        status) words="--json $(_pyfaultctl_workers "${socket[@]}")" ;;
        start | stop | restart) words="--all --no-wait $(_pyfaultctl_workers "${socket[@]}")" ;;
        events) words='-f --follow -n --last --json' ;;
        dump) words="--json $(_pyfaultctl_workers "${socket[@]}")" ;;
        check-config)
            words=--python
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            ;;
    esac
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _pyfaultctl pyfaultctl
