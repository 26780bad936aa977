"""Reads the prepared dataset and its geodesic distances; writes the soft label `geols`: numbers and hashes."""


rule soften_geols:
    """Geodesic label smoothing; looks at the label map and the image, by way of the distances."""
    input:
        data="results/data/{dataset}/manifest.json",
        maps=plan.soften.shards_of("geodesic"),
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soften.keys("geols"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="geols",
        settings=plan.soften.settings,
        map_settings=plan.soften.settings_of_map("geodesic"),
        version=plan.stages.soften("geols"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
