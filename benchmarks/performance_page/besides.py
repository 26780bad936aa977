"""Inference, scoring and the self-check."""

from performance_page.cells import NONE, Record, at, cell, table


def rest(card: Record) -> str:
    """Return inference, scoring and the self-check."""
    calls = at(card, "parts", "one_case", "calls") or NONE
    rows = [[f"{name} of a case of BraTS size", cell(at(calls, name, "seconds"), lambda s: f"{s:.2f} s")]
            for name in ("inference", "scoring")]  # fmt: skip
    checks = at(card, "parts", "self_check", "checks") or NONE
    for name in ("bf16 convolutions", "rerun", "largest crop of the papers"):
        finding = checks.get(name) or NONE
        rows.append([name, cell(at(finding, "detail") and f"{finding['verdict']}: {finding['detail']}")])
    edge = at(checks, "largest cube, batch 1", "crop")
    rows.append(["largest cube at batch 1", cell(edge and " x ".join(map(str, edge)))])
    return table(["besides", ""], rows)
