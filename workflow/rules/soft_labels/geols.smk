"""Reads the prepared dataset and its geodesic distances; writes the soft label `geols`: numbers and hashes."""


rule soften_geols:
    """Geodesic label smoothing; looks at the label map and the image, by way of the distances."""
    input:
        data=DATASET,
        maps=shards_of("geodesic"),
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("geols"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="geols",
        settings=settings_of,
        map_settings=settings_of_map("geodesic"),
        version=version_of(*SOFTENING, *GEODESIC),
    script:
        "../../scripts/soften.py"
