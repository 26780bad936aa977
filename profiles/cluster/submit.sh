#!/bin/sh
# usage: submit.sh pbs|sge|lsf CPUS MEMORY_MB MINUTES GPUS NAME SCRIPT     prints the scheduler and the id of the job
# Edit the lines of your scheduler where your site wants a queue, a project or other names of resources.
set -eu
scheduler=$1 cpus=$2 memory=$3 minutes=$4 gpus=$5 name=$6 script=$7
export SOFTBENCH_JOBS="$PWD/.snakemake/cluster"
logs="$SOFTBENCH_JOBS/logs"
mkdir -p "$logs"
time=$(printf '%02d:%02d:00' $((minutes / 60)) $((minutes % 60)))
case $scheduler in
  pbs) # OpenPBS, PBS Professional. Torque: -l nodes=1:ppn=$cpus:gpus=$gpus -l mem=${memory}mb in place of select
    [ "$gpus" = 0 ] && gpu='' || gpu=":ngpus=$gpus"
    id=$(qsub -N "$name" -l "select=1:ncpus=$cpus:mem=${memory}mb$gpu" -l "walltime=$time" \
      -j oe -o "$logs/" -v SOFTBENCH_JOBS "$script") ;;
  sge) # h_vmem is of one slot; the parallel environment (smp here) is a site's own: `qconf -spl` lists them
    [ "$gpus" = 0 ] && gpu='' || gpu="-l gpu=$gpus"
    # shellcheck disable=SC2086
    id=$(qsub -terse -N "$name" -S /bin/sh -pe smp "$cpus" -l "h_vmem=$(((memory + cpus - 1) / cpus))M" \
      -l "h_rt=$time" $gpu -j y -o "$logs/" -v SOFTBENCH_JOBS "$script") ;;
  lsf) # LSF counts memory in MB here; some sites set another unit (LSF_UNIT_FOR_LIMITS)
    [ "$gpus" = 0 ] && gpu='' || gpu="-gpu num=$gpus"
    # shellcheck disable=SC2086
    id=$(bsub -J "$name" -n "$cpus" -R "span[hosts=1] rusage[mem=$memory]" -W "$minutes" $gpu \
      -o "$logs/%J.log" -env "all" < "$script" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p') ;;
  *) echo "submit.sh: the scheduler must be pbs, sge or lsf, not $scheduler" >&2; exit 1 ;;
esac
[ -n "$id" ] || { echo "submit.sh: $scheduler gave no job id" >&2; exit 1; }
echo "$scheduler:$id"
