# bash completion for pyfault-watchdog: its own options; after --exec, those of the program.

_pyfault_watchdog() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == --exec ]] || continue
        if declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        else
            mapfile -t COMPREPLY < <(compgen -fc -- "$word")
        fi
        return
    done
    case $before in
        --python) mapfile -t COMPREPLY < <(compgen -fc -- "$word") ;;
        --log | --config) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        --log-format) mapfile -t COMPREPLY < <(compgen -W 'text json faulthandler' -- "$word") ;;
        --minidumps) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        --watch) mapfile -t COMPREPLY < <(compgen -W "$(ps -eo pid= 2>/dev/null)" -- "$word") ;;
        --native) mapfile -t COMPREPLY < <(compgen -W 'off on full' -- "$word") ;;
        *)
            mapfile -t COMPREPLY < <(
                compgen -W '--exec --config --python --log --log-format --all-exits --dump-before --native --minidumps --debuginfod --redact --no-redact --no-linger --watch --doctor --version --help' -- "$word"
            )
            ;;
    esac
}

complete -o filenames -F _pyfault_watchdog pyfault-watchdog
