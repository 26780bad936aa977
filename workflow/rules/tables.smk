"""Reads trained and scored runs, ensembles and soft labels; writes the tables, and what their verdicts rest on."""


wildcard_constraints:
    table=plan.tables.names,


rule table:
    """Means, spread, and differences to the control, in four forms."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex"),
        report(
            "results/tables/{table}.html",
            caption="../report/table.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "means and differences"},
        ),
    log:
        "results/logs/tables/{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        code=plan.stages.cheap("table.py"),
    script:
        "../scripts/table.py"


rule statistics_table:
    """Each method against its control in each column: over seeds, over patients, equivalent or not, what was in reach."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
        split=plan.tables.split,
    output:
        multiext("results/tables/statistics_{table}", ".csv", ".md"),
        report(
            "results/tables/statistics_{table}.html",
            caption="../report/statistics.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "statistics of every difference"},
        ),
    log:
        "results/logs/tables/statistics_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        margins=plan.tables.margins,
        code=plan.stages.cheap("statistics_table.py"),
    script:
        "../scripts/statistics_table.py"


rule rank_table:
    """Who comes first by each column, how stable that is, and whether the columns agree."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
    output:
        csv="results/tables/ranks_{table}.csv",
        md="results/tables/ranks_{table}.md",
        html=report(
            "results/tables/ranks_{table}.html",
            caption="../report/ranks.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "ranks"},
        ),
        agreement="results/tables/agreement_{table}.csv",
    log:
        "results/logs/tables/ranks_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        code=plan.stages.cheap("rank_table.py"),
    script:
        "../scripts/rank_table.py"


rule rank_figure:
    """A critical-difference diagram for each column; where none is valid, mean ranks with their range over seeds."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
    output:
        report(
            "results/figures/ranks_{table}.png",
            caption="../report/ranks.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "ranks"},
        ),
        multiext("results/figures/ranks_{table}", ".pdf", ".txt"),
    log:
        "results/logs/figures/ranks_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        code=plan.stages.cheap("rank_figure.py"),
    script:
        "../scripts/rank_figure.py"


rule case_figure:
    """Each method minus its control on each test case, beside the mean over seeds."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
    output:
        report(
            "results/figures/cases_{table}.png",
            caption="../report/cases.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "case by case"},
        ),
        multiext("results/figures/cases_{table}", ".pdf", ".txt"),
    log:
        "results/logs/figures/cases_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        code=plan.stages.cheap("case_figure.py"),
    script:
        "../scripts/case_figure.py"


rule reliability:
    """How often a prediction is right by how confident it is, over all voxels, the foreground and the boundary."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
    output:
        png=report(
            "results/figures/reliability_{table}.png",
            caption="../report/reliability.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "reliability diagrams"},
        ),
        pdf="results/figures/reliability_{table}.pdf",
    log:
        "results/logs/figures/reliability_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        code=plan.stages.cheap("reliability.py"),
    script:
        "../scripts/reliability.py"


rule free_rows:
    """Every method raw, at its own temperature, and as an ensemble: what costs no further training."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles_wanted,
    output:
        multiext("results/tables/free_{table}", ".csv", ".md"),
        report(
            "results/tables/free_{table}.html",
            caption="../report/free.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "what needs no further training"},
        ),
    log:
        "results/logs/tables/free_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        predictions=plan.tables.predictions,
        code=plan.stages.cheap("free_rows.py"),
    script:
        "../scripts/free_rows.py"


rule policies:
    """The table under two empty-mask policies, where any value differs."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
    output:
        multiext("results/tables/policies_{table}", ".csv", ".md"),
        report(
            "results/tables/policies_{table}.html",
            caption="../report/policies.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "two empty-mask policies"},
        ),
    log:
        "results/logs/tables/policies_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.settings,
        code=plan.stages.cheap("policies.py"),
    script:
        "../scripts/policies.py"


rule truth:
    """How far each soft label is from the true probabilities of a phantom, beside the calibration of its network."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
        soft_labels=plan.tables.truth_soft_labels,
    output:
        multiext("results/tables/truth_{table}", ".csv", ".md"),
        report(
            "results/tables/truth_{table}.html",
            caption="../report/truth.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "distance to the truth and calibration"},
        ),
    log:
        "results/logs/tables/truth_{table}.log",
    wildcard_constraints:
        table=plan.tables.with_truth,
    conda:
        "../../envs/report.yaml"
    params:
        table=plan.tables.truth_settings,
        rows=plan.tables.truth_rows,
        code=plan.stages.cheap("truth.py"),
    script:
        "../scripts/truth.py"


rule between_tables:
    """Whether the rankings of the tables in `run:` agree, column by column."""
    input:
        runs=plan.tables.all_batches,
        ensembles=plan.tables.all_ensembles,
    output:
        multiext("results/tables/between_tables", ".csv", ".md"),
        report(
            "results/tables/between_tables.html",
            caption="../report/between_tables.rst",
            category="Tables",
            subcategory="all",
            labels={"shows": "agreement of the data sets"},
        ),
    log:
        "results/logs/tables/between_tables.log",
    conda:
        "../../envs/report.yaml"
    params:
        tables=plan.tables.compared,
        code=plan.stages.cheap("between.py"),
    script:
        "../scripts/between.py"


rule quality_table:
    """Entropy, band and distance to the truth of each soft label that a table's methods learn from."""
    input:
        soft_labels=plan.tables.soft_labels_measured,
    output:
        multiext("results/tables/quality_{table}", ".csv", ".md"),
        report(
            "results/tables/quality_{table}.html",
            caption="../report/quality.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "soft labels before training"},
        ),
    log:
        "results/logs/tables/quality_{table}.log",
    wildcard_constraints:
        table=plan.tables.all,
    conda:
        "../../envs/report.yaml"
    params:
        title=plan.tables.quality_title,
        rows=plan.tables.quality_rows,
        code=plan.stages.cheap("quality_table.py"),
    script:
        "../scripts/quality_table.py"


rule gallery:
    """The soft labels of a table on the same slice of one case."""
    input:
        data=plan.tables.data,
        soft_labels=plan.tables.soft_labels_shown,
    output:
        png=report(
            "results/figures/soft_labels_{table}.png",
            caption="../report/soft_labels.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "soft labels on a slice"},
        ),
        pdf="results/figures/soft_labels_{table}.pdf",
    log:
        "results/logs/figures/soft_labels_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        titles=plan.tables.labels_shown,
        code=plan.stages.cheap("gallery.py"),
    script:
        "../scripts/gallery.py"


rule costs:
    """Time, memory, energy and disk of each method. Provenance is circumstance: read beside the batches, no input."""
    input:
        runs=plan.tables.cost_batches,
        soft_labels=plan.tables.cost_soft_labels,
    output:
        multiext("results/tables/costs_{table}", ".csv", ".md"),
        report(
            "results/tables/costs_{table}.html",
            caption="../report/costs.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "costs"},
        ),
    log:
        "results/logs/tables/costs_{table}.log",
    wildcard_constraints:
        table=plan.tables.all,
    conda:
        "../../envs/report.yaml"
    params:
        methods=plan.tables.costs,
        title=plan.tables.title,
        code=plan.stages.cheap("costs.py"),
    script:
        "../scripts/costs.py"
