"""The files of a source: from a folder of the user's, or downloaded, verified and unpacked; listed in a manifest."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from types import ModuleType

from softbench import datasets
from softbench.datasets.case import Archive
from softbench.datasets.fetch import archives, tcia
from softbench.datasets.fetch.delivery import Checksums, Delivery, Item
from softbench.datasets.fetch.download import downloads
from softbench.datasets.fetch.shelf import Shelf, hash_files, list_names, read_files
from softbench.datasets.sources import layout
from softbench.errors import InputError
from softbench.jobs import pieces, storage
from softbench.jobs.progress import Log

VERSION = 1


def fetch(
    source_name: str,
    output: Path,
    *,
    folder: Path | None = None,
    mirror: str | Path | None = None,
    committed: Path | None = None,
    labels_alone: bool = False,
    log: Log = print,
    pause_s: float = 1.0,
) -> None:
    """Make sure that the files of a source are there, and write `output/manifest.json` with their hashes.

    Files that somebody put into `output/files` are taken as they are; nothing is downloaded then.

    Args:
        source_name: one of `datasets.names()`, not a phantom.
        output: takes the manifest and, when downloaded, `files/`.
        folder: where the user has the files; nothing is copied, and the place is not written down.
        mirror: base URL, or folder, that holds the downloads under their names; None for where they were published.
        committed: a file of checksums that downloads must have (see `checksums`); it need not exist.
        labels_alone: whether only the source's `LABEL_ARCHIVES` are downloaded, which hold no images.
        log: takes progress lines.
        pause_s: before a failed download is tried again; doubles each time.
    Raises: InputError: if the folder is missing or holds no case of the source, a person must act first, a file cannot
        be had or is not the published one, or the disk is full. What was downloaded stays and is resumed.
    """
    source = datasets.source(source_name)
    if labels_alone:
        source = with_labels_alone(source)
    if source.ACCESS == "made":
        raise InputError(f"{source_name} is made from a seed: there is nothing to fetch; prepare it.")
    shelf = Shelf(output)
    shelf.clear_scratch()
    if folder is None and not _put_by_hand(source, shelf, log):
        _download_all(source_name, source, output, shelf, mirror, committed, log, pause_s)
    files_folder = location(output, folder)
    layout.require_cases(source, files_folder)
    downloaded = folder is None and shelf.names
    files = shelf.listing() if downloaded else read_files(files_folder, hashes_path(output), log)
    pieces.write_json(
        output / "manifest.json",
        {
            "source": source_name,
            "title": source.TITLE,
            "licence": source.LICENCE,
            "citation": source.CITATION,
            "files": files,
            "content": hash_files(files),
        },
    )


def with_labels_alone(source: ModuleType) -> ModuleType:
    """Return a source that downloads its `LABEL_ARCHIVES` and nothing else."""
    part = ModuleType(source.__name__)
    vars(part).update({name: value for name, value in vars(source).items() if name != "archives"})
    vars(part).update(ACCESS="open", ARCHIVES=source.LABEL_ARCHIVES, SIZE_GB=None)
    return part


def location(output: Path, folder: Path | None) -> Path:
    """Return where the files of a fetched source lie: the user's folder, or `output/files`."""
    return Path(folder) if folder is not None else output / "files"


def hashes_path(output: Path) -> Path:
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
    return hash_files(read_files(Path(folder), cache, log))


def require_unchanged(output: Path, folder: Path | None = None, log: Log = print) -> None:
    """Raise `InputError` unless the fetched files are those of the manifest; only files with a new time are read.

    Args:
        output: the folder that `fetch` wrote.
        folder: where the user has the files; their content is looked at when the jobs are planned, so not here.
        log: takes progress lines.
    """
    if folder is not None:
        return
    listed = output / "manifest.json"
    manifest = storage.read_json(listed)["files"]
    shelf = Shelf(output)
    names = list_names(output / "files") if (output / "files").is_dir() else set()
    changed = names ^ manifest.keys()
    if shelf.names:
        changed |= {path for name in shelf.names for path in shelf.changed(name)}
    elif not changed:
        files = read_files(output / "files", hashes_path(output), log)
        changed = {path for path, facts in files.items() if facts != manifest[path]}
    if changed:
        raise InputError(
            f"{len(changed)} file(s) in {storage.shown(output / 'files')} are not as they were fetched, {min(changed)} "
            f"first. Delete the list: `{storage.removal(listed)}`, then give the same command again: what was "
            "downloaded is fixed, what you changed is taken anew."
        )


def _put_by_hand(source: ModuleType, shelf: Shelf, log: Log) -> bool:
    """Return whether a person put cases into `files/`: then no download has a record there."""
    if shelf.names or not shelf.files.is_dir() or not source.find_cases(shelf.files):
        return False
    log(f"{shelf.files} was filled by hand; nothing is downloaded")
    return True


