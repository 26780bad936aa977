"""Judge claims on a table of means, printed or ours, and on bootstrap draws of it, by the same rules for all claims."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.papers.claims import cells as rows_of
from softbench.papers.claims.cells import ROUNDING, Cells
from softbench.papers.claims.kinds import REFUTABLE, cut
from softbench.papers.claims.sentences import Claim, claims
from softbench.statistics import draw_means

VERSION = 2
UNDETERMINED, NOT_PRINTED = "undetermined", "not printed"
APART = ""  # the value of `runs` where nothing is known of what means share
FALSE, QUALIFIED, TRUE = 0, 1, 2
WORDS = ("false", "qualified", "true")


def signs(cells: Cells, claim: Claim) -> np.ndarray:
    """Return 1 where a cell agrees with the claim, 0 where it is a tie, -1 where it speaks against it; (draws, cells).

    For gains, a cell agrees where its gain lies in the claimed range. A tie agrees with not_better.
    """
    sizes = cells.sizes
    tie = 1 if claim.relation == "not_better" else 0
    return np.where(np.abs(sizes) < ROUNDING, tie, np.sign(sizes)).astype(int)


def verdicts(cells: Cells, claim: Claim) -> np.ndarray:
    """Return the verdict of each draw, an index into `WORDS`.

    Gains: true if each lies in the claimed range; qualified if each is above zero. Orders that differ: true if any cell
    has another order than the first. All else as the claim's quantifier says; growing gains are of `every`.
    """
    directions = signs(cells, claim)
    if claim.kind == "gain":
        return _graded(np.all(directions >= 0, axis=1), np.all(cells.margins > ROUNDING, axis=1))
    if claim.kind == "ranks_differ":
        return _graded(np.any(directions > 0, axis=1), np.zeros(len(directions), bool))
    return RULES[claim.quantifier](directions, cells.groups)


def _every(directions: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """All cells agree; qualified: ties are all that keeps them from it."""
    return _graded(np.all(directions > 0, axis=1), np.all(directions >= 0, axis=1) & np.any(directions > 0, axis=1))


def _consistently(directions: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """All cells agree; qualified: as many agree as speak against it, or more."""
    enough = (directions > 0).sum(axis=1) >= np.maximum((directions < 0).sum(axis=1), 1)
    return _graded(np.all(directions > 0, axis=1), enough)


def _most(directions: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """More than half of the cells agree, in each group; qualified: not in each, or only with ties left out."""
    names = np.array(groups)
    of_groups = [_majority(directions[:, names == name]) for name in dict.fromkeys(groups)]
    return _graded(np.all(of_groups, axis=0), (directions > 0).sum(axis=1) > (directions < 0).sum(axis=1))


def _majority(directions: np.ndarray) -> np.ndarray:
    return 2 * (directions > 0).sum(axis=1) > directions.shape[1]


def _graded(holds: np.ndarray, partly: np.ndarray) -> np.ndarray:
    return np.where(holds, TRUE, np.where(partly, QUALIFIED, FALSE))


RULES: dict[str, Callable[[np.ndarray, Sequence[str]], np.ndarray]] = {
    "every": _every, "consistently": _consistently, "most": _most,
}  # fmt: skip


NAMED = 6  # cells against a claim that a reader is told; the rest is counted


@dataclass(frozen=True)
class Tested:
    """One cell that a claim was tested on.

    `margin` is positive where the cell agrees (for gains: the gain), in the metric's unit; `sign` is 1 where it agrees,
    0 for a tie, -1 where it speaks against the claim.
    """

    name: str
    group: str
    margin: float
    sign: int


@dataclass(frozen=True)
class Outcome:
    """What became of a claim.

    `verdict`: true, qualified, false or undetermined; or "not printed", where the paper has no numbers for it; `cells`
    that were tested, `missing` that lack a mean; `absent`: what the claim names and the table of means does not hold.
    `shares`: how often bootstrap draws gave each verdict, NaN where they cannot be made; `why_none` says why.
    """

    claim: Claim
    verdict: str
    cells: tuple[Tested, ...]
    missing: int
    absent: tuple[str, ...]
    shares: dict[str, float]
    why_none: str

    @property
    def agree(self) -> int:
        """How many cells agree."""
        return sum(cell.sign > 0 for cell in self.cells)

    @property
    def ties(self) -> int:
        """How many cells are ties."""
        return sum(cell.sign == 0 for cell in self.cells)

    @property
    def probability(self) -> float:
        """The share of bootstrap draws in which the claim is true as it is said; NaN where it cannot be known."""
        return self.shares[WORDS[TRUE]]

    @property
    def against(self) -> tuple[str, ...]:
        """The names of the cells that speak against the claim."""
        return tuple(cell.name for cell in self.cells if cell.sign < 0)

    def counts(self, lacking: str = "lost") -> str:
        """Say how many cells agree; `lacking` says what became of those without a number."""
        text = f"{self.agree} of {len(self.cells)}"
        if self.ties:
            text += f", {self.ties} tie{'s' if self.ties > 1 else ''}"
        return f"{text} ({self.missing} {lacking})" if self.missing else text

    def offenders(self) -> str:
        """Name up to six groups that fall short, or cells, and count the rest; empty where there are none."""
        groups: dict[str, Counter] = {}
        for cell in self.cells:
            groups.setdefault(cell.group, Counter())[cell.sign > 0] += 1
        if len(groups) > 1 and self.against:
            named = [f"{name}: {count[True]} of {count.total()}" for name, count in groups.items() if count[False]]
        else:
            named = list(self.against)
        rest = len(named) - NAMED
        return "; ".join([*named[:NAMED], *([f"and {rest} more"] if rest > 0 else [])])


def redraw(rows: pd.DataFrame, used: Sequence[int], *, draws: int, seed: int) -> tuple[np.ndarray, str]:
    """Draw the means of some rows anew.

    Args:
        rows: a complete table of means.
        used: the numbers of the rows that are compared; the others may stay as they are.
        draws: how many.
        seed: of the draws.
    Returns: (draws, rows), and why the noise of a row in `used` is not known; empty where it is.
    """
    rng = np.random.default_rng(seed)
    runs = rows["runs"].to_numpy()
    drawn, known = _apart(rows, draws, rng)
    if not all(known[row] for row in used if runs[row] == APART):
        return drawn, "not every mean that is compared has a ±"
    for name in dict.fromkeys(runs[row] for row in used if runs[row] != APART):
        members = [row for row in used if runs[row] == name]
        by_seed = _in_common(rows["by_seed"].iloc[members])
        if len(by_seed) < 2:
            return drawn, "fewer than two seeds that all compared runs have"
        drawn[:, members] = draw_means(by_seed, draws=draws, rng=rng)
    return drawn, ""


def _apart(rows: pd.DataFrame, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return mean + sd / sqrt(n) t, each on its own, and of which rows the sd is known."""
    mean, sd, n = (rows[name].to_numpy(float) for name in ("mean", "sd", "n"))
    known = np.isfinite(sd) & (n > 1)
    noise = rng.standard_t(np.where(known, n - 1, 1), size=(draws, len(rows)))
    return mean + np.where(known, sd / np.sqrt(np.where(known, n, 1)), 0) * noise, known


