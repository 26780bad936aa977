"""Reads what the papers' runs left; writes the verdicts on their sentences, by the printed numbers and by ours."""


include: "claim_plan.smk"


rule claims:
    """Every claim on the printed numbers, and on ours as far as they are there; takes seconds without any run."""
    input:
        printed=PRINTED,
    output:
        multiext("results/claims", ".csv", ".md"),
        report(
            "results/claims.html",
            caption="../report/claims.rst",
            category="Papers",
            subcategory="claims",
            labels={"shows": "claims"},
        ),
    log:
        "results/logs/claims.log",
    conda:
        "../../envs/report.yaml"
    params:
        tables=papers_as_they_are,
        runs=hashes_of_runs,
        version=claims_versions(),
    script:
        "../scripts/claims.py"


use rule claims as claims_of_papers with:
    input:
        printed=PRINTED,
        runs=lambda wildcards: [
            path for table in papers_in_full(wildcards) for block in table["blocks"] for path in block["batches"]
        ],
    output:
        multiext("results/{page}/claims", ".csv", ".md"),
        report(
            "results/{page}/claims.html",
            caption="../report/claims.rst",
            category="Papers",
            subcategory="{page}",
            labels={"shows": "claims"},
        ),
    log:
        "results/logs/{page}/claims.log",
    wildcard_constraints:
        page=settings.pattern(PAPER_PAGES),
    params:
        tables=papers_in_full,
        version=claims_versions(),
