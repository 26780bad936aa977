"""The grids of all files, compared by their headers before anything is scored: a shifted file is no bad network."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np

from softbench.errors import InputError
from softbench.images import UNORIENTED, Choices, in_digits, within
from softbench.jobs import faults
from softbench.jobs.faults import Fault
from softbench.jobs.progress import Log, Progress
from softbench.tools.score.inputs import REFERENCES, Files, Predicted, References, Settings, Source
from softbench.tools.score.volumes import Header, grid, header

VERSION = None  # refuses, and changes no score
SPACING_MM = 1e-3
ORIGIN_MM = 1e-2
DIRECTION_MM = 1e-2  # in a step of 1 mm
RESAMPLE = "Export the prediction in the grid of its image, or resample it onto the reference."
HEADER = (
    "If the voxels are in place and only the header is wrong, write the file with the reference's affine; else "
    "resample it onto the reference."
)
ONE = (
    "holds one class. If that is the foreground of a binary task, say so: --foreground-probability; else write all "
    "classes, background first."
)
Channels = dict[Source, dict[str, int | None]]  # source -> case -> number of classes; None for a label map


def check(predictions: Predicted, references: References, settings: Settings, log: Log) -> tuple[Channels, list[Fault]]:
    """Read the headers of all cases and compare each prediction's grid, and each rater's, with the first rater's.

    Args:
        predictions, references: the files.
        settings: whether predictions hold the probability of the foreground alone, and how files are read.
        log: takes progress lines, and one on files that have no orientation.
    Returns: the number of classes of each file, and a fault for each damaged file, each grid that differs (spacing by
        more than 1e-3 mm, origin or direction by more than 1e-2 mm, after both are turned to RAS), and each file that
        is of another kind (label map, probabilities of so many classes) than most of its method.
    """
    read = _Headers(settings.choices)
    found, foreground = read.faults, settings.foreground_probability
    channels: Channels = {source: {} for source in predictions}
    progress = Progress(log, "headers", len(references), "cases", every_s=10)
    for done, (case, raters) in enumerate(references.items(), start=1):
        first = _reference_header(case, raters, read)
        for source, cases in predictions.items():
            predicted = _predicted_header(source, case, cases[case], raters[0], first, read) if case in cases else None
            if predicted and predicted.channels == 1 and not foreground:
                found.append(Fault(str(source), case, f"{cases[case].path} {ONE}"))
            elif predicted:
                channels[source][case] = 2 if foreground and predicted.channels in (None, 1) else predicted.channels
        progress.at(done)
    if read.unoriented:
        log(f"WARNING: {faults.name_cases([*read.unoriented])}: {UNORIENTED}")
    for method in dict.fromkeys(source.method for source in predictions):
        of_method = {source: counts for source, counts in channels.items() if source.method == method}
        found += _mixture(of_method, predictions)
    return channels, found


@dataclass
class _Headers:
    """Reads headers; keeps what is wrong with them, and the cases where one has no orientation."""

    choices: Choices
    faults: list[Fault] = field(default_factory=list)
    unoriented: dict[str, None] = field(default_factory=dict)

    def read(self, where: str, case: str, path: Path) -> Header | None:
        """Return the header of a file; None where it is of no use."""
        try:
            read = header(path, self.choices)
        except InputError as error:
            self.faults.append(faults.fault(where, case, error))
            return None
        if not read.oriented:
            self.unoriented[case] = None
        return read


def _reference_header(case: str, raters: tuple[Path, ...], headers: _Headers) -> Header | None:
    """Return the first rater's header; None where it is of no use."""
    read, found = [headers.read(REFERENCES, case, path) for path in raters], headers.faults
    for path, own in zip(raters, read, strict=True):
        if own and own.channels is not None:
            text = f"{path} must be a label map (x, y, z), but its shape is {own.axes}. Write its labels in one volume."
            found.append(Fault(REFERENCES, case, text))
        if own and path != raters[0] and read[0]:
            found += [Fault(REFERENCES, case, text) for text in _difference(path, own, raters[0], read[0])]
    return read[0]


def _predicted_header(
    source: Source, case: str, files: Files, path: Path, reference: Header | None, headers: _Headers
) -> Header | None:
    """Return the header of the file that is scored; None where it is of no use."""
    where, found = str(source), headers.faults
    read = {file: headers.read(where, case, file) for file in (files.nifti, files.npz) if file}
    for file, own in read.items():
        if own and file is files.nifti and files.npz and own.channels is not None:
            found.append(Fault(where, case, f"{file.name} and {files.npz.name} both hold probabilities. Keep one."))
        if own:
            beside = read.get(files.nifti) if files.nifti and file is files.npz else None
            against = beside or reference
            texts = _difference(file, own, path, against) if against else ()
            found += [Fault(where, case, text) for text in texts]
    return read[files.path]


def _difference(path: Path, own: Header, other_path: Path, other: Header) -> Iterator[str]:
    """Say how the grid of a file differs from that of its reference; an npz has a shape alone."""
    place = f"{path} does not lie on the grid of {other_path}"
    if own.affine is None:
        if own.shape != other.shape:
            shapes = f"{own.shape} against {other.shape} (x, y, z)"
            yield f"{place}: the shapes are {shapes}. {_layout(own, other) or RESAMPLE}"
        return
    (shape, affine), (other_shape, other_affine) = _beside(own, other), _beside(other, own)
    if shape != other_shape:
        yield f"{place}: {_words(own)} against {_words(other)}. {_layout(own, other) or RESAMPLE}"
    elif reasons := _reasons(affine, other_affine):
        reasons = [*reasons, *_other_way(own, other)]
        yield f"{place}: {', '.join(reasons)}; {_words(own)} against {_words(other)}. {_unknown(own, other)}{HEADER}"


