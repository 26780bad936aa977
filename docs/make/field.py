"""Fill docs/field.md and README.md with the results of tuned methods: `python -m make.field results`.

Numbers stand between two marks, as the tables hold them; nothing of them is typed.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.tables.sheet import digits, interval, number

from make.between_marks import Marks, copy_small, fill, wrap
from make.markdown import DOCS, ROOT, table

PAGE, README, PICTURES = DOCS / "field.md", ROOT / "README.md", DOCS / "pictures"
MARKS = "<!-- field: {0}, made by `python -m make.field` -->", "<!-- end of field: {0} -->"
EXPERIMENTS = ("field_hippocampus", "field_brain")  # the second only where it has been run
FIRST = "field_hippocampus"
BASELINE = "one_hot_tuned"
IN_README = (  # the baseline, the four papers' labels with plain cross-entropy, and what reviewers name most
    *("one_hot_tuned", "one_hot", "ls_tuned", "svls_tuned", "geols_tuned", "blur_tuned", "superpixel_tuned"),
    *("focal_tuned", "mbls_tuned", "nacl_tuned", "ml1_ace_tuned"),
)
SUFFIX = " (tuned)"
FIGURES = ("grid", "ranks")
CLAIMS = "monai_2072."  # what others report on this data set
NAMES = {
    ("dsc", "all"): "DSC",
    ("ece", "all"): "ECE, all voxels",
    ("ece", "foreground"): "ECE, foreground",
    ("ece", "band"): "ECE, boundary band",
    ("nll", "all"): "NLL",
}
SAID = {**NAMES, ("brier", "all"): "Brier score", ("tace", "all"): "TACE"}  # in sentences, beside the columns
DATA = "MSD Task04 Hippocampus (MRI): 160 training, 40 validation and 60 test cases, a small network, short training."
SHORT = (("dsc", "all"), ("ece", "all"), ("ece", "foreground"), ("nll", "all"))  # columns of README.md
NOT_TUNED = "not tuned"
CELLS = (
    "Mean ± standard deviation over seeds of the mean over test cases; DSC: mean of the structures. Brackets: 95 % "
    "interval over seeds, each by itself. Bold: better than the first row beyond noise."
)
ARROWS = {"higher": "↑", "lower": "↓"}
Key = tuple[str, str]


def read(folder: Path, name: str) -> pd.DataFrame:
    """Return the comparison with one-hot at a temperature: a row a method and column.

    Raises: InputError: if the experiment has not been run.
    """
    path = folder / "tables" / f"baseline_{name}.csv"
    if not path.exists():
        raise InputError(f"{path} is missing. Run the experiment: `snakemake --cores all {name}`.")
    return pd.read_csv(path, dtype={"verdict": str, "decoder": str}).fillna({"verdict": "", "decoder": ""})


def settings(folder: Path, name: str) -> dict[str, str]:
    """Return the chosen setting of each tuned method."""
    tried = pd.read_csv(folder / "tables" / f"tuning_{name}.csv")
    chosen = tried[tried["chosen"].astype(str) == "True"]
    return dict(zip(chosen["method"], chosen["setting"], strict=True))


def summary(numbers: pd.DataFrame, chosen: Mapping[str, str], tries: int) -> str:
    """Return what the results say, in sentences: the answer first, then who is better and worse, metric by metric."""
    others = _others(numbers, chosen)
    return wrap(" ".join([_answer(numbers, others), _how(numbers, others, tries), *_by_metric(numbers, others)]))


def _others(numbers: pd.DataFrame, chosen: Mapping[str, str]) -> list[str]:
    return [name for name in _titles(numbers) if name in chosen and name != BASELINE]


def _how(numbers: pd.DataFrame, others: Sequence[str], tries: int) -> str:
    return (
        f"{len(others)} methods and one-hot labels had {tries} settings each, of which validation cases chose one; "
        f"then each was trained with {int(numbers['seeds'].max())} other seeds. The methods are compared with "
        f"{_short(_titles(numbers)[BASELINE]).lower()} labels that were tuned alike; all have a temperature (paired t "
        f"test over seeds, Holm's adjustment for the {int(numbers['p'].notna().sum())} differences of the comparison)."
    )


def _answer(numbers: pd.DataFrame, others: Sequence[str]) -> str:
    better = _named(numbers, others, ("nll", "all"), "better")
    if not better:
        return "**No method has a lower NLL than tuned one-hot labels with a temperature, beyond noise.**"
    return f"**A lower NLL than tuned one-hot labels with a temperature, beyond noise: {', '.join(better)}.**"


def _by_metric(numbers: pd.DataFrame, others: Sequence[str]) -> Iterable[str]:
    for key, name in SAID.items():
        said = {word: _named(numbers, others, key, word) for word in ("better", "worse")}
        parts = [f"{word}: {', '.join(who)}" for word, who in said.items() if who]
        yield f"{name}: {'; '.join(parts)}." if parts else f"{name}: no difference beyond noise."


def _named(numbers: pd.DataFrame, others: Sequence[str], key: Key, verdict: str) -> list[str]:
    named = set(of_column(numbers, key).query("verdict == @verdict")["method"])
    titles = _titles(numbers)
    return [_short(titles[name]) for name in others if name in named]


def of_column(numbers: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Return the rows of one metric and region; of the DSC those of the mean structure."""
    metric, region = key
    rows = numbers[(numbers["metric"] == metric) & (numbers["roi"] == region)]
    return rows.drop_duplicates("method")


