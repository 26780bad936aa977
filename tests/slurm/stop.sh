#!/usr/bin/env bash
# Cancels all jobs of the Slurm that tests/slurm/start.sh started in a folder, and ends its daemons.
# usage: tests/slurm/stop.sh FOLDER
set -uo pipefail
folder=$(cd "$1" && pwd)
export SLURM_CONF=$folder/slurm.conf

queue_is_empty() { [ -z "$(squeue -h)" ]; }

if scontrol ping > /dev/null 2>&1; then
  scancel --user="$(id -un)"
  for ((n = 0; n < 100; n++)); do queue_is_empty && break; sleep 0.1; done
fi
for daemon in slurmd slurmctld munged; do
  [ -s "$folder/$daemon.pid" ] || continue
  pid=$(cat "$folder/$daemon.pid")
  kill "$pid" 2> /dev/null
  for ((n = 0; n < 100; n++)); do kill -0 "$pid" 2> /dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2> /dev/null
done
exit 0
