"""What the messages on config have in common: place, path, the known names, and which of them was meant."""

from collections.abc import Iterable, Sequence
from typing import Any

from softbench.errors import InputError, listed, meant
from softbench.plan.config.nodes import Place, Places


class MisfitError(InputError):
    """An error on one value of config, of which the place is not known where it is raised: `placed` adds it."""

    def __init__(self, path: Sequence[Any], said: str) -> None:
        """Hold the path of the value, and what was found and what to do."""
        super().__init__(f"config: {dotted(path)} {said}")
        self.path, self.said = tuple(path), said

    def placed(self, places: Places) -> InputError:
        """Return the error with file and line."""
        return fault(places.of(self.path), self.path, self.said)


def fault(place: Place | None, path: Sequence[Any], said: str) -> InputError:
    """Return the error on one value of config: `file, line N: path.of.key <what was found and what to do>`."""
    where = f"{place}: " if place is not None else "config: "
    return InputError(f"{where}{dotted(path)} {said}")


def dotted(path: Sequence[Any]) -> str:
    """Return a path as messages name it: tables.demo_brain.columns.2.metric."""
    return ".".join(map(str, path))


def known(name: Any, names: Iterable[Any]) -> str:
    """Return the end of a message on a name that does not exist: the nearest one, where there is one, and the known."""
    each = list(names)
    return f"{meant(name, each)} Known: {listed(name, each)}.".strip()
