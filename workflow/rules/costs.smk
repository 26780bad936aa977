"""Reads trained batches and the records beside them; writes what each method of a table cost. Nothing depends on it."""


def costs_of(table):
    """Return where the runs and the soft label of each trained method of a table lie."""
    runs = [run for run in dict.fromkeys(PLAN.runs_of(table)) if PLAN.methods[run[2]]["sanity"] is None]
    return [
        {
            **{"experiment": experiment, "network": network, "method": method},
            **{name: PLAN.methods[method][name] for name in ("title", "control")},
            "batches": [
                f"results/runs/{experiment}/{network}/{method}/batch-{batch}.json"
                for batch in range(len(PLAN.batches_of(experiment, method)))
            ],
            "soft_label": "results/soft_labels/{}/{}/manifest.json".format(
                PLAN.experiments[experiment]["dataset"], PLAN.methods[method]["soft_label"]
            ),
        }
        for experiment, network, method in runs
    ]


rule costs:
    """Time, memory, energy and disk of each method. Provenance is circumstance: read beside the batches, no input."""
    input:
        runs=lambda wildcards: [path for method in costs_of(wildcards.table) for path in method["batches"]],
        soft_labels=lambda wildcards: [method["soft_label"] for method in costs_of(wildcards.table)],
    output:
        multiext("results/tables/costs_{table}", ".csv", ".md", ".html"),
    log:
        "results/logs/tables/costs_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        methods=lambda wildcards: costs_of(wildcards.table),
        title=lambda wildcards: config["tables"][wildcards.table]["title"],
        version=version_of("costs/table.py", "reporting/cost_table.py"),
    script:
        "../scripts/costs.py"
