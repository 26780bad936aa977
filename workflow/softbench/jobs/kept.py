"""When a job broke off: the files of the last good run are put back, made again by the next run, and told to be older.

Tables, figures, claims and pages are outputs that Snakemake updates: it puts those of a job that broke off back in
place, says so in a line for each file, dates them now and takes them for new. Here these lines become one, the files
get the times back that their jobs gave them, and a mark makes their jobs run again. A page that was asked for, and is
older than what it shows, says so at its top.
"""

import html
import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from softbench.jobs import marks, outputs, pieces, storage

VERSION = None  # sentences
PUT_BACK = re.compile(r"Restored previous version of (\S+) ")
EARLIER_THAN_PLANNED = "Warning: the following output files of rule report were not present"  # pages that grow
NOTHING_TO_PUT_BACK = re.compile(r"Cannot restore \S+: no backup found")
SENTENCE = (
    "This page is older than the newest results: the run that ended at {when} broke off before the page was made "
    "anew.{kept}"
)
OPENING, END = "<!-- older -->", "<!-- end of older -->"
HEADER = "<header>\n"


class Lines(logging.Filter):
    """Takes Snakemake's lines on files that it puts back out of what it says, and keeps the names; and its warning that
    a page is there before the job that writes it last."""

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__()
        self.paths: list[Path] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is said."""
        said = str(record.msg)
        if found := PUT_BACK.match(said):
            self.paths.append(Path(found[1]))
        return not (found or NOTHING_TO_PUT_BACK.match(said) or said.startswith(EARLIER_THAN_PLANNED))


_lines = Lines()


def watch() -> None:
    """Look at the lines of this Snakemake from now on."""
    from snakemake.logging import logger

    logger.addFilter(_lines)


def settle(results: Path, pages: Mapping[Path, Sequence[Path]]) -> list[str]:
    """Let the files that were put back be made again by the next run, and pages say that they are older.

    Args:
        results: the folder of results.
        pages: that were asked for in a run that broke off, each with the files that it is made of.
    Returns: lines for the user.
    """
    put_back = list(dict.fromkeys(_lines.paths))
    _lines.paths.clear()
    outputs.set_times(results, put_back)
    older = [page for page, shown in pages.items() if _is_older(page, shown, put_back)]
    for page in older:
        kept = [path.stem for path in pages[page] if path in put_back and path.match("tables/*.json")]
        say_older(page, SENTENCE.format(when=time.strftime("%Y-%m-%d %H:%M"), kept=_names(kept)))
    marks.make_again([*put_back, *older])
    if not put_back:
        return []
    names = ", ".join(map(storage.shown, put_back[:3])) + (" and others" if len(put_back) > 3 else "")
    return [
        f"A job broke off, so {len(put_back)} files of the last good run were kept: {names}. They are older than the "
        "newest results; the next run makes them again."
    ]


def _is_older(page: Path, shown: Sequence[Path], put_back: Sequence[Path]) -> bool:
    """Return whether a page is there, and a file that it shows is newer, missing, or kept from before."""
    if not page.is_file():
        return False
    at = page.stat().st_mtime
    return any(path in put_back or not path.exists() or path.stat().st_mtime > at for path in shown)


def _names(tables: Sequence[str]) -> str:
    return f" Kept from before: {', '.join(tables)}." if tables else ""


def say_older(page: Path, sentence: str) -> None:
    """Write a sentence at the top of a page, in place of one that stands there; its times stay."""
    times, text = page.stat(), page.read_text(encoding="utf-8")
    whole = re.sub(f"{OPENING}.*?{END}\n", "", text, flags=re.DOTALL)
    note = f'{OPENING}<p class="note" role="status"><strong>{html.escape(sentence)}</strong></p>{END}\n'
    pieces.write_text(page, whole.replace(HEADER, HEADER + note, 1))
    os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))
