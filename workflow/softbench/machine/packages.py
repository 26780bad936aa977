"""Are the packages those that the suite is pinned to."""

from importlib import metadata
from pathlib import Path

from softbench.machine.finding import Finding
from softbench.plan.modules import PACKAGE

NAME = "packages"
PINS = tuple(PACKAGE.parent.parent / "envs" / name for name in ("requirements.txt", "source-builds.txt"))
SHOWN = 5  # differences that a line names


def check(pins: tuple[Path, ...] = PINS) -> Finding:
    """Compare installed packages with the pins; a build tag such as +cpu or +cu130 is no difference."""
    if not all(path.exists() for path in pins):
        return Finding(NAME, "not checked", "the pins, envs/requirements.txt, are not beside the package.")
    pinned = {name: version for path in pins for name, version in _pins(path.read_text(encoding="utf-8"))}
    other = [f"{name} {found}, not {pinned[name]}" for name in pinned if (found := _installed(name)) != pinned[name]]
    if not other:
        return Finding(NAME, "ok", f"all {len(pinned)} as pinned in envs/.")
    shown = "; ".join(other[:SHOWN]) + (f"; and {len(other) - SHOWN} more" if len(other) > SHOWN else "")
    return Finding(NAME, "warning", f"{shown}. Numbers may differ from those of the pins: `make setup` installs them.")


def _pins(text: str) -> list[tuple[str, str]]:
    """Return name and version of each line `name==version`."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [(name, version) for name, equals, version in (line.partition("==") for line in lines) if equals]


def _installed(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return "missing"
