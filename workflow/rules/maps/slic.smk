"""Reads the prepared dataset; writes the SLIC segments of each case, which every superpixel label shares."""


rule map_slic:
    """Cut each image into superpixels; knows no distance convention or normalisation."""
    input:
        data=DATASET,
    output:
        shard="results/maps/{dataset}/{map}/shard-{shard}.json",
    log:
        "results/logs/maps/{dataset}/{map}/shard-{shard}.log",
    wildcard_constraints:
        map=maps_of("slic"),
    priority: 10  # slow and wide: before training, which keeps the cores busy one by one
    conda:
        "../../../envs/labels.yaml"
    threads: 8
    params:
        recipe="superpixel",
        settings=map_settings_of,
        shards=config["shards"],
        version=version_of(*SOFTENING, *SLIC),
    script:
        "../../scripts/map.py"
