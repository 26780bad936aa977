"""Reads the cases of a dataset; writes the split that a rule makes of its patients, where none is committed."""


rule derive_split:
    """Split the patients of a dataset whose ids are known only after download; a committed split goes first."""
    input:
        data=DATASET,
    output:
        split="results/splits/{dataset}/{split}.csv",
    log:
        "results/logs/splits/{dataset}/{split}.log",
    wildcard_constraints:
        split=r"[a-z0-9_]+",
    conda:
        "../../envs/data.yaml"
    params:
        rule=lambda wildcards: derived_splits(wildcards.dataset)[wildcards.split],
        version=version_of("datasets/splits.py"),
    script:
        "../scripts/derive_split.py"
