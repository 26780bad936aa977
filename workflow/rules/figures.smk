"""The papers' figures, each a target by its name. Reads trained runs, soft labels and prepared data; writes a picture in
two forms and its caption."""

from snakemake.iocontainers import Wildcards
from softbench import availability, figure_plan, paper_plan


def figure_experiments(figure):
    """Return the experiments of a figure whose data can be had."""
    return [name for name in figure["experiments"] if why_not(name) is None]


def why_not(experiment):
    """Say why the data of an experiment cannot be had; None where it can."""
    source = config["datasets"][PLAN.experiments[experiment]["dataset"]]["source"]
    return availability.reason_missing(source, config)


def figures_of_kind(kind):
    """Constrain {figure} to the figures of a kind."""
    return settings.pattern([name for name, one in PLAN.figures.items() if one["kind"] == kind])


def figure_files(figures):
    """Return the files of some figures."""
    return [f"results/figures/{figure}.{form}" for figure in figures for form in ("png", "pdf", "txt")]


def figures_of_papers(data):
    """Return the papers' figures in the form that shows some data: published, here, open or phantom."""
    named = [(name, name + paper_plan.FORMS[data]) for name in config.get("figures", {})]
    return [form if form in PLAN.figures else name for name, form in named]


INFERS = ("probabilities", "discrepancy")  # kinds whose pictures need the networks again, not scores alone


def figure_of(wildcards):
    """Return the settings of a figure, and what there is of each of its experiments."""
    return settings_of_figure(wildcards.figure)


@functools.cache
def settings_of_figure(name):
    figure = PLAN.figures[name]
    titles = {method: PLAN.methods[method]["title"] for method in figure_plan.methods_of(figure)}
    panels = [panel_of(figure, experiment) for experiment in figure["experiments"]]
    return {**figure, "titles": titles, "panels": panels}


def panel_of(figure, experiment):
    """Return an experiment of a figure: where its data and runs lie, or the reason why there are none."""
    name = figure.get("names", {}).get(experiment, experiment)
    if experiment not in figure_experiments(figure):
        return {"name": name, "reason": f"not run: {why_not(experiment)}"}
    of = PLAN.experiments[experiment]
    asked = figure.get("structure", "foreground")
    data = DATASET.format(dataset=of["dataset"])
    return {
        "name": name,
        "dataset": of["dataset"],
        "data": str(Path(data).parent),
        "structure": of.get("structures", {}).get(asked, asked),
        "composites": {**of.get("composites", {}), **figure.get("composites", {})},
        "soft_labels": {
            one: f"results/soft_labels/{of['dataset']}/{one}/manifest.json" for one in figure.get("soft_labels", [])
        },
        "runs": {method: run_in_figure(figure, experiment, method) for method in figure_plan.methods_of(figure)},
    }


def run_in_figure(figure, experiment, method):
    """Return where a method's runs lie, and for inference what they rest on."""
    network = PLAN.experiments[experiment]["networks"][0]
    wildcards = Wildcards(fromdict={"experiment": experiment, "network": network, "method": method})
    scored = {"title": PLAN.methods[method]["title"], "batches": batches_of_method(wildcards)}
    if figure["kind"] not in INFERS:
        return scored
    return {
        **scored,
        "data": DATASET.format(dataset=PLAN.experiments[experiment]["dataset"]),
        "soft_label": soft_label_of(wildcards),
        "split": split_of(wildcards),
        "run": run_of(wildcards),
    }


def of_panels(*keys):
    """Return what the panels of a figure hold under `runs` and some keys, each file once."""

    def files(wildcards):
        panels = [one for one in figure_of(wildcards)["panels"] if "reason" not in one]
        found = [run[key] for one in panels for run in one["runs"].values() for key in keys]
        flat = [path for one in found for path in ([one] if isinstance(one, str) else one)]
        return list(dict.fromkeys(flat))

    return files


def data_of_panels(wildcards):
    """Return the data sets of a figure."""
    panels = [one for one in figure_of(wildcards)["panels"] if "reason" not in one]
    return list(dict.fromkeys(f"{one['data']}/manifest.json" for one in panels))


def soft_labels_of_panels(wildcards):
    """Return the soft labels that a figure shows."""
    panels = [one for one in figure_of(wildcards)["panels"] if "reason" not in one]
    return [path for one in panels for path in one["soft_labels"].values()]


rule figure_sweep:
    """A metric against a parameter of a method: ours by seed, and what the paper printed."""
    input:
        runs=of_panels("batches"),
    output:
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
        multiext("results/figures/{figure}", ".png", ".pdf", ".txt"),
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
