"""The page docs/licences.md: every pinned package with the licence that its own metadata states."""

import re
from importlib import metadata
from typing import Any

from make.markdown import ROOT

PINS = ROOT / "envs"
PARTS = {
    "requirements": "What the suite runs with",
    "source-builds": "Built from source",
    "build": "What these are built with",
    "uv": "What installs them",
    "development": "What tests and checks need besides",
}
READ_IN_ITS_FILE = {"MedPy": "GPL-3.0"}  # its metadata says "GNU General Public License", without a version
HEAD = """# Licences

The suite is under the Apache License 2.0 (`LICENSE`). Below is every package that `envs/*.txt` pins, with the licence
that the package itself states. `make docs` rewrites this page. Licences of data: `docs/datasets.md`, and each table.

**MedPy is under the GPL-3.0.** It is a test oracle. One module imports it, `softbench/metrics/cross_check.py`, and only
where `cross_check: [medpy]` of an experiment or `softbench score --cross-check medpy` asks for its values beside ours.
No result needs it, and no code of it is part of the suite. Whoever passes on an environment or an image that holds
MedPy passes on MedPy, under its licence. Without it (`pip uninstall medpy`) those two stop and say so, and nothing else
does.

**LGPL.** py7zr and what it needs (pybcj, pyppmd, inflate64, multivolumefile) open 7z archives of data. They are used as
they are, as libraries.

**NVIDIA.** The CUDA build of torch, the default on Linux, brings NVIDIA's libraries under NVIDIA's own terms. The CPU
build does not.
"""


def pinned(part: str) -> list[str]:
    """Return the names that a file of pins holds, in its order."""
    lines = [line.split("#")[0].strip() for line in (PINS / f"{part}.txt").read_text(encoding="utf-8").splitlines()]
    return [line.split("==")[0] for line in lines if line]


def read_licence(package: str) -> str:
    """Return what an installed package states: its expression, a short phrase, its classifiers, or its licence file.

    Raises: LookupError: if it states nothing.
    """
    if package in READ_IN_ITS_FILE:
        return READ_IN_ITS_FILE[package]
    stated: Any = metadata.metadata(package)  # a Message; typed as one only from Python 3.12 on
    phrase = (stated.get("License") or "").strip()
    kinds = [line.split(" :: ")[-1] for line in stated.get_all("Classifier") or [] if line.startswith("License")]
    if expression := stated.get("License-Expression"):
        return expression
    if phrase and len(phrase) < 60 and "\n" not in phrase:
        return phrase
    return "; ".join(kinds) or read_licence_line(package)


def read_licence_line(package: str) -> str:
    """Return the title of the licence file that an installed package brings."""
    for file in metadata.files(package) or []:
        if re.match(r"licen[cs]e|copying", file.name, re.IGNORECASE) and ".dist-info" in str(file):
            return file.read_text(encoding="utf-8").strip().splitlines()[0]
    raise LookupError(f"{package} states no licence: read its home page and add it to READ_IN_ITS_FILE in {__file__}")


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for part, title in PARTS.items():
        rows = [f"| {name} | {read_licence(name)} |" for name in pinned(part)]
        parts.append("\n".join([f"## {title}", f"`envs/{part}.txt`", "", "| package | licence |", "|---|---|", *rows]))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"
