configure
start_service "WatchdogSec=2s
TimeoutAbortSec=1s"
await "the worker" status_is "1/1 workers"
worker=$(worker_pid)

echo "one that lives is left alone"
main=$(main_pid)
sleep 4
[ "$(main_pid)" = "$main" ]

echo "one that is stopped is killed, and the next goes on with the worker"
kill -STOP "$main"
await "another watchdog" is_new_main "$main"
[ "$(worker_pid)" = "$worker" ]
await "the adoption" said "goes on with web\[$worker\]"
