"""The papers' figures, each a target by its name. Reads trained runs, soft labels and prepared data; writes a picture in
two forms and its caption."""


include: "figure_plan.smk"


rule figure_sweep:
    """A metric against a parameter of a method: ours by seed, and what the paper printed."""
    input:
        runs=of_panels("batches"),
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("sweep"),
    conda:
        "../../envs/report.yaml"
    params:
        figure=figure_of,
        version=reporting_versions(),
    script:
        "../scripts/figure_sweep.py"


rule figure_slices:
    """Slices of test cases with the contours of the reference and of each method."""
    input:
        runs=of_panels("batches"),
        data=data_of_panels,
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("slices"),
    conda:
        "../../envs/report.yaml"
    params:
        figure=figure_of,
        version=reporting_versions(),
    script:
        "../scripts/figure_slices.py"


rule figure_probabilities:
    """Predicted probability of a structure beside what the raters say; inferred again for the cases shown."""
    input:
        runs=of_panels("batches", "soft_label", "split"),
        data=data_of_panels,
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("probabilities"),
    conda:
        "../../envs/training.yaml"
    params:
        figure=figure_of,
        version={**reporting_versions(), **version_of("training/one_case.py")},
    script:
        "../scripts/figure_probabilities.py"


rule figure_discrepancy:
    """Predicted probability minus reference on the full grid, an arm a row; inferred again for the cases shown."""
    input:
        runs=of_panels("batches", "soft_label", "split"),
        data=data_of_panels,
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("discrepancy"),
    conda:
        "../../envs/training.yaml"
    params:
        figure=figure_of,
        version={**reporting_versions(), **version_of("training/one_case.py")},
    script:
        "../scripts/figure_discrepancy.py"


rule figure_downsampling:
    """What coarser grids leave of a thin structure; nothing is trained."""
    input:
        data=data_of_panels,
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("downsampling"),
    conda:
        "../../envs/report.yaml"
    params:
        figure=figure_of,
        version=reporting_versions(),
    script:
        "../scripts/figure_downsampling.py"


rule figure_soft_labels:
    """Soft labels of one case on the same slice; nothing is trained."""
    input:
        data=data_of_panels,
        soft_labels=soft_labels_of_panels,
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("soft_labels"),
    conda:
        "../../envs/report.yaml"
    params:
        figure=figure_of,
        version=reporting_versions(),
    script:
        "../scripts/figure_soft_labels.py"


rule figure_reliability:
    """Reliability diagrams of an experiment a row, with their histograms of confidence."""
    input:
        runs=of_panels("batches"),
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("reliability"),
    conda:
        "../../envs/report.yaml"
    params:
        figure=figure_of,
        version=reporting_versions(),
    script:
        "../scripts/figure_reliability.py"


rule figure_training:
    """Loss, validation DSC and learning rate along runs, a line a seed."""
    input:
        runs=of_panels("batches"),
    output:
        report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        multiext("results/figures/{figure}", ".pdf", ".txt"),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("training"),
    conda:
        "../../envs/report.yaml"
    params:
        figure=figure_of,
        version=reporting_versions(),
    script:
        "../scripts/figure_training.py"
