"""What the papers' own arithmetic allows to check: averages, differences, repeated numbers and numbers in the text.

A printed number stands for all numbers that round to it, an interval. A check holds where the interval of a printed
number and that of what other cells give for it have a point in common; no other tolerance is used.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from softbench.papers.published import reader
from softbench.papers.published.tables import LOST, PrintedCell, PublishedTable

Interval = tuple[Decimal, Decimal]
KINDS = {
    "difference": "printed difference to the baseline = row minus baseline",
    "average": "printed average = mean of its members",
    "spread": "± of an average is not above the mean of its members' ± (triangle inequality)",
    "repeated": "the same configuration in two tables has the same number",
    "text": "a number in the running text follows from the table",
    "order": "EPD's DSC_h lies above its DSC_s, as its text says",
    "absolute": "RAD is not below |RD|: a mean of absolute values",
    "overlap": "IoU is not below DSC / (2 - DSC), with equality for one class (Jensen's inequality)",
}
# Abstract of EPD: IoU gains over the conventional way in points, with augmentation.
IOU_GAINS = {2: "2.85", 4: "8.65", 8: "11.89"}
# GeoLS, running text: gain in SD over the next best method on BraTS, in points.
SD_GAIN = "1.2"


@dataclass(frozen=True)
class Check:
    """One check: the interval that is `printed`, and the one that `follows` from other cells."""

    kind: str
    table: str
    what: str
    printed: Interval
    follows: Interval

    @property
    def holds(self) -> bool:
        """Whether the two have a point in common."""
        return self.printed[0] <= self.follows[1] and self.follows[0] <= self.printed[1]


def checks() -> list[Check]:
    """Return all checks."""
    tables = [reader.read(name) for name in reader.names()]
    within_tables = [check for table in tables for check in (*_differences(table), *_averages(table), *_spreads(table))]
    return [*within_tables, *_repeated(), *_in_text(), *_within_rows(reader.read("epd_1"))]


def rounded(text: str) -> Interval:
    """Return the interval of the numbers that round to a printed one: half a unit of its last digit either way."""
    number = Decimal(text)
    half = Decimal(5).scaleb(int(number.as_tuple().exponent) - 1)
    return number - half, number + half


def _differences(table: PublishedTable) -> Iterator[Check]:
    for cell in table.cells:
        if cell.difference:
            place = cell.place
            base = table.cell(method=table.baseline, arm=place.arm, metric=place.metric)
            follows = _minus(rounded(cell.text()), rounded(base.text()))
            yield Check("difference", table.key, str(place), rounded(cell.difference), follows)


def _averages(table: PublishedTable) -> Iterator[Check]:
    for cell, members in _composites(table):
        follows = _mean([rounded(member.text()) for member in members])
        yield Check("average", table.key, str(cell.place), rounded(cell.text()), follows)


def _spreads(table: PublishedTable) -> Iterator[Check]:
    for cell, members in _composites(table):
        most = _mean([rounded(member.text("sd")) for member in members])[1]
        yield Check("spread", table.key, str(cell.place), rounded(cell.text("sd")), (Decimal(0), most))


def _composites(table: PublishedTable) -> Iterator[tuple[PrintedCell, list[PrintedCell]]]:
    """Yield each printed average (lost ones left out) with the cells that it averages."""
    for cell in table.cells:
        names = table.composites.get(cell.place.structure, ())
        if names and cell.printed != LOST:
            place = cell.place
            same = {"dataset": place.dataset, "method": place.method, "metric": place.metric}
            yield cell, [table.cell(structure=name, **same) for name in names]


def _repeated() -> Iterator[Check]:
    """GeoLS with skeleton seeds stands in Table 3 and as an average in Tables 1 and 2."""
    for cell in reader.read("geols_3").cells:
        place = cell.place
        if place.method == "geols":
            table = reader.read("geols_1" if place.dataset == "brats2019_geols" else "geols_2")
            same = table.cell(method="geols", structure="average", metric=place.metric)
            yield Check("repeated", "geols_3", str(place), rounded(cell.text()), rounded(same.text()))


def _in_text() -> Iterator[Check]:
    epd, geols = reader.read("epd_1"), reader.read("geols_1")
    for factor, printed in IOU_GAINS.items():
        pair = [
            rounded(epd.cell(method=f"{name}_{factor}", arm="augmented", metric="IoU").text())
            for name in ("epd", "conventional")
        ]
        yield Check("text", "epd_1", f"IoU gain at 1/{factor}", rounded(printed), _minus(*pair))
    pair = [rounded(geols.cell(method=name, structure="average", metric="SD").text()) for name in ("geols", "svls")]
    yield Check("text", "geols_1", "gain in SD over SVLS", rounded(SD_GAIN), _minus(*pair))


def _within_rows(table: PublishedTable) -> Iterator[Check]:
    """What must hold between the metrics of one row of EPD's table."""
    most = Decimal(1000)
    for method, arm in dict.fromkeys((cell.place.method, cell.place.arm) for cell in table.cells):
        row = {
            name: rounded(table.cell(method=method, arm=arm, metric=name).text())
            for name in ("DSC_h", "DSC_s", "IoU", "RAD", "RD")
        }
        if method.startswith("epd_"):
            yield Check("order", table.key, f"{method}, {arm}", row["DSC_h"], (row["DSC_s"][0], most))
        low, high = row["RD"]
        least = Decimal(0) if low <= 0 <= high else min(abs(low), abs(high))
        yield Check("absolute", table.key, f"{method}, {arm}", row["RAD"], (least, most))
        dice = row["DSC_h"][0]
        yield Check("overlap", table.key, f"{method}, {arm}", row["IoU"], (100 * dice / (200 - dice), most))


def _minus(upper: Interval, lower: Interval) -> Interval:
    return upper[0] - lower[1], upper[1] - lower[0]


def _mean(intervals: Sequence[Interval]) -> Interval:
    return _sum(low for low, _ in intervals) / len(intervals), _sum(high for _, high in intervals) / len(intervals)


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0))
