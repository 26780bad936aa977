"""Reads the prepared dataset; writes how far each voxel is from an edge of the labels, for the soft label `rims`."""

STEPS = {"mm": 1.0}  # a name of this file's own


rule map_rims:
    """Measure the distance to the nearest edge of the labels."""
    input:
        data=DATASET,
    output:
        shard="results/maps/{dataset}/{map}/shard-{shard}.json",
    log:
        "results/logs/maps/{dataset}/{map}/shard-{shard}.log",
    wildcard_constraints:
        map=maps_of("rims"),
    conda:
        "../../../envs/labels.yaml"
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
    params:
        recipe="rims",
        settings=map_settings_of,
        shards=config["shards"],
        version=version_of(*SOFTENING, "soft_labels/rims.py", "soft_labels/maps.py"),
    script:
        "../../scripts/map.py"