def _download_all(
    name: str,
    source: ModuleType,
    output: Path,
    shelf: Shelf,
    mirror: str | Path | None,
    committed: Path | None,
    log: Log,
    pause_s: float,
) -> None:
    """Bring all that a source publishes into `output/files`; a publisher is asked only for what is not at hand."""
    items = [Item(archive) for archive in list_archives(source)]
    at_hand = bool(items) and (mirror is not None or all(shelf.has(item.name, item.key) for item in items))
    headers, secret = ({}, "") if at_hand else admission_headers(name, source, output)
    require_safe_addresses(source, secret)

    def log_censored(line: str) -> None:
        log(_censored(line, secret))

    with _told(name, source, output, secret):
        sums = Checksums(output / "checksums.csv", committed)
        delivery = Delivery(shelf, output / "archives", sums, name, mirror, log_censored, pause_s, headers)
        _require_room(source, output, items)
        if source.ACCESS == "tcia":
            delivery.bring_all(items)
            items += tcia.items(tcia.chosen(name, source, output, mirror=mirror, log=log_censored, pause_s=pause_s))
        shelf.keep_only([item.name for item in items], log_censored)
        delivery.bring_all(items)
        shelf.remove_empty_folders()
    shutil.rmtree(output / "archives", ignore_errors=True)
    if sums.unheld() and committed is not None:
        log(
            f"{name}: the checksums of {len(sums.unheld())} file(s) are in {sums.record}. To hold later downloads to "
            f"them: cp {sums.record} {committed}, and commit it."
        )


def _require_room(source: ModuleType, output: Path, items: list[Item]) -> None:
    """Raise `InputError` unless the disk takes what is still to come; sources that tell no `SIZE_GB` pass."""
    if getattr(source, "SIZE_GB", None) is None:
        return
    compressed, unpacked = source.SIZE_GB
    files = inf if source.ACCESS == "tcia" else max(1, len(items))  # of many series few are on their way at once
    on_the_way = compressed * min(1.0, downloads() / files)
    there = sum(path.stat().st_size for path in output.rglob("*") if path.is_file()) if output.is_dir() else 0
    output.mkdir(parents=True, exist_ok=True)
    archives.require_space(output, (on_the_way + unpacked) * 1e9 - there, source.TITLE)


@contextmanager
def _told(name: str, source: ModuleType, output: Path, secret: str) -> Iterator[None]:
    """Add the ways out to an error, and take the secret out of it."""
    try:
        yield
    except InputError as error:
        ways = f"{error} Try again, give a `mirror`, or {by_hand(name, source)}"
        if source.ACCESS in ("token", "manual"):
            ways += f"\n{steps(name, source, output)}"
        raise InputError(_censored(ways, secret)) from (None if secret else error)
    except OSError as error:
        raise InputError(f"{error.filename or output} cannot be used: {error.strerror}.") from error


def _censored(text: str, secret: str) -> str:
    return text.replace(secret, "***") if secret else text


KINDS = ("open", "tcia", "token", "manual", "own", "made")


def list_archives(source: ModuleType) -> Sequence[Archive]:
    """Return the archives of a source: its `ARCHIVES`, or what its `archives()` computes."""
    if hasattr(source, "archives"):
        return tuple(source.archives())
    return tuple(getattr(source, "ARCHIVES", ()))


def by_hand(name: str, source: ModuleType) -> str:
    """Return the last way out of any trouble with a download."""
    return f"download it by hand and name its folder: --config 'folders={{{name}: PATH}}' (in it: {source.LAYOUT})."


def steps(name: str, source: ModuleType, output: Path) -> str:
    """Return what a person must do to get the files of a source, in numbered lines."""
    lines = [*source.STEPS, f"Put the files into {output / 'files'}, or name their folder: see below."]
    numbered = "\n".join(f"  {number}. {line}" for number, line in enumerate(lines, start=1))
    return (
        f"{source.TITLE} needs a person to get it:\n{numbered}\n"
        f"Looked at is {output / 'files'}, or the folder in --config 'folders={{{name}: PATH}}'.\n"
        f"Expected in it: {source.LAYOUT}.\nLicence: {source.LICENCE}"
    )


def admission_headers(name: str, source: ModuleType, output: Path) -> tuple[dict[str, str], str]:
    """Return the HTTP headers for the publisher of a source, and the secret in them ("" where there is none).

    Raises: InputError: if a person must act first: the token is not set, or cannot be one.
    """
    if source.ACCESS == "own":
        raise InputError(
            f"{source.TITLE} is data of your own, and no folder is named. Name it: --config "
            f"'folders={{{name}: PATH}}', or `folders` in the file after --configfile. Expected in it: {source.LAYOUT}."
        )
    if source.ACCESS == "manual" or (source.ACCESS == "token" and not list_archives(source)):
        raise InputError(steps(name, source, output))
    if source.ACCESS != "token":
        return {}, ""
    token = os.environ.get(source.TOKEN, "").strip()
    if not token:
        raise InputError(
            f"{steps(name, source, output)}\n"
            f"With a token of your own in the environment variable {source.TOKEN} it is downloaded for you."
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"the environment variable {source.TOKEN} holds characters that no token has.")
    return {"Authorization": f"Bearer {token}"}, token


def require_safe_addresses(source: ModuleType, secret: str) -> None:
    """Raise `InputError` if a token would travel unencrypted to another machine."""
    for archive in list_archives(source) if secret else ():
        if not archive.url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise InputError(f"{archive.url} is no https address: the token in {source.TOKEN} is not sent there.")
