#!/bin/sh
# usage: cancel.sh SCHEDULER:ID ...
for job; do
  case $job in
    pbs:* | sge:*) qdel "${job#*:}" ;;
    lsf:*) bkill "${job#*:}" ;;
  esac
done
