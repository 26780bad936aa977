"""The grids of all files, from their headers alone, before anything is scored: a shifted file is no bad network."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from softbench.errors import InputError
from softbench.images import spacing_of
from softbench.jobs.progress import Log, Progress
from softbench.tools.score import volumes
from softbench.tools.score.inputs import Files, Predicted, References, Source
from softbench.tools.score.volumes import Header

SPACING_MM = 1e-3
ORIGIN_MM = 1e-2
DIRECTION_MM = 1e-2  # in a step of 1 mm
RESAMPLE = "Export the prediction in the grid of its image, or resample it onto the reference."
HEADER = (
    "If the voxels are in place and only the header is wrong, write the file with the reference's affine; else "
    "resample it onto the reference."
)


def check(predictions: Predicted, references: References, log: Log) -> dict[Source, int | None]:
    """Read the headers of all cases and compare each prediction's grid, and each rater's, with the first rater's.

    Returns: the number of classes of each source of probabilities; None for one of label maps.
    Raises: InputError: one, that lists every damaged file, every grid that differs (spacing by more than 1e-3 mm,
        origin or direction by more than 1e-2 mm, after both are turned to RAS) and every source that mixes label maps
        with probabilities, or probabilities of different numbers of classes.
    """
    problems: list[str] = []
    channels: dict[Source, dict[str, int | None]] = {source: {} for source in predictions}
    progress = Progress(log, "headers", len(references), "cases", every_s=10)
    for done, (case, raters) in enumerate(references.items(), start=1):
        first = _reference(case, raters, problems)
        for source, cases in predictions.items():
            found = _prediction(f"{source}, case {case}", cases[case], raters[0], first, problems)
            if found:
                channels[source][case] = found.channels
        progress.at(done)
    for method in dict.fromkeys(source.method for source in predictions):
        problems += _mixture(method, {s: found for s, found in channels.items() if s.method == method})
    if problems:
        raise InputError("these files cannot be scored; nothing was computed:\n" + "\n".join(problems))
    return {source: next(iter(found.values())) for source, found in channels.items()}


def _reference(case: str, raters: tuple[Path, ...], problems: list[str]) -> Header | None:
    """Return the first rater's header; None where it is of no use."""
    read = [_header(f"references, case {case}", path, problems) for path in raters]
    for path, header in zip(raters, read, strict=True):
        if header and header.channels is not None:
            problems.append(f"- references, case {case}: {path} must be a label map, but is 4-D ({header.channels}).")
        if header and path != raters[0] and read[0]:
            problems += _difference(f"references, case {case}", path, header, raters[0], read[0])
    return read[0]


def _prediction(label: str, files: Files, path: Path, reference: Header | None, problems: list[str]) -> Header | None:
    """Return the header of the file that is scored; None where it is of no use."""
    read = {file: _header(label, file, problems) for file in (files.nifti, files.npz) if file}
    for file, found in read.items():
        if found and file is files.nifti and files.npz and found.channels is not None:
            problems.append(f"- {label}: {file.name} and {files.npz.name} both hold probabilities. Keep one.")
        if found:
            beside = read.get(files.nifti) if files.nifti and file is files.npz else None
            other = beside or reference
            problems += _difference(label, file, found, path, other) if other else ()
    return read[files.path]


def _header(label: str, path: Path, problems: list[str]) -> Header | None:
    try:
        found = volumes.header(path)
    except InputError as error:
        problems.append(f"- {label}: {error}")
        return None
    if found.affine is not None and not _has_spacing(found.affine):
        problems.append(
            f"- {label}: {path} has voxels of {spacing_of(found.affine)} mm (x, y, z), and no voxel is that thin. "
            "Correct its header."
        )
        return None
    return found


def _has_spacing(affine: np.ndarray) -> bool:
    spacing = spacing_of(affine)
    return bool(np.isfinite(affine).all() and min(spacing) > 0 and abs(np.linalg.det(affine[:3, :3])) > 0)


def _difference(label: str, path: Path, header: Header, other_path: Path, other: Header) -> Iterator[str]:
    """Say how the grid of a file differs from that of its reference; an npz has a shape alone."""
    place = f"- {label}: {path} does not lie on the grid of {other_path}"
    if header.affine is None:
        if header.shape != other.shape:
            shapes = f"{header.shape} against {other.shape} (x, y, z)"
            yield f"{place}: the shapes are {shapes}. {RESAMPLE}"
        return
    (shape, affine), (other_shape, other_affine) = volumes.grid(header), volumes.grid(other)
    if shape != other_shape:
        yield f"{place}: {_both(header, other)}. {RESAMPLE}"
    elif reasons := _reasons(affine, other_affine):
        yield f"{place}: {', '.join(reasons)}; {_both(header, other)}. {HEADER}"


def _reasons(affine: np.ndarray, other: np.ndarray) -> list[str]:
    """Name what differs between two grids in RAS, (d, h, w) to mm."""
    spacing, other_spacing = (np.linalg.norm(a[:3, :3], axis=0) for a in (affine, other))
    directions = affine[:3, :3] / spacing - other[:3, :3] / other_spacing
    gaps = {
        "spacing": (np.abs(spacing - other_spacing).max(), SPACING_MM, "mm"),
        "origin": (np.abs(affine[:3, 3] - other[:3, 3]).max(), ORIGIN_MM, "mm"),
        "direction": (np.linalg.norm(directions, axis=0).max(), DIRECTION_MM, "mm in a step of 1 mm"),
    }
    return [f"the {name} differs by {gap:.3g} {unit}" for name, (gap, limit, unit) in gaps.items() if gap > limit]


def _both(header: Header, other: Header) -> str:
    return f"{_words(header)} against {_words(other)}"


def _words(found: Header) -> str:
    if found.affine is None:
        return f"shape {found.shape}"
    rows = "; ".join(" ".join(f"{value:.6g}" for value in row) for row in found.affine[:3])
    return f"shape {found.shape} and affine [{rows}]"


def _mixture(method: str, channels: dict[Source, dict[str, int | None]]) -> Iterator[str]:
    """Say where a method has label maps and probabilities, or different numbers of classes."""
    kinds: dict[int | None, list[str]] = {}
    for source, found in channels.items():
        for case, count in found.items():
            kinds.setdefault(count, []).append(f"{case} of seed {source.seed}")
    if len(kinds) > 1:
        parts = [
            f"{f'probabilities of {count} classes' if count else 'label maps'} for {', '.join(cases)}"
            for count, cases in kinds.items()
        ]
        yield f"- predictions {method}: there are {' and '.join(parts)}. All of a method must be of one kind."