def _beside(own: Header, other: Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Return the grid of a file; without an orientation, that which fits beside the other."""
    return grid(own.beside(grid(other)[1] if other.oriented else None))


def _unknown(own: Header, other: Header) -> str:
    if own.oriented == other.oriented:
        return ""
    return "One of them has no orientation (the codes of sform and qform are 0), so where it lies is not certain. "


def _layout(own: Header, other: Header) -> str:
    """Say in which order the axes of a file seem to be, and what to write; nothing where the shape tells none."""
    axes, places = own.axes, other.shape
    flat = places[:2] if places[2] == 1 else places  # a picture may lack its third axis
    if own.affine is None:
        return _layout_npz(axes, places, flat)
    third = "[:, :, None]" if axes[1:] in (flat, flat[::-1]) and places[2] == 1 else ""
    first, last = (f"(classes, {order})" for order in (("x, y", "y, x") if third else ("x, y, z", "z, y, x")))
    if axes[1:] in (places, flat):
        return f"It looks class-first, {first}. Write its classes last: np.moveaxis(array, 0, -1){third}."
    if axes[1:] in (places[::-1], flat[::-1]):
        return f"It looks class-first, {last}. Write its classes last: array.T{third}."
    if places[2] == 1 and axes[:2] == flat and len(axes) == 3:
        return "It looks like the classes of a picture. Write it as (x, y, 1, classes): array[:, :, None]."
    return _transposed(axes[: len(flat)], flat)


def _layout_npz(axes: tuple[int, ...], places: tuple[int, ...], flat: tuple[int, ...]) -> str:
    if axes[:-1] in (places[::-1], flat[::-1]):
        return "It looks class-last, (z, y, x, classes). Write its classes first: np.moveaxis(array, -1, 0)."
    if axes[:-1] in (places, flat):
        return "It looks class-last, (x, y, z, classes). Write it as (classes, z, y, x): array.T."
    if axes[1:] in (places, flat):
        return "Its axes look like (classes, x, y, z). Write it as (classes, z, y, x): array.transpose(0, 3, 2, 1)."
    return ""


def _transposed(axes: tuple[int, ...], places: tuple[int, ...]) -> str:
    if axes == places or sorted(axes) != sorted(places):
        return ""
    if axes == places[::-1]:
        return "Its axes look reversed, z or y first, as numpy arrays of SimpleITK are. Write x first: array.T."
    return "Its axes look swapped. Write it as (x, y, z), as its image is."


def _reasons(affine: np.ndarray, other: np.ndarray) -> list[str]:
    """Name what differs between two grids in RAS, (d, h, w) to mm."""
    spacing, other_spacing = (np.linalg.norm(a[:3, :3], axis=0) for a in (affine, other))
    directions = affine[:3, :3] / spacing - other[:3, :3] / other_spacing
    gaps = {
        "spacing": (np.abs(spacing - other_spacing).max(), within(SPACING_MM, other), "mm"),
        "origin": (np.abs(affine[:3, 3] - other[:3, 3]).max(), within(ORIGIN_MM, other), "mm"),
        "direction": (np.linalg.norm(directions, axis=0).max(), DIRECTION_MM, "mm in a step of 1 mm"),
    }
    return [f"the {name} differs by {gap:.3g} {unit}" for name, (gap, limit, unit) in gaps.items() if gap > limit]


def _other_way(own: Header, other: Header) -> Iterator[str]:
    """Say where axes run another way: a flipped axis in one header shows as another origin, once both are in RAS."""
    if own.affine is None or other.affine is None:
        return
    ways = ["".join(nib.orientations.aff2axcodes(header.affine)) for header in (own, other)]
    if ways[0] != ways[1]:
        yield f"and its axes run to {ways[0]}, not {ways[1]}: one of the headers may have an axis the wrong way round"


def _words(own: Header) -> str:
    if own.affine is None:
        return f"shape {own.shape}"
    rows = "; ".join(" ".join(map(in_digits, row)) for row in own.affine[:3])
    return f"shape {own.axes} and affine [{rows}]"


def _mixture(channels: Mapping[Source, Mapping[str, int | None]], predictions: Predicted) -> Iterator[Fault]:
    """Yield the files of a method that are of another kind than most: label maps, or probabilities of n classes."""
    kinds = Counter(count for counts in channels.values() for count in counts.values())
    if len(kinds) < 2:
        return
    usual, often = kinds.most_common(1)[0]
    for source, counts in channels.items():
        for case, count in counts.items():
            if count != usual:
                yield Fault(
                    str(source),
                    case,
                    f"{predictions[source][case].path} holds {_kind(count)}, but {often} of {kinds.total()} files of "
                    f"{source.method} hold {_kind(usual)}. Give all files of a method in one kind, or name the folder "
                    "of each kind as a method of its own.",
                    f"kind {count}",
                )


def _kind(channels: int | None) -> str:
    return "a label map" if channels is None else f"probabilities of {channels} classes"
