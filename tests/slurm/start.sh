#!/usr/bin/env bash
# A Slurm of one node with GPUs that are none, all of it in one folder: for tests, as root, on Debian's packages
# (slurmctld slurmd slurm-client munge). No database, no systemd, no cgroups; nothing of it lies in /etc or /var.
# usage: tests/slurm/start.sh FOLDER [CPUS] [GPUS]     then: export SLURM_CONF=FOLDER/slurm.conf PATH=FOLDER/bin:$PATH
# stop:  tests/slurm/stop.sh FOLDER
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cpus=${2:-32} gpus=${3:-2}
host=$(hostname -s)
export PATH=$PATH:/usr/sbin:/sbin
export SLURM_CONF=$folder/slurm.conf
mkdir -p "$folder/state" "$folder/spool" "$folder/gpus" "$folder/bin"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }

# Slurm knows a GPU by its device file: clones of /dev/null stand in for them.
for ((n = 0; n < gpus; n++)); do mknod "$folder/gpus/gpu$n" c 1 3; done
echo "NodeName=$host Name=gpu File=$folder/gpus/gpu[0-$((gpus - 1))]" > "$folder/gres.conf"

# Snakemake takes SLURM_CONF out of the environment in which a job calls srun.
printf '#!/bin/sh\nexport SLURM_CONF=%q\nexec %q "$@"\n' "$SLURM_CONF" "$(PATH=/usr/local/bin:/usr/bin:$PATH command -v srun)" \
  > "$folder/bin/srun"
chmod +x "$folder/bin/srun"

cat > "$SLURM_CONF" <<CONF
ClusterName=softbench
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
GresTypes=gpu
ReturnToService=2
MinJobAge=3600
KillWait=3
OverTimeLimit=5
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=1000000 Gres=gpu:$gpus State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF

wait_for() {  # seconds, command: until it succeeds
  for ((n = 0; n < 10 * $1; n++)); do "${@:2}" > /dev/null 2>&1 && return; sleep 0.1; done
  echo "waited $1 s in vain for: ${*:2}" >&2
  exit 1
}
node_is_up() { sinfo -h -o %T | grep -qxE 'idle|mixed|allocated'; }

head -c 1024 /dev/urandom > "$folder/munge.key"
chmod 400 "$folder/munge.key"
munged --force --socket="$folder/munge.socket" --key-file="$folder/munge.key" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" 2> "$folder/munged.errors"
wait_for 10 munge --socket="$folder/munge.socket" -n
slurmctld -f "$SLURM_CONF"
wait_for 20 scontrol ping
slurmd -f "$SLURM_CONF"
wait_for 20 node_is_up
