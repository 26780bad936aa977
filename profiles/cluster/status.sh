#!/bin/sh
# usage: status.sh SCHEDULER:ID     prints success, failed or running, as Snakemake asks
# A job that is no longer in the queue and left no exit code was killed (time limit, memory, node): it failed. A shared file
# system may show the code late, so that is said only after WAIT_S seconds.
WAIT_S=${SOFTBENCH_WAIT_S:-60}
scheduler=${1%%:*} id=${1#*:}
folder=.snakemake/cluster
ended() { if [ "$(cat "$folder/$id")" = 0 ]; then echo success; else echo failed; fi; exit 0; }
[ -f "$folder/$id" ] && ended
case $scheduler in
  pbs) said=$(qstat "$id" 2>&1) && state=queued || state=gone ;;
  sge) said=$(qstat -j "$id" 2>&1) && state=queued || state=gone ;;
  lsf) said=$(bjobs -noheader -o stat "$id" 2>&1) && state=queued || state=gone
    case $said in DONE* | EXIT* | *"not found"*) state=gone ;; esac ;;
  *) echo "status.sh: unknown scheduler in $1" >&2; exit 1 ;;
esac
# A scheduler that does not answer says nothing about the job.
case $said in *onnect* | *imeout* | *"not respond"*) state=queued ;; esac
[ "$state" = queued ] && { rm -f "$folder/$id.gone"; echo running; exit 0; }
[ -f "$folder/$id" ] && ended
[ -f "$folder/$id.gone" ] || date +%s > "$folder/$id.gone"
if [ $(($(date +%s) - $(cat "$folder/$id.gone"))) -ge "$WAIT_S" ]; then echo failed; else echo running; fi
