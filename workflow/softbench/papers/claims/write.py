"""Outcomes of claims as text."""

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence

from softbench.checks import require_one_of
from softbench.papers.claims.outcome import Outcome

HEAD = [
    "claim",
    "paper",
    "says",
    "place",
    "verdict",
    "agree",
    "ties",
    "cells",
    "missing",
    "p_true",
    "p_false",
    "against",
]
NAMED = 6  # cells that are named in Markdown before the rest is counted


def write(outcomes: Sequence[Outcome], form: str = "md") -> str:
    """Return outcomes as a table.

    Args:
        outcomes: from `judge` or `judge_all`.
        form: "md" for readers (cells against a claim are named up to six), "csv" for programs (all are).
    """
    require_one_of("form", form, ("md", "csv"))
    return to_markdown(outcomes) if form == "md" else to_csv(outcomes)


def to_csv(outcomes: Sequence[Outcome]) -> str:
    """Return one row a claim; probabilities are empty where they cannot be known, `against` names cells between `;`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEAD, "absent"])
    for one in outcomes:
        shares = ["" if math.isnan(one.shares[word]) else one.shares[word] for word in ("true", "false")]
        counts = (one.agree, one.ties, len(one.cells), one.missing)
        claim = one.claim
        writer.writerow(
            [claim.key, claim.paper, claim.says, claim.place, one.verdict, *counts, *shares,
             "; ".join(one.against), "; ".join(one.absent)]
        )  # fmt: skip
    return text.getvalue()


def to_markdown(outcomes: Sequence[Outcome]) -> str:
    """Return a table for readers; – where a probability cannot be known."""
    head = ["claim", "says", "verdict", "cells that agree", "P(true)", "P(false)", "against it"]
    lines = [head, ["---"] * len(head), *([*map(_escape, _line(one))] for one in outcomes)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _line(one: Outcome) -> list[str]:
    said = f"{one.claim.says}{' (our reading)' if one.claim.ours else ''}"
    shares = [_probability(one.shares[word]) for word in ("true", "false")]
    return [f"`{one.claim.key}`", said, f"**{one.verdict}**", counts(one), *shares, offenders(one)]


def counts(one: Outcome, missing: str = "lost") -> str:
    """Say how many cells agree; `missing` says what became of those without a number."""
    text = f"{one.agree} of {len(one.cells)}"
    if one.ties:
        text += f", {one.ties} tie{'s' if one.ties > 1 else ''}"
    return f"{text} ({one.missing} {missing})" if one.missing else text


def _probability(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def offenders(one: Outcome) -> str:
    """Name up to six groups that fall short, or cells, after what is absent; – where there is nothing to name."""
    groups: dict[str, Counter] = {}
    for cell in one.cells:
        groups.setdefault(cell.group, Counter())[cell.sign > 0] += 1
    if len(groups) > 1 and one.against:
        named = [f"{name}: {count[True]} of {count.total()}" for name, count in groups.items() if count[False]]
    else:
        named = list(one.against)
    rest = len(named) - NAMED
    shown = [*named[:NAMED], *([f"and {rest} more"] if rest > 0 else [])]
    absent = [f"absent: {', '.join(one.absent)}"] if one.absent else []
    return "; ".join([*absent, *shown]) or "–"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
