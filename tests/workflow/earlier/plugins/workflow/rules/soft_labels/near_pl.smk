"""Reads the prepared dataset; writes the soft label `near_pl`: probabilities that a program made, numbers and hashes."""


rule soften_near_pl:
    """near_pl: say in a line what it does. The program writes one NIfTI a case; `softbench pack` checks and stores them."""
    input:
        data=DATASET,
        program="workflow/scripts/near_pl.pl",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("near_pl"),
    conda:
        "../../../envs/labels.yaml"
    params:
        settings=words_of(share=0.3),
        version=version_of(*SOFTENING, "plugin/export.py"),
    shell:
        "softbench pack --data {input.data} --output {output.manifest} --recipe near_pl --set {params.settings}"
        " -- perl {input.program} > {log} 2>&1"
