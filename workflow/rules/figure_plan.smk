"""What the figures of config show: their panels, with the runs and data of each. Questions that rules ask; no rule."""

from snakemake.iocontainers import Wildcards
from softbench.plan import figures as figure_plan


def figure_experiments(figure):
    """Return the experiments of a figure whose data can be had."""
    return [name for name in figure["experiments"] if missing(name) is None]


def figures_of_kind(kind):
    """Constrain {figure} to the figures of a kind."""
    return settings.pattern([name for name, one in PLAN.figures.items() if one["kind"] == kind])


def figure_files(figures):
    """Return the files of some figures."""
    return [f"results/figures/{figure}.{form}" for figure in figures for form in ("png", "pdf", "txt")]


def figures_of_papers(data):
    """Return the papers' figures in the form that shows some data: published, here, open or phantom."""
    named = [(name, name + PLAN.form_of(data)) for name in config.get("figures", {})]
    return [form if form in PLAN.figures else name for name, form in named]


def figures_of_page(wildcards):
    """Return name -> title of the papers' figures of a page: those whose experiments all stand in its papers' tables."""
    shown = {name for table in paper_tables_of(wildcards) for name in PLAN.experiments_of(table)}
    every = {name for data in ("published", "open", "phantom") for name in figures_of_papers(data)}
    return {
        name: figure["title"]
        for name, figure in PLAN.figures.items()
        if name in every and shown and shown.issuperset(figure["experiments"])
    }


INFERS = ("probabilities", "discrepancy")  # kinds whose pictures need the networks again, not scores alone


def figure_of(wildcards):
    """Return the settings of a figure, and what there is of each of its experiments."""
    return settings_of_figure(wildcards.figure)


@functools.cache
def settings_of_figure(name):
    """Return the same, by the name of a figure."""
    figure = PLAN.figures[name]
    titles = {method: PLAN.methods[method]["title"] for method in figure_plan.methods_of(figure)}
    panels = [panel_of(figure, experiment) for experiment in figure["experiments"]]
    return {**figure, "titles": titles, "panels": panels}


def panel_of(figure, experiment):
    """Return an experiment of a figure: where its data and runs lie, or the reason why there are none."""
    name = figure.get("names", {}).get(experiment, experiment)
    if experiment not in figure_experiments(figure):
        return {"name": name, "reason": f"not run: {missing(experiment)}"}
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