def _in_common(by_seed: pd.Series) -> np.ndarray:
    """Return the means (seeds, rows) of the seeds that all rows have."""
    seeds = sorted(set.intersection(*(set(seeds_of_cell) for seeds_of_cell in by_seed)))
    return np.array([[seeds_of_cell[seed] for seeds_of_cell in by_seed] for seed in seeds])


def judge_all(means: pd.DataFrame, keys: Iterable[str] = (), *, draws: int = 2000, seed: int = 0) -> list[Outcome]:
    """Judge several claims, all where none is named; see `judge`."""
    means = rows_of.complete(means)
    return [judge(claim, means, draws=draws, seed=seed) for claim in claims(*keys)]


def judge(claim: Claim, means: pd.DataFrame, *, draws: int = 2000, seed: int = 0) -> Outcome:
    """Test a claim on a table of means.

    A claim is cut into cells (cells.py), each of which agrees, is a tie, or speaks against it; how the claim says it
    decides how many must agree (`verdicts`). It is undetermined if no cell can be tested, or the table lacks a table,
    data set, method, metric, structure, region or arm that it names; but a claim of every cell that one refutes is
    false. A claim without printed numbers (`unprinted`) is judged on rows that say so, and is "not printed" without.

    The probability is that of a parametric bootstrap: the means are drawn anew, and the claim is judged again. It knows
    the noise that the ± is over, cases or seeds, and no other. There is none for ranks_differ, as noise alone makes
    orders differ.

    - Printed: mean + sd / sqrt(n) t, with t of Student's distribution with n - 1 degrees of freedom, each mean on its
      own (that methods share cases or seeds is not printed, so it is too cautious where they do). It needs an sd and n
      of every mean that the claim compares.
    - Ours: means of the same `runs` together, seeds paired (`statistics.draw_means`), so for one comparison P(true) is
      one minus the one-sided p of the paired t test. Where runs failed, the seeds that all compared means have are
      drawn from; fewer than two give no probability. A seed's mean is over the cases that are defined for its method.

    A claim of many cells must hold in all of them in a draw, so noise alone makes P(true) low: a high P(true) shows the
    claim, a low one does not refute it.

    Args:
        claim: one of `claims()`.
        means: one row a mean: table, dataset, structure, metric, method, mean; where there are any also arm, rater,
            roi, sd (of what n counts), n, over, and better (higher, lower, zero; by default what our register says);
            runs (what was trained together, "" where that is not known), by_seed (seed -> mean) and unprinted
            (whether no table prints the place).
            Metrics that are better neither way are left out unless the claim names them. A mean that is not finite
            is missing.
        draws: of the bootstrap.
        seed: of the bootstrap.
    Raises: InputError: if a column is missing, a mean is there twice, or neither direction is better for a metric.
    """
    rows = rows_of.choose(rows_of.complete(means), claim)
    observed = rows["mean"].to_numpy(float)
    if claim.unprinted and rows.empty:
        return Outcome(claim, NOT_PRINTED, (), 0, (), _unknown(), claim.unprinted)
    cells = cut(rows, observed[None], claim)
    tested = np.isfinite(cells.margins[0])
    kept = cells.only(tested)
    absent = _absent(claim, rows)
    used = sorted({row for rows_of_cell in kept.used for row in rows_of_cell})
    shares, why_none = _bootstrap(claim, rows, tested, used, draws, seed)
    return Outcome(
        claim, _verdict(claim, kept, absent), _listed(kept, claim), int((~tested).sum()), absent, shares, why_none
    )


