"""`softbench check --sources`: does each address of each source answer, with the file that is expected there?"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urlparse

from softbench import datasets
from softbench.datasets.case import Archive
from softbench.datasets.fetch import fetch, tcia
from softbench.datasets.fetch.addresses import Answer, Hosts, find_fault
from softbench.datasets.fetch.delivery import Sum, mirror_folder, read_sums
from softbench.errors import InputError, meant
from softbench.jobs.faults import first_names
from softbench.tools.check.findings import Finding, failed, not_checked, ok, warning

VERSION = None  # asks
LINK = re.compile(r"https?://[^\s)>,;]*[^\s)>,;.]")
MANY = 12  # addresses of a source: where there are more, those with the same outcome are one line
NEAR = 0.1  # share by which all files together may differ from the size that a source tells
RAW = Path("results/raw")
CHECKSUMS = Path("workflow/checksums")


@dataclass(frozen=True)
class Address:
    """An address, and what is known of the file there.

    name: of the file. kind: "file", "page" (of a publisher that a person must visit) or "list" (of TCIA's series).
    archive: as the source has it. known: bytes and sha256 of an earlier download, and who says so.
    """

    url: str
    name: str
    kind: str = "file"
    archive: Archive | None = None
    known: tuple[Sum, Path] | None = None


@dataclass(frozen=True)
class Asked:
    """The addresses of a source, and what will hold their answers."""

    name: str
    source: ModuleType
    answers: Sequence[tuple[Address, "Future[Answer]"]]
    lacks_token: bool


def findings(words: Sequence[str], config: Mapping[str, Any], root: Path) -> Iterator[Finding]:
    """Yield a finding for each address, source by source, and one for the size of each source.

    Args:
        words: names of sources, or of config's datasets; none for all sources.
        config: values of the config files: `datasets`, and `mirror`, which then is asked instead of the publishers.
        root: the folder of the suite.
    Raises: InputError: if a name is unknown.
    """
    published = [name for name in datasets.names() if not name.startswith("phantom_")]
    names = dict.fromkeys([find_source(word, config) for word in words] or published)
    with Hosts.open() as hosts:
        asked = [_ask(name, config.get("mirror"), root, hosts) for name in names]
        for made in asked:
            yield from _report(made) if isinstance(made, Asked) else made


def find_source(word: str, config: Mapping[str, Any]) -> str:
    """Return the source of a name: its own, or that of a dataset.

    Raises: InputError: if there is none.
    """
    entries = config.get("datasets", {})
    name = word if word in datasets.names() else (entries.get(word) or {}).get("source", word)
    if name not in datasets.names():
        nearest = meant(word, [*datasets.names(), *entries])
        raise InputError(
            f"--sources names {word!r}, which is neither a source nor a dataset.{nearest} Without a name, every source "
            "is checked."
        )
    return str(name)


def _ask(name: str, mirror: Any, root: Path, hosts: Hosts) -> Asked | list[Finding]:
    """Begin to ask the addresses of a source; where there is none to ask, return the findings that say so."""
    source = datasets.source(name)
    if source.ACCESS == "made":
        return [not_checked(name, "made from a seed: nothing is downloaded")]
    if source.ACCESS == "own":
        return [not_checked(name, f"your own files, from the folder in --config 'folders={{{name}: PATH}}'")]
    local = mirror_folder(mirror)
    if local is not None:
        return [*_in_folder(name, source, local)]
    headers, lacks_token = ({}, False) if mirror else _admission(name, source, root)
    addresses = _of_mirror(name, source, str(mirror)) if mirror else [*_published(name, source, root)]
    answers = [(address, hosts.ask(address.url, headers=headers, name=address.name)) for address in addresses]
    return Asked(name, source, answers, lacks_token)


def _admission(name: str, source: ModuleType, root: Path) -> tuple[dict[str, str], bool]:
    """Return the headers with the user's token, and whether a token is wanted and not there."""
    if source.ACCESS != "token":
        return {}, False
    if not os.environ.get(source.TOKEN, "").strip():
        return {}, True
    headers, secret = fetch.admission_headers(name, source, root / RAW / name)
    fetch.require_safe_addresses(source, secret)
    return headers, False


def _published(name: str, source: ModuleType, root: Path) -> Iterator[Address]:
    """Yield what a source's publisher offers: files, lists of series, and the pages that a person must visit."""
    records = [root / CHECKSUMS / f"{name}.csv", root / RAW / name / "checksums.csv"]
    sums = {file: (known, path) for path in reversed(records) for file, known in read_sums(path).items()}
    by_hand = source.ACCESS == "manual"
    for archive in fetch.list_archives(source):
        name, kind = (archive.url, "page") if by_hand else (archive.name, "file")
        yield Address(archive.url, name, kind, archive, sums.get(archive.name))
    if source.ACCESS == "tcia":
        yield from _lists(source)
    for link in dict.fromkeys(LINK.findall(" ".join(getattr(source, "STEPS", ())))):
        yield Address(link, link, "page")


def _lists(source: ModuleType) -> Iterator[Address]:
    """Yield the lists of series that a fetch asks for; where the series depend on files, the list of collections."""
    if callable(source.SERIES):
        yield Address(f"{tcia.SERVER}getCollectionValues", "list of TCIA's collections.json", "list")
        return
    selections = [source.SERIES] if isinstance(source.SERIES, tcia.Selection) else source.SERIES
    for collection, modality in dict.fromkeys((s.collection, kind) for s in selections for kind in s.modalities):
        query = urlencode({"Collection": collection, "Modality": modality})
        yield Address(f"{tcia.SERVER}getSeries?{query}", f"list of series, {collection} {modality}.json", "list")


def _of_mirror(name: str, source: ModuleType, mirror: str) -> list[Address]:
    base = mirror.rstrip("/")
    files = [
        Address(f"{base}/{archive.name}", archive.name, archive=archive) for archive in fetch.list_archives(source)
    ]
    series = f"{name}.series.json"
    return [*files, *([Address(f"{base}/{series}", series, "list")] if source.ACCESS == "tcia" else [])]


def _in_folder(name: str, source: ModuleType, folder: Path) -> Iterator[Finding]:
    """Yield a finding for each file that a folder should hold as a mirror."""
    for archive in fetch.list_archives(source):
        places = [path for path in (folder / name / archive.name, folder / archive.name) if path.is_file()]
        if places:
            yield ok(name, f"{archive.name}: {in_bytes(places[0].stat().st_size)} in the mirror {places[0].parent}")
        else:
            yield failed(name, f"{archive.name}: the mirror {folder} does not hold it")
    if source.ACCESS == "tcia" and not (folder / f"{name}.series.json").is_file():
        yield failed(name, f"{name}.series.json: the mirror {folder} does not hold it")


def _report(asked: Asked) -> Iterator[Finding]:
    """Yield the findings of a source as its answers come."""
    answers = [(address, answer.result()) for address, answer in asked.answers]
    judged = [(address, answer, judge(asked.name, address, answer, asked.lacks_token)) for address, answer in answers]
    if len(judged) <= MANY:
        yield from (finding for _, _, finding in judged)
    else:
        yield from _together(asked.name, judged)
    files = [answer for address, answer, finding in judged if address.kind == "file" and finding.verdict != "failed"]
    if files and len(files) == sum(address.kind == "file" for address, _ in answers):
        yield from _size(asked, [answer.size for answer in files])


def judge(name: str, address: Address, answer: Answer, lacks_token: bool = False) -> Finding:
    """Return what an answer says of an address."""
    fault = find_fault(answer, address.name)
    what = f"{address.name}: {{}}" if address.name == address.url else f"{address.name}: {{}} [{address.url}]"
    if answer.state in (401, 403) and lacks_token:
        return not_checked(name, what.format("it wants the token that this source needs, which is not set"))
    if address.kind == "page" and answer.state and answer.state < 400:
        return ok(name, what.format("page reachable; its files are had by hand"))
    optional = " (the source is of use without this file)" if address.archive and address.archive.optional else ""
    if fault:
        return failed(name, what.format(fault + optional))
    if address.kind == "list":
        if answer.head is not None and not answer.head.lstrip().startswith((b"[", b"{")):
            return failed(name, what.format("it sends no list"))
        return ok(name, what.format("reachable"))
    return _judge_file(name, address, answer, what)


def _judge_file(name: str, address: Address, answer: Answer, what: str) -> Finding:
    size, known = answer.size, address.known
    if known and size is not None and size != known[0][0]:
        other = (
            f"it has {size} bytes now, but {known[0][0]} in {known[1]}: its publisher replaced it. A fetch would stop"
        )
        return failed(name, what.format(f"{other}; to take the new one, delete its line there"))
    same, other = _compare(address, answer.hashes)
    if other:
        return warning(name, what.format(f"reachable, {in_bytes(size)}, but {other}: a fetch may refuse it"))
    host = urlparse(answer.place).netloc
    by_way = f", from {host}" if host and host != urlparse(address.url).netloc else ""
    as_before = ", as recorded" if known and size is not None else ""
    return ok(name, what.format(f"reachable, {in_bytes(size)}{as_before}{by_way}; {same}"))


def _compare(address: Address, given: Mapping[str, str]) -> tuple[str, str]:
    """Return what is to be said of the server's checksums, and how one differs; "" where none does."""
    archive, known = address.archive, address.known
    wanted = {"md5": archive.md5, "sha256": archive.sha256} if archive else {}
    for algorithm, digest in wanted.items():
        if digest and algorithm in given:
            same = given[algorithm] == digest.lower()
            other = f"the server gives the {algorithm} {given[algorithm]}, and {digest} was published"
            return (f"the server gives the published {algorithm}", "" if same else other)
    if known and "sha256" in given:
        same = given["sha256"] == known[0][1]
        other = f"the server gives the sha256 {given['sha256']}, and {known[1]} has {known[0][1]}"
        return (f"the server gives the sha256 of {known[1]}", "" if same else other)
    later = in_list([algorithm for algorithm, digest in wanted.items() if digest])
    if later:
        return f"no {later} from the server: it is checked after the download", ""
    if given:
        return f"the server gives its {in_list(list(given))}, and there is none to compare it with", ""
    return "no checksum from the server", ""


def in_list(names: Sequence[str]) -> str:
    """Return names as "md5 or sha256"."""
    return " or ".join(names)


def in_bytes(size: int | None) -> str:
    """Return a size in words, with its bytes where it is small.

    >>> in_bytes(1234), in_bytes(27_100_000), in_bytes(7_100_000_000), in_bytes(None)
    ('1234 bytes', '27.1 MB', '7.1 GB', 'of a size that the server does not tell')
    """
    if size is None:
        return "of a size that the server does not tell"
    if size < 1e5:
        return f"{size} bytes"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _together(name: str, judged: Sequence[tuple[Address, Answer, Finding]]) -> Iterator[Finding]:
    """Yield one finding for all addresses of a host that have the same outcome."""
    alike: dict[tuple[str, str, str], list[tuple[Address, Answer, Finding]]] = {}
    for address, answer, finding in judged:
        said = "" if finding.verdict == "ok" else find_fault(answer, address.name) or address.name
        alike.setdefault((urlparse(address.url).netloc, finding.verdict, said), []).append((address, answer, finding))
    for (host, _, said), several in alike.items():
        if len(several) == 1:
            yield several[0][2]
            continue
        sizes = [answer.size for _, answer, _ in several]
        total = in_bytes(sum(size for size in sizes if size)) if None not in sizes else in_bytes(None)
        checksums = Counter(_compare(address, answer.hashes)[0] for address, answer, _ in several)
        fine = f"reachable, {total} in all; {'; '.join(f'{count} x {text}' for text, count in checksums.items())}"
        names = first_names([address.name for address, _, _ in several])
        yield replace(several[0][2], detail=f"{len(several)} files of {host} ({names}): {said or fine}")


def _size(asked: Asked, sizes: Sequence[int | None]) -> Iterator[Finding]:
    """Yield how large all files of a source are together, against what the source tells."""
    told = getattr(asked.source, "SIZE_GB", None)
    if asked.source.ACCESS == "tcia" or None in sizes or not told or told[0] is None:
        return
    total, expected = sum(size for size in sizes if size), told[0] * 1e9
    words = f"all files: {in_bytes(total)}, and {in_bytes(int(expected))} are expected"
    if abs(total - expected) <= NEAR * expected:
        yield ok(asked.name, words)
    else:
        yield warning(asked.name, f"{words}: they may be another release. Look at them after the download")