def methods(numbers: pd.DataFrame, chosen: Mapping[str, str], keys: Sequence[Key], *, shown: Sequence[str] = ()) -> str:
    """Return a table, a row a method: the baseline first, then by NLL.

    Args:
        numbers: as `read`.
        chosen: as `settings`; not shown in a short table.
        keys: the columns.
        shown: the methods of a short table; else all.
    """
    titles = _titles(numbers)
    nll = of_column(numbers, ("nll", "all")).set_index("method")["mean"]
    order = sorted(titles, key=lambda name: (name != BASELINE, nll[name]))
    names = [name for name in order if name in shown] if shown else order
    labels = {name: [_named_row(name, titles[name], chosen)] for name in names}
    if not shown:
        labels = {name: [_short(titles[name]), chosen.get(name, NOT_TUNED)] for name in names}
    head = ["Method, with a temperature", *([] if shown else ["setting"])]
    head += [*(f"{NAMES[key]} {_arrow(numbers, key)}" for key in keys), "NLL minus the first row's"]
    cells = table(head, [[*labels[name], *_row(numbers, name, keys)] for name in names])
    return f"{cells}\n\n{wrap(CELLS)}"


def _named_row(name: str, title: str, chosen: Mapping[str, str]) -> str:
    return _short(title) if name in chosen else f"{title}, {NOT_TUNED}"


def _arrow(numbers: pd.DataFrame, key: Key) -> str:
    return ARROWS[of_column(numbers, key)["better"].iloc[0]]


def _row(numbers: pd.DataFrame, name: str, keys: Sequence[Key]) -> list[str]:
    cells = [_cell(of_column(numbers, key).set_index("method").loc[name]) for key in keys]
    return [*cells, _gap(of_column(numbers, ("nll", "all")).set_index("method").loc[name])]


def _cell(row: pd.Series) -> str:
    mean, spread = (number(row[name], digits(row["metric"], "")) for name in ("mean", "sd_over_seeds"))
    return f"**{mean}** ± {spread}" if row["verdict"] == "better" else f"{mean} ± {spread}"


def _gap(row: pd.Series) -> str:
    if pd.isna(row["difference"]):
        return "–"
    decimals = digits("nll", "")
    return f"{number(row['difference'], decimals, signed=True)} {interval(row['low'], row['high'], decimals)}"


def _titles(numbers: pd.DataFrame) -> dict[str, str]:
    return dict(zip(numbers["method"], numbers["title"], strict=True))


