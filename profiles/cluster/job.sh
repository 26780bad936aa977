#!/bin/sh
# properties = {properties}
# The script of each job (Snakemake fills in the braces). Its exit code is kept under the job's id: PBS, SGE and LSF forget
# jobs that have ended, unless accounting is on.
id=${{PBS_JOBID:-${{LSB_JOBID:-${{JOB_ID}}}}}}
( {exec_job} )
code=$?
folder=${{SOFTBENCH_JOBS:?}}
echo "$code" > "$folder/$id.part" && mv "$folder/$id.part" "$folder/$id"
exit "$code"
