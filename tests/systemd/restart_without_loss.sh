configure
start_service
await "the worker" status_is "1/1 workers"
worker=$(worker_pid)

echo "SIGKILL: the worker goes on"
main=$(main_pid)
kill -KILL "$main"
await "another watchdog" is_new_main "$main"
[ "$(worker_pid)" = "$worker" ]
await "the adoption" said "goes on with web\[$worker\]"
await "the status" status_is "1/1 workers"

echo "systemctl restart: the worker goes on, and no line of it is lost"
main=$(main_pid)
systemctl restart watched
[ "$(main_pid)" != "$main" ]
[ "$(worker_pid)" = "$worker" ]
[ "$(events exit)" = 0 ]
sleep 1
[ "$(wc -l </root/output)" -ge 5 ]
no_line_is_missing

echo "systemctl reload"
systemctl reload watched
await "the reload" said "the configuration was read anew"
[ "$(worker_pid)" = "$worker" ]
[ "$(property ActiveState)" = active ]

echo "a crash after all that is reported, with its exit"
kill -USR1 "$worker"
await "the crash" said '"event":"crash"'
await "the exit" said '"event":"exit"'
grep '"event":"exit"' /root/log | grep '"signal":"SIGSEGV"'
await "the next life" status_is "1/1 workers"

echo "a crash while there is no watchdog"
: >/root/log
main=$(main_pid)
worker=$(worker_pid)
systemctl kill --kill-whom=main -s STOP watched
kill -USR1 "$worker"
sleep 1
kill -KILL "$main"
await "another watchdog" is_new_main "$main"
await "the crash" said '"event":"crash"'
await "the exit" said '"event":"exit"'
[ "$(events crash)" = 1 ] && [ "$(events exit)" = 1 ]
grep '"event":"exit"' /root/log | grep -v '"crash":null'
await "the next life" status_is "1/1 workers"

echo "systemctl stop: the worker is stopped"
worker=$(worker_pid)
systemctl stop watched
await "its end" is_gone "$worker"
said '"reason":"stopped"'
[ "$(property ActiveState)" = inactive ]
