"""Files of config, read and checked as the suite does it, and texts of settings that are refused."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan import checks, rule_files
from softbench.plan.config import Config, check, read
from softbench.plan.plan import Plan

COLUMN = "tables:\n  demo_brain:\n    columns:\n      - {metric: ece, roi: all}\n      - "
FIGURE = "figures:\n  mine:\n    kind: sweep\n    title: T\n    x: a\n    experiments: [demo_brain]\n"
POINTS = "    points: {0: one_hot, 0.1: svls}\n"
SWEEP = FIGURE + POINTS + "    metrics: [dsc]\n    structure: average\n"
PROTOCOL = "protocols:\n  mine:\n    batch: 2\n    patch_size: [24, 24, 24]\n    learning_rate: 0.1\n"
EXPERIMENT = """experiments:
  mine:
    dataset: phantom_nodule
    protocol: demo_nodule
    networks: [compact_unet]
    methods: [one_hot]
    scoring: {tolerances_mm: [2.0]}
    split: main
"""
PICK = "tables:\n  superpixel_1:\n    blocks:\n      - printed: mrbrains18\n        experiment: superpixel_mrbrains18\n"


def accept(given: Config, root: Path) -> Plan:
    """Check config and its plan, as `snakemake -n` does."""
    check(given)
    plan = Plan(given.values, rule_files.find(root), places=given.places, by_name=given.by_name, tried=given.tried)
    checks.fit(plan)
    if "mine" in plan.experiments:
        checks.require_split(plan, "mine")  # as where an experiment is asked for
    return plan


def refusal(given: Config, root: Path) -> str:
    with pytest.raises(InputError) as error:
        accept(given, root)
    return str(error.value)


def assert_refused(text: str, path: str, said: str, root: Path, folder: Path) -> None:
    """Refuse a file of `--configfile` over the shipped config, at the line of it that ends with `# here`."""
    (line,) = [number for number, words in enumerate(text.split("\n"), start=1) if words.endswith("# here")]
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    found = refusal(read(root, (file,)), root)
    assert found.startswith(f"{file}, line {line}: {path} "), found
    assert said in found


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    """Write files of config below a folder and read them; `config.yaml` is empty where it is left out."""

    def make(files: dict[str, str], configfiles: tuple = (), assignments: tuple = ()) -> Config:
        for name, text in {"config.yaml": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return read(tmp_path, configfiles, assignments)

    return make
