"""One error of many faults: the first by file and line."""

from collections.abc import Iterable

from softbench.errors import InputError
from softbench.plan.config.faults import fault
from softbench.plan.config.nodes import Place, Places
from softbench.plan.config.walk import Fault

ASSIGNED = "--config"  # what is typed comes after all files


def refuse(wrong: Iterable[Fault], places: Places | None) -> None:
    """Raise the first fault by file and line, if there is any.

    Args:
        wrong: faults in any order.
        places: where values were written; None where nobody knows, as in tests.
    """
    placed = [(places.of(one.path) if places else None, one) for one in wrong]
    if placed:
        place, first = min(placed, key=lambda pair: _order(pair[0]))
        raise fault(place, first.path, first.said) if first.path else InputError(f"config.yaml {first.said}")


def _order(place: Place | None) -> tuple[bool, str, int, int]:
    if place is None:
        return (False, "", 0, 0)
    return (place.file == ASSIGNED, *place)
