"""Each kind of file that a user adds, with each kind of fault: one message before any job, naming the file."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan import modules, own_files, rule_files
from softbench.tools.new import make_method, make_network

FILES = {
    "loss": "losses/weighted_dice.py",
    "metric": "metrics/ravd.py",
    "network": "networks/mine.py",
    "soft label": "soft_labels/near.py",
    "source": "datasets/sources/ours.py",
    "phantom": "datasets/phantoms/cube.py",
    "view": "tables/views/case_spread.py",
}
EXAMPLES = {"loss": "extend", "metric": "extend", "view": "views"}  # page of docs/ that holds the file
SOURCE = '''"""Own data."""

from softbench.datasets.case import RawCase

VERSION = 1
TITLE = "Ours"
LICENCE = "none"
CITATION = "none"
ACCESS = "own"
LAYOUT = "cases"
MODALITIES = ("T1",)
CLASSES = ("background", "organ")
STRUCTURES = {"organ": (1,)}
LABEL_IDS = {0: 0, 3: 1}


def find_cases(folder):
    """List the cases."""
    return [RawCase]
'''
PHANTOM = SOURCE.replace('"own"', '"made"').replace('LAYOUT = "cases"', 'SIZES = {"small": (8, 8)}\nCASES = 4')
PHANTOM = PHANTOM.replace("find_cases(folder)", "make(case, seed, size)")
EVERY = {  # fault -> what it changes in any file, what is said of it
    "no Python": ("VERSION = 1", "VERSION = (1", r", line \d+ is no Python: '\(' was never closed. Fix it."),
    "no VERSION": (r"VERSION = 1.*\n", "", " declares no VERSION; every module that decides .* needs `VERSION = 1`"),
    "VERSION of text": (r"VERSION = 1", 'VERSION = "1"', ": VERSION must be a whole number"),
    "absent package": (
        r"VERSION = 1", "import no_such_package\n\nVERSION = 1",
        r", line \d+ imports 'no_such_package', a package that is not installed. Correct the name, or install",
    ),
    "misspelt constant": ("ALLOWED = ", "ALOWED = ", ": nothing reads 'ALOWED'. Did you mean 'ALLOWED'?"),
}  # fmt: skip
OWN = {  # kind -> fault -> the same
    "loss": {
        "wrong mark": ("LOSS = ", "LOS = ", " has no LOSS, by which a loss is found: it has 'LOS', probably meant"),
        "wrong class": (
            '"class": "WeightedDice"',
            '"class": "WeightedDise"',
            "class 'WeightedDise', .* Did you mean 'WeightedDice'\\?",
        ),
        "missing key": ('"class": "WeightedDice", ', "", r"LOSS must be written like \{\"class\""),
        "unknown key": ('"settings"', '"setings"', "has the key 'setings'. Known: .* Did you mean 'settings'\\?"),
        "unknown setting": ('ALLOWED = {"missed"', 'ALLOWED = {"mised"', "ALLOWED has the key 'mised'. Known: missed"),
        "setting not taken": ("self, missed: float", "self, lost: float", "does not take 'missed', which LOSS gives"),
        "setting not given": ("float = 0.7", "float, more: float", "needs 'more', which LOSS does not give it"),
    },
    "metric": {
        "wrong mark": ("METRIC = ", "METRICS = ", " has no METRIC, by which a metric is found: it has 'METRICS'"),
        "wrong class": (r"Metric\(\n", "Metrik(\n", r"METRIC must be written as `Metric\(…\)`"),
        "missing key": ('    unit="1",\n', "", "METRIC lacks unit"),
        "unknown key": ('unit="1"', 'unit="1", colour="red"', "METRIC has no field colour"),
        "taken name": ('key="ravd"', 'key="dsc"', "another metric has the key 'dsc'. Choose another key"),
    },
    "network": {
        "wrong mark": ("def build", "def biuld", " has no build, by which a network is found: it has 'biuld'"),
        "wrong arguments": (r"build\(in_channels", "build(channels", "`build` takes channels, classes, dims before"),
        "unknown key": ('ALLOWED = {"width"', 'ALLOWED = {"with"', "ALLOWED has 'with', which is not a setting of"),
        "wrong dimensions": (r"DIMS = \(2, 3\)", "DIMS = (3, 4)", r"DIMS must be .*, but is \(3, 4\)"),
    },
    "soft label": {
        "wrong function": (r"def soften\(", "def softn(", " has no soften, by which a soft label is found: it has"),
        "missing constant": (r"KIND = .*\n", "", r"near\.py defines no KIND"),
        "unknown value": ('RATERS = "one"', 'RATERS = "two"', "RATERS must be 'one' or 'many', but is 'two'"),
        "unknown key": ('ALLOWED = {"share"', 'ALLOWED = {"shaer"', "ALLOWED has 'shaer', which is not one of"),
        "setting not taken": ('SETTINGS = {"share"', 'SETTINGS = {"part"', "`soften` takes no part, which SETTINGS"),
        "missing function": ("soften_batch = ", "soften_batches = ", r"near\.py defines no soften_batch"),
    },
    "source": {
        "wrong mark": ("ACCESS = ", "ACESS = ", " has no ACCESS, by which a source of data is found: it has 'ACESS'"),
        "wrong function": ("def find_cases", "def find_case", r"lacks find_cases \(it has 'find_case'\)"),
        "missing constant": (r'TITLE = "Ours"\n', "", r"ours\.py lacks TITLE"),
        "unknown value": ('"own"', '"mine"', "ACCESS is 'mine', but must be one of 'open', "),
        "missing by access": ('"own"', '"token"', r"ours\.py lacks ARCHIVES or archives, TOKEN, STEPS"),
        "unknown key": ("LABEL_IDS", "LABELS_ID", "nothing reads 'LABELS_ID'. Did you mean 'LABEL_IDS'"),
    },
    "phantom": {
        "wrong function": ("def make", "def maker", r"lacks make \(it has 'maker'\)"),
        "missing constant": ("CASES = 4\n", "", r"cube\.py lacks CASES"),
    },
    "view": {
        "wrong mark": ("VIEW = ", "VIEWS = ", " has no VIEW, by which a view is found: it has 'VIEWS'"),
        "wrong function": ("build=build", "build=biuld", "VIEW has `build=biuld`, but the file has no such function"),
        "missing key": (' +title="Spread over cases",\n', "", "VIEW lacks title"),
        "unknown key": ("place=35", "plaice=35", "VIEW has no argument plaice"),
        "taken name": ('name="case_spread"', 'name="ranks"', "are views of one file, 'ranks_.*'. Rename one"),
    },
}  # fmt: skip
FAULTS = [(kind, fault) for kind in FILES for fault in (*EVERY, *OWN[kind])]


@pytest.fixture(scope="module")
def suite(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the suite without results."""
    copy = tmp_path_factory.mktemp("suite")
    for name in ("workflow", "config"):
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("config.yaml", "Snakefile"):
        shutil.copy(root / name, copy)
    return copy


