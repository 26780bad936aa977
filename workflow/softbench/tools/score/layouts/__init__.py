"""Folders as other tools write them: which file is of which case, and what its labels are called."""

import importlib
from dataclasses import replace

from softbench.jobs.faults import Fault
from softbench.tools.score.inputs import TOOLS, Settings
from softbench.tools.score.layouts.layout import Given, Layout

VERSION = None  # which files are read, not how
__all__ = ["TOOLS", "Given", "Layout", "complete", "read", "without"]


def read(tool: str | None, given: Given) -> Layout:
    """Return what the folders of one tool hold; nothing of its own where files are named as their references.

    Args:
        tool: one of `TOOLS`; None reads `<case>.nii.gz` and `<case>.npz` alone.
        given: folders and settings of the call.
    Raises: InputError: if the tool's own description of its labels cannot be read, or the folders differ in it.
    """
    if tool is None:
        return Layout({})
    found: Layout = importlib.import_module(f"softbench.tools.score.layouts.{tool}").read(given)
    return found


def complete(settings: Settings, found: Layout) -> Settings:
    """Fill in structures, classes and the label to ignore from the tool's own description; what was told wins."""
    return replace(
        settings,
        structures=settings.structures or found.structures,
        classes=found.classes if settings.classes is None else settings.classes,
        ignore_label=found.ignore_label if settings.ignore_label is None else settings.ignore_label,
    )


def without(faults: list[Fault], found: Layout) -> list[Fault]:
    """Return the faults of matching, without those that only repeat that a file could not be made."""
    cases = {fault.case for fault in found.faults}
    return [fault for fault in faults if fault.case not in cases]
