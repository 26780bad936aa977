"""One card: where and when it was measured, and whether the goals are met."""

from collections.abc import Sequence

from performance_page import besides, contest, hippocampus, seeds, steps
from performance_page.cells import BRATS, Record, at, cell, percent, table, times
from performance_page.contest import MONAI, SVLS, peer_ratio


def of_card(card: Record, cpus: Sequence[Record]) -> str:
    """Return all that was measured on one card."""
    parts = [f"### {at(card, 'machine', 'device')}\n", machine(card), goals(card), steps.steps(card)]
    parts += [contest.peers(card)]
    return "\n".join(
        [*parts, seeds.seeds(card), hippocampus.hippocampus(card, cpus), besides.rest(card), steps.profiles(card)]
    )


def machine(record: Record) -> str:
    """Return where and when, with which versions, and what did not work."""
    of = record["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in of["packages"].items())
    text = f"{record['began'][:10]}, commit {commit(record)}; {of['processor']}, {of['cores']} cores; "
    text += f"CUDA {of['cuda']}, cuDNN {of['cudnn']}; Python {of['python']}, {packages}; "
    text += f"{len(of['not_as_pinned'])} packages not as pinned.\n"
    ended = {name: part.get("status", "cut off") for name, part in record["parts"].items()}
    bad = [f"{name} ({status})" for name, status in ended.items() if status != "done"]
    return text + (f"\nNot done: {', '.join(bad)}.\n" if bad else "")


def commit(record: Record) -> str:
    """Return the commit that was measured; where there was no repository, that of the bundle."""
    own = record["machine"]["commit"]
    return (own if own != "unknown" else at(record, "bundle", "commit") or own)[:12]


def goals(card: Record) -> str:
    """Return what was wanted of an H100, and whether it is so."""
    brats = ("parts", "steps", "steps", BRATS)
    wanted = {
        "step beside the SVLS authors' loop": (peer_ratio(card, SVLS), 5.0, times),
        "step beside MONAI's recipe": (peer_ratio(card, MONAI), 2.0, times),
        "share of the achievable rate (BraTS, batch 4)": (at(card, *brats, "share_of_achievable"), 0.4, percent),
        "time with data there (BraTS, batch 4)": (less(at(card, *brats, "share_waiting_for_data")), 0.99, percent),
    }
    rows = [
        [name, f"at least {form(least)}", cell(value, form), verdict(value, least)]
        for name, (value, least, form) in wanted.items()
    ]
    return table(["goal, of an H100", "wanted", "measured", ""], rows)


def verdict(value: float | None, least: float) -> str:
    """Return whether a goal is met."""
    return "" if value is None else "met" if value >= least else "**missed**"


def less(share: float | None) -> float | None:
    """Return the rest of a share."""
    return None if share is None else 1 - share
