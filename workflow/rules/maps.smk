"""Reads prepared data sets; writes maps, which many soft labels share. soft_labels/ has a rule for each recipe."""


rule map_geodesic:
    """Measure how far each voxel is from a class, walking through the image; knows no alpha, decay or normalisation."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        shard="results/maps/{dataset}/{map}/shard-{shard}.json",
    log:
        "results/logs/maps/{dataset}/{map}/shard-{shard}.log",
    wildcard_constraints:
        map=plan.soft_labels.maps("geodesic"),
    priority: plan.order.of_map
    conda:
        "../../envs/labels.yaml"
    threads: plan.soft_labels.threads
    resources:
        cpus_per_task=plan.soft_labels.threads,
        mem_mb=plan.soft_labels.memory_mb,
        runtime=plan.soft_labels.minutes["geodesic"],
    params:
        recipe="geols",
        settings=plan.soft_labels.map_settings,
        shards=plan.soft_labels.shards,
        version=plan.stages.map("geols"),
        code=plan.stages.script("map.py"),
    script:
        "../scripts/map.py"


rule map_slic:
    """Cut each image into superpixels; knows no distance convention or normalisation."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        shard="results/maps/{dataset}/{map}/shard-{shard}.json",
    log:
        "results/logs/maps/{dataset}/{map}/shard-{shard}.log",
    wildcard_constraints:
        map=plan.soft_labels.maps("slic"),
    priority: plan.order.of_map
    conda:
        "../../envs/labels.yaml"
    threads: plan.soft_labels.threads
    resources:
        cpus_per_task=plan.soft_labels.threads,
        mem_mb=plan.soft_labels.memory_mb,
        runtime=plan.soft_labels.minutes["slic"],
    params:
        recipe="superpixel",
        settings=plan.soft_labels.map_settings,
        shards=plan.soft_labels.shards,
        version=plan.stages.map("superpixel"),
        code=plan.stages.script("map.py"),
    script:
        "../scripts/map.py"
