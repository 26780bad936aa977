"""Reads the prepared dataset; writes geodesic distances of each case, modality and class, which every GeoLS shares."""


rule map_geodesic:
    """Measure how far each voxel is from a class, walking through the image; knows no alpha, decay or normalisation."""
    input:
        data=DATASET,
    output:
        shard="results/maps/{dataset}/{map}/shard-{shard}.json",
    log:
        "results/logs/maps/{dataset}/{map}/shard-{shard}.log",
    wildcard_constraints:
        map=maps_of("geodesic"),
    priority: 10  # slow and wide: before training, which keeps the cores busy one by one
    conda:
        "../../../envs/labels.yaml"
    threads: 8
    params:
        recipe="geols",
        settings=map_settings_of,
        shards=config["shards"],
        version=version_of(*SOFTENING, *GEODESIC),
    script:
        "../../scripts/map.py"
