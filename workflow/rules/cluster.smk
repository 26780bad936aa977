"""Before anything is submitted: does Slurm still have jobs of an earlier run of this folder? No rule."""

from softbench.launch import cluster


onstart:
    stop_on_bad_input(cluster.require_none_left, Path.cwd())
