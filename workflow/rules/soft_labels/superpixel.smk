"""Reads the prepared dataset and its superpixels; writes the soft label `superpixel`: numbers and hashes."""


rule soften_superpixel:
    """Superpixel-guided softening; looks at the label map and the image, by way of the superpixels."""
    input:
        data=DATASET,
        maps=shards_of("slic"),
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("superpixel"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="superpixel",
        settings=settings_of,
        map_settings=settings_of_map("slic"),
        version=version_of(*SOFTENING, *SLIC),
    script:
        "../../scripts/soften.py"
