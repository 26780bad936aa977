"""Which soft labels the quality table of a table, or of a paper's, is about. Questions; no rule."""

NO_DATA = "Soft labels: none, since there is no data at hand"


def pairs_measured(table):
    """Return the (dataset, soft label) that a table's methods learn from, each once."""
    runs = runs_trained(table)
    return list(
        dict.fromkeys((PLAN.experiments[one]["dataset"], PLAN.methods[method]["soft_label"]) for one, _, method in runs)
    )


def soft_labels_measured(wildcards):
    """Return the manifests of the soft labels that a table's methods learn from."""
    return [
        f"results/soft_labels/{dataset}/{label}/manifest.json" for dataset, label in pairs_measured(wildcards.table)
    ]


def rows_of_quality(table):
    """Return what the rows are called: soft labels, after their dataset where there are several."""
    pairs = pairs_measured(table)
    several = len({dataset for dataset, _ in pairs}) > 1
    return [f"{dataset}: {label}" if several else label for dataset, label in pairs]


def title_of_quality(table):
    """Return the title of a quality table: of which data."""
    datasets = dict.fromkeys(dataset for dataset, _ in pairs_measured(table))
    return f"Soft labels of {', '.join(datasets)}" if datasets else NO_DATA


def quality_behind(tables):
    """Return the quality tables of some tables; of papers' tables, those that there is data for."""
    return [path for table in tables for path in forms_of_quality(table)]


def forms_of_quality(table):
    return [f"results/tables/quality_{table}.{form}" for form in ("csv", "md", "html") if runs_trained(table)]