def _verdict(claim: Claim, cells: Cells, absent: tuple[str, ...]) -> str:
    if not cells.names:
        return UNDETERMINED
    word = WORDS[int(verdicts(cells, claim)[0])]
    refuted = word == "false" and claim.quantifier == "every" and claim.kind in REFUTABLE
    return word if refuted or not absent else UNDETERMINED


def _listed(cells: Cells, claim: Claim) -> tuple[Tested, ...]:
    tested = zip(cells.names, cells.groups, cells.margins[0], signs(cells, claim)[0], strict=True)
    return tuple(Tested(name, group, float(margin), int(sign)) for name, group, margin, sign in tested)


def _absent(claim: Claim, rows: pd.DataFrame) -> tuple[str, ...]:
    """Return what the claim names and no row with a mean has."""
    held = rows[rows["mean"].notna()]
    columns = ("table", "dataset", "metric", "structure", "arm", "roi", "method")
    return tuple(
        f"{column} {value}" for column in columns for value in claim.named(column) if value not in set(held[column])
    )


def _bootstrap(
    claim: Claim, rows: pd.DataFrame, tested: np.ndarray, used: Sequence[int], draws: int, seed: int
) -> tuple[dict[str, float], str]:
    """Return how often draws of the means give each verdict, and why that cannot be known where it is NaN."""
    if not used:
        return _unknown(), "nothing to test"
    if claim.kind == "ranks_differ":
        return _unknown(), "noise alone makes orders differ"
    drawn, why_none = redraw(rows, used, draws=draws, seed=seed)
    if why_none:
        return _unknown(), why_none
    drawn_verdicts = verdicts(cut(rows, drawn, claim).only(tested), claim)
    return {word: float((drawn_verdicts == index).mean()) for index, word in enumerate(WORDS)}, ""


def _unknown() -> dict[str, float]:
    return dict.fromkeys(WORDS, math.nan)
