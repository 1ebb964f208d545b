#!/bin/sh
# Starts workerd and sees to it that it never outlives the process that asked for it: a Node that is killed with
# SIGKILL cannot end its children itself, and a forgotten workerd would keep the port and the database.
parent=$PPID
self=$$
(
  while kill -0 "$parent" && kill -0 "$self"; do sleep 1; done
  kill -0 "$parent" || kill -9 "$self"
) </dev/null >/dev/null 2>&1 3>&- &
exec "$TULLE_WORKERD" "$@"