@pytest.fixture(scope="module")
def texts(suite: Path, root: Path) -> dict[str, str]:
    """A sound file of each kind: of the pages, of `make method` and `make network`; they are taken out again."""
    found = {"source": SOURCE, "phantom": PHANTOM}
    for kind, page in EXAMPLES.items():
        pattern = rf"^```python\n# workflow/softbench/{FILES[kind]}\n(.*?)^```"
        (found[kind],) = re.findall(pattern, (root / "docs" / f"{page}.md").read_text(), re.DOTALL | re.MULTILINE)
    make_network("mine", suite)
    make_method("near", "labels", suite)
    for kind in ("network", "soft label"):
        path = suite / "workflow/softbench" / FILES[kind]
        found[kind] = path.read_text()
        path.unlink()
    return found


@pytest.fixture
def package(suite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the copy, which the plan reads; what is written into it is taken out again."""
    folder = suite / "workflow/softbench"
    monkeypatch.setattr(modules, "PACKAGE", folder)
    before = set(folder.rglob("*.py"))
    own_files.metrics._entries.cache_clear()
    yield folder
    for path in set(folder.rglob("*.py")) - before:
        path.unlink()
    own_files.metrics._entries.cache_clear()


def check(package: Path) -> None:
    rules = rule_files.find(package.parents[1])
    own_files.check([name for name in rules.recipes if (package / "soft_labels" / f"{name}.py").exists()])


def test_sound_files_of_all_kinds_pass(package: Path, texts: dict[str, str]) -> None:
    for kind, text in texts.items():
        (package / FILES[kind]).write_text(text)
    check(package)


@pytest.mark.parametrize(("kind", "fault"), FAULTS, ids=[" - ".join(pair) for pair in FAULTS])
def test_fault_is_told_in_one_message_that_names_the_file(
    kind: str, fault: str, package: Path, texts: dict[str, str]
) -> None:
    old, new, said = OWN[kind].get(fault) or EVERY[fault]
    sound = texts[kind] if "\nALLOWED" in texts[kind] else f"{texts[kind]}\nALLOWED = {{}}\n"
    text, count = re.subn(old, new, sound, count=1)
    assert count == 1
    (package / FILES[kind]).write_text(text)
    with pytest.raises(InputError) as error:
        check(package)
    assert FILES[kind] in str(error.value)
    assert re.search(said, str(error.value)), error.value


@pytest.mark.parametrize("kind", FILES)
def test_file_that_is_not_utf_8_is_told_too(kind: str, package: Path, texts: dict[str, str]) -> None:
    (package / FILES[kind]).write_bytes(texts[kind].encode() + b"# \xff\n")
    with pytest.raises(InputError, match=rf"{FILES[kind]} is no Python: 'utf-8' codec can't decode"):
        check(package)


def test_module_that_another_one_imports_needs_no_mark(package: Path, texts: dict[str, str]) -> None:
    (package / "losses/shares.py").write_text('"""Shared."""\n\nVERSION = 1\n')
    with pytest.raises(InputError, match=r"losses/shares\.py has no LOSS, .*: nothing uses the file"):
        check(package)
    (package / FILES["loss"]).write_text("from softbench.losses import shares\n" + texts["loss"])
    check(package)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("losses/my-loss.py", r"losses/my-loss\.py: the name of the file must be made of letters, digits and _"),
        ("losses/learned.py", r"learned\.py: `learned\(\.\.\.\)` weighs the terms of a sum"),
        ("datasets/hippocampus.py", r"datasets/hippocampus\.py and .*sources/hippocampus\.py are sources of one name"),
        ("datasets/sources/phantom_brain.py", r"are sources of one name"),
    ],
)
def test_name_that_cannot_be_is_refused(file: str, said: str, package: Path, texts: dict[str, str]) -> None:
    (package / file).write_text(texts["loss" if "losses" in file else "source"])
    with pytest.raises(InputError, match=said):
        check(package)


def test_package_that_a_file_can_do_without_may_be_absent(package: Path, texts: dict[str, str]) -> None:
    optional = "try:\n    import no_such_package\nexcept ImportError:\n    no_such_package = None\n"
    (package / FILES["loss"]).write_text(texts["loss"].replace("VERSION = 1", f"{optional}VERSION = 1"))
    check(package)


def test_package_of_an_environment_file_is_left_to_that_environment(package: Path, texts: dict[str, str]) -> None:
    (package / FILES["loss"]).write_text(texts["loss"].replace("VERSION = 1", "import no_such_package\nVERSION = 1"))
    envs = package.parents[1] / "envs"
    envs.mkdir()
    (envs / "training.yaml").write_text("dependencies:\n  - pip:\n      - no-such-package==1.0\n")
    own_files._listed_packages.cache_clear()
    check(package)
    shutil.rmtree(envs)
    own_files._listed_packages.cache_clear()


def test_the_suites_own_files_hold_what_is_asked_of_added_ones(root: Path) -> None:
    """And each that the list names is there."""
    for room, names in own_files.SHIPPED.items():
        for name in names.split():
            if own_files.KINDS[room].mark in modules.names(f"{room}/{name}.py"):
                own_files.check_file(f"{room}/{name}.py")


def test_planning_imports_neither_torch_nor_what_is_checked(suite: Path, texts: dict[str, str]) -> None:
    path = suite / "workflow/softbench" / FILES["loss"]
    path.write_text(texts["loss"])
    code = (
        "import sys; from pathlib import Path; from softbench.plan.plan import Plan; Plan.read(Path()); "
        "print([name for name in ('torch', 'monai', 'softbench.losses.weighted_dice') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=suite, env={**os.environ, "PYTHONPATH": "workflow"},
        capture_output=True, text=True,
    )  # fmt: skip
    path.unlink()
    assert done.stdout.strip() == "[]", done.stderr
