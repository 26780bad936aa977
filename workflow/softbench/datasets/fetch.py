"""The files of a source: from a folder of the user's, or downloaded, verified and unpacked; listed in a manifest."""

import shutil
from pathlib import Path
from types import ModuleType
from urllib.parse import urlparse
from urllib.request import url2pathname

from softbench import datasets, pieces
from softbench.datasets import archives, content, layout
from softbench.datasets.case import Archive
from softbench.datasets.download import download
from softbench.datasets.part import Part
from softbench.errors import InputError
from softbench.progress import Log

VERSION = 1


def fetch(
    source_name: str,
    output: Path,
    *,
    folder: Path | None = None,
    mirror: str | Path | None = None,
    log: Log = print,
    pause_s: float = 1.0,
) -> None:
    """Make sure that the files of a source are there, and write `output/manifest.json` with their hashes.

    Args:
        source_name: one of `datasets.names()`, not a phantom.
        output: takes the manifest and, when downloaded, `files/`.
        folder: where the user has the files; nothing is copied, and the place is not written down.
        mirror: base URL, or folder, that holds the archives under their names; None for where they were published.
        log: takes progress lines.
        pause_s: before a failed download is tried again; doubles each time.
    Raises: InputError: if the folder is missing or holds no case of the source, an archive cannot be had or is not
        the published one, or the disk is full. What was downloaded stays and is resumed.
    """
    source = datasets.source(source_name)
    if source.ACCESS == "made":
        raise InputError(f"{source_name} is made from a seed: there is nothing to fetch; prepare it.")
    if folder is None:
        _download_all(source_name, source, output, mirror, log, pause_s)
    files_folder = location(output, folder)
    layout.require_cases(source, files_folder)
    files = content.files_of(files_folder, hashes_of(output), log)
    pieces.write_json(
        output / "manifest.json",
        {
            "source": source_name,
            "title": source.TITLE,
            "licence": source.LICENCE,
            "citation": source.CITATION,
            "files": files,
            "content": content.hash_of(files),
        },
    )


def location(output: Path, folder: Path | None) -> Path:
    """Return where the files of a fetched source lie: the user's folder, or `output/files`."""
    return Path(folder) if folder is not None else output / "files"


def hashes_of(output: Path) -> Path:
    """Return where `fetch` keeps the hashes of files it has read; `content_of` may share it."""
    return output / "hashes.json"


def content_of(source_name: str, folder: Path, cache: Path, log: Log = print) -> str:
    """Return one sha256 over the files of a folder: a changed byte changes it, a moved folder does not.

    Args:
        source_name: one of `datasets.names()`.
        folder: holds the files of the source.
        cache: JSON file with the hashes of files that did not change; made if missing.
        log: takes progress lines.
    Raises: InputError: if the folder is missing or holds no case of the source.
    """
    layout.require_cases(datasets.source(source_name), Path(folder))
    return content.hash_of(content.files_of(Path(folder), cache, log))


def _download_all(
    name: str, source: ModuleType, output: Path, mirror: str | Path | None, log: Log, pause_s: float
) -> None:
    """Download and unpack all archives into `output/files`, whole or not at all; then the archives are deleted."""
    by_hand = (
        f"or download it by hand and name its folder: --config 'folders={{{name}: PATH}}' (in it: {source.LAYOUT})."
    )
    if not source.ARCHIVES:
        raise InputError(f"{source.TITLE} cannot be downloaded by a program. Get it from its publisher, {by_hand[3:]}")
    store = output / "archives"

    def build(scratch: Path) -> dict[str, str]:
        (scratch / "files").mkdir()
        try:
            for archive in source.ARCHIVES:
                path = _bring(archive, store, mirror, log, pause_s)
                log(f"{archive.name}: unpacking")
                archives.extract(path, scratch / "files")
        except InputError as error:
            raise InputError(f"{error} Try again, give a `mirror`, {by_hand}") from error
        return {}

    key = pieces.key_of(version=VERSION, archives=[[a.url, a.sha256, a.md5] for a in source.ARCHIVES])
    pieces.make(output, "files", key, build)
    shutil.rmtree(store, ignore_errors=True)


def _bring(archive: Archive, store: Path, mirror: str | Path | None, log: Log, pause_s: float) -> Path:
    """Return the path of a verified archive, in the mirror's folder or in `store`."""
    local = _mirror_folder(mirror)
    if local is not None:
        if not (local / archive.name).is_file():
            raise InputError(f"the mirror {local} holds no {archive.name}.")
        archives.verify(local / archive.name, archive, str(local / archive.name))
        return local / archive.name
    url = archive.url if mirror is None else f"{str(mirror).rstrip('/')}/{archive.name}"
    target = store / archive.name
    if not target.exists():
        _download_verified(url, target, archive, log, pause_s)
    return target


def _download_verified(url: str, target: Path, archive: Archive, log: Log, pause_s: float) -> None:
    """Download, verify and rename; a part of an earlier run that leads to a wrong checksum is thrown away once."""
    resumed = Part.of(target).size > 0
    part = download(url, target, log=log, pause_s=pause_s)
    try:
        archives.verify(part, archive, url)
    except InputError:
        Part.of(target).clear()
        if not resumed:
            raise
        log(f"{archive.name}: the part of an earlier run does not fit; starting afresh")
        _download_verified(url, target, archive, log, pause_s)
        return
    pieces.move(part, target)
    Part.of(target).clear()


def _mirror_folder(mirror: str | Path | None) -> Path | None:
    """Return the mirror as a folder, or None where it is a URL or there is none."""
    if mirror is None:
        return None
    parsed = urlparse(str(mirror))
    if parsed.scheme == "file":
        return Path(url2pathname(parsed.path))
    return None if "://" in str(mirror) else Path(mirror)
