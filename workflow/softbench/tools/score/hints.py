"""What to type where names do not match, or a folder holds files of another kind."""

import os
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbench import given
from softbench.errors import counted, in_words

VERSION = None  # messages
PICTURES = (".png", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff")
VOLUMES = (".mha", ".mhd", ".nrrd", ".nhdr", ".hdr")
TO_NIFTI = {
    PICTURES: (
        "python -c 'import sys, numpy, nibabel, PIL.Image; [nibabel.save(nibabel.Nifti1Image(numpy.asarray("
        'PIL.Image.open(f)).T, numpy.eye(4)), f.rsplit(".", 1)[0] + ".nii.gz") for f in sys.argv[1:]]\' {files}'
    ),
    VOLUMES: (
        'python -c \'import sys, SimpleITK as s; [s.WriteImage(s.ReadImage(f), f.rsplit(".", 1)[0] + '
        '".nii.gz") for f in sys.argv[1:]]\' {files}'
    ),
}
MM = " with pixels of 1 mm (where they have another size, write it into the affine)"


def nothing(folder: Path, endings: Sequence[str]) -> str:
    """Say what a folder holds that has no file to score, and what to do."""
    if not folder.exists():
        return "there is no such folder. Correct the path."
    if not folder.is_dir():
        return f"it is a file. Name the folder that holds it: {folder.parent}"
    held = f"it holds no {in_words(endings, 'or')} file."
    files = Counter(path.suffix.lower() for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    for kind, command in TO_NIFTI.items():
        if known := [ending for ending in kind if files[ending]]:
            ending = max(known, key=files.__getitem__)
            line = command.format(files=f"{shlex.quote(str(folder))}{os.sep}*{ending}")
            size = MM if kind is PICTURES else ""
            return f"{held} It has {files[ending]} {ending} files; to write them as NIfTI beside them{size}: {line}"
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    if folders:
        return f"{held} {_folders(folder, folders, endings)}"
    if files:
        kinds = in_words(f"{count} {ending or 'without an ending'}" for ending, count in files.most_common(3))
        return f"{held} Its files are {kinds}. Write them as NIfTI, one <case>.nii.gz each."
    return f"{held} It is empty: copy the files there."


def _folders(folder: Path, folders: Sequence[Path], endings: Sequence[str]) -> str:
    """Say what lies one level lower: a folder with all files, or one a case."""
    inside = {
        path: sorted(file.name for file in path.iterdir() if file.name.endswith(tuple(endings))) for path in folders
    }
    full = {path: names for path, names in inside.items() if names}
    if len(full) > 1 and len({tuple(names) for names in full.values()}) == 1 and len(next(iter(full.values()))) == 1:
        name = next(iter(full.values()))[0]
        ending = next(ending for ending in endings if name.endswith(ending))
        place, target = shlex.quote(str(folder)), shlex.quote(f"{folder}_flat")
        return (
            f"Each of its {len(full)} folders has one {name}. Put them together: mkdir {target}; for d in {place}/*/; "
            f'do cp "$d/{name}" {target}/"$(basename "$d")"{ending}; done'
        )
    example = next(iter(full), folders[0])
    return f"It has {counted(len(folders), 'folder')}; name the one with the files, e.g. {example}"


@dataclass(frozen=True)
class Affix:
    """What a prediction's name has before and after the reference's, or what it lacks at its end."""

    before: str = ""
    after: str = ""
    lacking: str = ""

    @property
    def what(self) -> str:
        """What would make names match."""
        if self.lacking:
            return f"with the ending {self.lacking}, which the references have"
        return f"without the ending {self.after}" if self.after else f"without the beginning {self.before}"


def other_names(folder: Path, extra: Mapping[str, str], missing: Sequence[str]) -> str:
    """Say which names would match without an ending or a beginning, and what to type; nothing where none would.

    Args:
        folder: of the predictions.
        extra: file name of each case that has no reference.
        missing: cases that have no prediction.
    """
    pairs = [*_pairs(extra, missing)]
    if not pairs:
        lower = {case.lower() for case in missing}
        same = sum(case.lower() in lower for case in extra)
        return f"{same} of them would match but for upper and lower case: rename them." if same else ""
    likely, count = Counter(affix for _, _, affix in pairs).most_common(1)[0]
    case, wanted = next((case, wanted) for case, wanted, affix in pairs if affix == likely)
    meant = [extra[case] for case, _, affix in pairs if affix == likely]
    loop = _loop(folder, meant, extra[case].removeprefix(case), likely)
    return f"{count} of them would match {likely.what}: rename them, e.g. {case} to {wanted}: {loop}"


def _pairs(extra: Iterable[str], missing: Iterable[str]) -> Iterator[tuple[str, str, Affix]]:
    """Yield each prediction and reference whose names differ in an ending or a beginning that a sign sets apart."""
    wanted, given = set(missing), set(extra)
    for case in sorted(given):
        for cut in range(1, len(case)):
            start, end = case[:cut], case[cut:]
            if start in wanted and not end[0].isalnum():
                yield case, start, Affix(after=end)
            if end in wanted and not start[-1].isalnum():
                yield case, end, Affix(before=start)
    for case in sorted(wanted):
        for cut in range(1, len(case)):
            if case[:cut] in given and not case[cut].isalnum():
                yield case[:cut], case, Affix(lacking=case[cut:])


def _loop(folder: Path, meant: Sequence[str], suffix: str, affix: Affix) -> str:
    """Return the shell's loop that renames the files that are meant: by a pattern, where it fits no other file."""
    old, place = f"{affix.after}{suffix}", f"{shlex.quote(str(folder))}{os.sep}"
    alike = [file.name for file in given.list_folder(folder) if file.name.startswith(affix.before)]
    fitting = {name for name in alike if name.endswith(old)}
    each = [f"{affix.before}*{old}"] if fitting <= set(meant) else map(shlex.quote, meant)
    files = " ".join(f"{place}{name}" for name in each)
    name = f"${{b#{affix.before}}}" if affix.before else "$b"
    return f'for f in {files}; do b=$(basename "$f" {old}); mv "$f" {place}"{name}"{affix.lacking}{suffix}; done'
