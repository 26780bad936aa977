"""Reads the prepared dataset and its main split; writes the soft label `shuffled`: stored probabilities, numbers and hashes."""


rule soften_shuffled:
    """Control: the labels of the next case of the same part."""
    input:
        data=DATASET,
        split=main_split_of,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("shuffled"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="shuffled",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/shuffled.py", "soft_labels/one_hot.py", "soft_labels/exchange.py"),
    script:
        "../../scripts/soften.py"
