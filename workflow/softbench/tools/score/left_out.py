"""What is left out where `--skip-bad` is given, so that all methods are still scored on the same cases."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from softbench.errors import InputError, in_words
from softbench.jobs import pieces
from softbench.jobs.faults import Fault, group, lines, name_cases
from softbench.jobs.progress import Log
from softbench.tools.score.inputs import REFERENCES, Predicted, References, Source

VERSION = 1
COLUMNS = ("where", "case", "reason")


@dataclass
class LeftOut:
    """What is to be scored, and what was found to be bad.

    A case whose reference or any prediction is bad is left out for all methods: means over other cases could not be
    compared. A folder of predictions none of whose cases can be scored is left out instead, and takes no case along.

    predictions, references: what is left. skip_bad: whether anything may be left out; else the first fault raises.
    log: takes what was left out.
    """

    predictions: Predicted
    references: References
    skip_bad: bool
    log: Log
    faults: list[Fault] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def add(self, faults: Iterable[Fault], heading: str) -> None:
        """Leave out what faults name.

        Raises: InputError: if there is a fault and nothing may be left out, or nothing would be left.
        """
        found = [*faults]
        if not found:
            return
        said = lines(found)
        if not self.skip_bad:
            raise InputError("\n".join([heading, *said, *self._way_out(found)]))
        self.faults += found
        self._drop(found)
        if not self.predictions or not self.references:
            raise InputError("\n".join(["--skip-bad leaves nothing to score:", *lines(self.faults)]))
        self.log("\n".join(["left out (--skip-bad):", *said]))

    def _drop(self, found: list[Fault]) -> None:
        bad = {source: {fault.case for fault in found if fault.where == str(source)} for source in self.predictions}
        whole = [source for source, cases in bad.items() if "" in cases or set(self.predictions[source]) <= cases]
        self.sources += whole
        predicted = {source: files for source, files in self.predictions.items() if source not in whole}
        of_references = {fault.case for fault in found if fault.where.startswith(REFERENCES)}
        dropped = of_references.union(*(bad[source] for source in predicted)) & set(self.references)
        self.cases += sorted(dropped)
        self.references = {case: paths for case, paths in self.references.items() if case not in dropped}
        self.predictions = {
            source: {case: file for case, file in files.items() if case in self.references}
            for source, files in predicted.items()
        }

    def _way_out(self, found: list[Fault]) -> Iterator[str]:
        """Say what --skip-bad would leave."""
        rest = LeftOut(self.predictions, self.references, True, lambda line: None)
        rest._drop(found)
        if rest.predictions and rest.references:
            away = [*(f"all of {source}" for source in rest.sources), *([name_cases(rest.cases)] if rest.cases else [])]
            yield (
                f"To score the rest, without {in_words(away)}: --skip-bad" if away else "To score the rest: --skip-bad"
            )

    def notes(self) -> list[str]:
        """Return what a table says of it."""
        sentences = []
        if self.cases:
            total = len(self.cases) + len(self.references)
            sentences.append(f"Left out for all methods (--skip-bad), of {total} cases: {name_cases(self.cases)}.")
        if self.sources:
            sentences.append(f"Left out as a whole (--skip-bad): {'; '.join(map(str, self.sources))}.")
        for alike in group(self.faults):
            of = f", {name_cases([fault.case for fault in alike])}" if alike[0].case else ""
            sentences.append(f"Not scored: {alike[0].where}{of}: {alike[0].reason}.")
        return sentences

    def write(self, path: Path) -> None:
        """Write every fault as csv; where there is none, no file."""
        if not self.faults:
            path.unlink(missing_ok=True)
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((fault.where, fault.case, fault.text) for fault in self.faults)
        pieces.write_text(path, text.getvalue())
