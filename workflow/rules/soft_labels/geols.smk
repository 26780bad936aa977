"""Reads the prepared dataset and its geodesic distances; writes the soft label `geols`: numbers and hashes."""


rule soften_geols:
    """Geodesic label smoothing; looks at the label map and the image, by way of the distances."""
    input:
        data="results/data/{dataset}/manifest.json",
        maps=plan.soft_labels.shards_of("geodesic"),
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("geols"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="geols",
        settings=plan.soft_labels.settings,
        map_settings=plan.soft_labels.settings_of_map("geodesic"),
        version=plan.stages.soften("geols"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
