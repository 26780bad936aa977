"""A step of ours beside those of others."""

import statistics

from performance_page.cells import NONE, Record, at, cell, milliseconds, table, times

OURS, SVLS, MONAI = "ours", "plain loop (a)", "MONAI's recipe (b)"


def peers(record: Record) -> str:
    """Return the contest of ours and the others."""
    found = at(record, "parts", "peers") or NONE
    rows = []
    for name in (OURS, SVLS, MONAI):
        rounds = at(found, "costs", name, "rounds_step_s")
        ratios = at(found, "ours_times_as_fast", name, "rounds")
        spread = ratios and f"{min(ratios):.2f} to {max(ratios):.2f}"
        ratio = "" if name == OURS else cell(peer_ratio(record, name), times)
        step = rounds and milliseconds(statistics.median(rounds))
        rows.append([name, cell(step), ratio, "" if name == OURS else cell(spread), cell(rounds and str(len(rounds)))])
    what = cell(at(found, "work")), cell(at(found, "clock"))
    head = ["one step", "ms", "ours is times as fast", "in single rounds", "rounds"]
    return f"Beside others: {what[0]}; {what[1]}.\n\n" + table(head, rows)


def peer_ratio(record: Record, peer: str) -> float | None:
    """Return how many times ours is as fast a step as a peer's."""
    ratio: float | None = at(record, "parts", "peers", "ours_times_as_fast", peer, "median")
    return ratio