def _short(title: str) -> str:
    return title.removesuffix(SUFFIX).replace(", tuned)", ")")


def section(folder: Path, name: str) -> str:
    """Return what the page says of an experiment: sentences, table and pictures."""
    numbers, chosen = read(folder, name), settings(folder, name)
    shown = [f"![{_caption(folder, kind, name)}](pictures/{kind}_{name}.png)" for kind in FIGURES]
    parts = [summary(numbers, chosen, _tries(folder, name)), methods(numbers, chosen, list(NAMES))]
    return "\n\n".join([*parts, *(claims(folder) if name == FIRST else []), *shown])


def claims(folder: Path) -> list[str]:
    """Return in a paragraph what others report on this data set, beside ours; none where no claim was looked at."""
    path = folder / "claims.csv"
    every = pd.read_csv(path) if path.exists() else pd.DataFrame({"claim": []})
    rows = every[every["claim"].str.startswith(CLAIMS)].dropna(subset="ours_difference") if len(every) else every
    said = [
        f"{row['says'].removesuffix('.')}: theirs {number(row['printed_difference'], 3, signed=True)}; ours "
        f"{number(row['ours_difference'], 3, signed=True)} {interval(row['ours_low'], row['ours_high'], 3)}."
        for _, row in rows.iterrows()
    ]
    if not said:
        return []
    source = rows.iloc[0]
    head = f"**A claim from elsewhere.** {source['paper']}; {source['place']}. Ours: {int(source['seeds_max'])} seeds, "
    about = "raw probabilities, with 95 % intervals; sizes cannot be compared (`docs/papers.md`)."
    return [wrap(f"{head}{about} {' '.join(said)}")]


def _tries(folder: Path, name: str) -> int:
    return int(pd.read_csv(folder / "tables" / f"tuning_{name}.csv").groupby("method").size().max())


def first(folder: Path) -> str:
    """Return what README.md says: the answer, how many are better and worse, and the rows of a few methods."""
    numbers, chosen = read(folder, FIRST), settings(folder, FIRST)
    others = _others(numbers, chosen)
    said = [_answer(numbers, others), DATA, _how(numbers, others, _tries(folder, FIRST)), _counts(numbers, others)]
    more = "All of them, with calibrations and decoders: `docs/field.md`."
    return f"{wrap(' '.join([*said, more]))}\n\n{methods(numbers, chosen, SHORT, shown=IN_README)}"


def _counts(numbers: pd.DataFrame, others: Sequence[str]) -> str:
    """Return how many methods are better and worse than the baseline beyond noise, by each metric."""
    parts = [
        f"{name} {len(_named(numbers, others, key, 'better'))} and {len(_named(numbers, others, key, 'worse'))}"
        for key, name in SAID.items()
    ]
    return f"So many of them are better and worse beyond noise: {'; '.join(parts)}."


def _caption(folder: Path, kind: str, name: str) -> str:
    return (folder / "figures" / f"{kind}_{name}.txt").read_text(encoding="utf-8").strip()


def take(folder: Path) -> None:
    """Write both pages and copy the pictures.

    Args:
        folder: results of the first experiment, and of the second if that was run.
    Raises: InputError: if the first has not been run.
    """
    page = PAGE.read_text(encoding="utf-8")
    for name in EXPERIMENTS:
        if name == FIRST or (folder / "tables" / f"baseline_{name}.csv").exists():
            page = fill(page, marks(name), section(folder, name))
            for kind in FIGURES:
                copy_small(folder / "figures" / f"{kind}_{name}.png", PICTURES / f"{kind}_{name}.png")
    pieces.write_text(PAGE, page)
    pieces.write_text(README, fill(README.read_text(encoding="utf-8"), marks("readme"), first(folder)))


def marks(name: str) -> Marks:
    """Return the lines between which the results of an experiment stand."""
    begin, end = (mark.format(name) for mark in MARKS)
    return begin, end


if __name__ == "__main__":
    take(Path(sys.argv[1]))
