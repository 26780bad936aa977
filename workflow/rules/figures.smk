"""The papers' figures, each a target by its name. Reads trained runs, soft labels and prepared data; writes a picture in
two forms and its caption."""


rule figure:
    """A figure whose pictures are of scores, images or labels; its kind names its script."""
    input:
        runs=plan.figures.runs,
        data=plan.figures.data,
        soft_labels=plan.figures.soft_labels,
    output:
        report(
            update("results/figures/{figure}.png"),
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        update(multiext("results/figures/{figure}", ".pdf", ".txt")),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=plan.figures.others,
    conda:
        "../../envs/report.yaml"
    params:
        kind=plan.figures.kind,
        figure=plan.figures.settings,
        code=plan.figures.code,
    script:
        "../scripts/figure_{params.kind}.py"


rule figure_of_predictions:
    """A figure of predictions, which are inferred again for the cases shown."""
    input:
        runs=plan.figures.runs,
        data=plan.figures.data,
        soft_labels=plan.figures.soft_labels,
    output:
        report(
            update("results/figures/{figure}.png"),
            caption="../report/figure.rst",
            category="Papers",
            subcategory="figures",
            labels={"shows": "{figure}"},
        ),
        update(multiext("results/figures/{figure}", ".pdf", ".txt")),
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=plan.figures.inferring,
    conda:
        "../../envs/training.yaml"
    params:
        kind=plan.figures.kind,
        figure=plan.figures.settings,
        code=plan.figures.code,
    script:
        "../scripts/figure_{params.kind}.py"
