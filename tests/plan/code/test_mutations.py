"""A raised VERSION, or a changed constant, changes what exactly the stages that reach the module hold against it.

Which stages those are, is read from the byte code of all modules (`followed`), not from what is tested.
"""

import ast
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from softbench.plan.code import Code, Stages, graph
from softbench.plan.code.source import WORDS
from softbench.plan.code.stages import FIRST, INFERRING

WORKFLOW = Path(__file__).parents[3] / "workflow"
CODE = Code(WORKFLOW)
MODULES = sorted(path for path in CODE.facts if path.endswith(".py"))
VERSIONED = [path for path in MODULES if CODE.facts[path].version is not None]
SCRIPTS = [path.removeprefix("scripts/") for path in MODULES if path.startswith("scripts/")]
RUN = {"network": "unet3d", "loss": "learned(ce + dice)", "recipe": "superpixel", "coarse": True}
DEAR = {
    "fetch kits2019": ("fetch", {"source": "kits2019"}),
    "fetch lidc": ("fetch", {"source": "lidc"}),
    "prepare kits2019": ("prepare", {"source": "kits2019"}),
    "prepare oct_dme": ("prepare", {"source": "oct_dme"}),
    "prepare phantom_nodule": ("prepare", {"source": "phantom_nodule"}),
    "map geols": ("map", {"recipe": "geols"}),
    "soften svls": ("soften", {"recipe": "svls"}),
    "soften wrong_image": ("soften", {"recipe": "wrong_image"}),
    "raters lidc": ("raters", {"source": "lidc"}),
    "train": ("train", {"network": "compact_unet", "loss": "ce", "recipe": "one_hot", "coarse": False}),
    "train coarse": ("train", RUN),
    "posthoc": ("posthoc", {"calibrations": ["isotonic"], "decoders": ["threshold"]}),
    **{
        stage: (stage, {})
        for stage in ("split", "pack", "score", "teach", "try", "choose", "sanity", "ensemble", "laboratory")
    },
}
Mutate = Callable[[str, Callable[[str], str]], dict[str, object]]
Reaching = Callable[[str], tuple[set[str], set[str], set[str]]]
SAMPLE = [*random.Random(0).sample(VERSIONED, 12), "softbench/training/device.py", "softbench/arrays.py"]
SHOWN = ["softbench/tables/cells.py", "softbench/metrics/overlap.py", "softbench/training/scores.py"]
SAMPLE_OF_ALL = [*random.Random(1).sample(MODULES, 12), *SHOWN]


@pytest.fixture(scope="module")
def mutate(tmp_path_factory: pytest.TempPathFactory) -> Mutate:
    """A function that changes the text of a module in a copy of the suite, and gives what all stages answer then."""
    folder = tmp_path_factory.mktemp("suite")
    for room in (*graph.CODE, *graph.DATA):
        shutil.copytree(WORKFLOW / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))

    def answers(path: str, change: Callable[[str], str]) -> dict[str, object]:
        text = (folder / path).read_text(encoding="utf-8")
        (folder / path).write_text(change(text), encoding="utf-8")
        try:
            return answered(Stages(Code(folder, folder / "cache.json")))
        finally:
            (folder / path).write_text(text, encoding="utf-8")

    return answers


def answered(stages: Stages) -> dict[str, object]:
    dear = {name: stages.code.versions(*stages.entries(stage, **named)) for name, (stage, named) in DEAR.items()}
    alone = {f"{name} alone": stages.script(name) for name in SCRIPTS}
    return dear | alone | {name: stages.cheap(name) for name in SCRIPTS}


BEFORE = answered(Stages(CODE))


def changed(after: dict[str, object]) -> set[str]:
    return {name for name in BEFORE if after[name] != BEFORE[name]}


@pytest.fixture(scope="module")
def reaching(followed: Callable[..., set[str]]) -> Reaching:
    """A function of a module: the dear stages that reach it, the scripts, and those of them that infer by way of it."""
    stages = Stages(CODE)
    dear = {name: followed(*stages.entries(stage, **named)) for name, (stage, named) in DEAR.items()}
    cheap = {name: followed(f"scripts/{name}") for name in SCRIPTS}
    inferring, by_inference = {name for name, found in cheap.items() if INFERRING in found}, followed(INFERRING)

    def find(path: str) -> tuple[set[str], set[str], set[str]]:
        scripts = {name for name, found in cheap.items() if path in found}
        infer = scripts & inferring if path in by_inference else set()
        return {name for name, found in dear.items() if path in found}, scripts, infer

    return find


def raised(text: str) -> str:
    assigned = (n for n in ast.parse(text).body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "VERSION")
    value, lines = next(assigned).value, text.splitlines(keepends=True)
    now, new = ast.unparse(value), str(ast.literal_eval(value) + 1)
    lines[value.lineno - 1] = lines[value.lineno - 1].replace(now, new, 1)
    return "".join(lines)


def with_another_constant(text: str) -> str:
    """Change a number that a module says; where it says none, add one."""
    for node in numbers(ast.parse(text)):
        lines = text.splitlines(keepends=True)
        line = lines[node.lineno - 1].encode()
        new = line[: node.col_offset] + f"{node.value + 1!r}".encode() + line[node.end_col_offset :]
        lines[node.lineno - 1] = new.decode()
        return "".join(lines)
    return f"{text}\nADDED = 1\n"


def numbers(tree: ast.Module) -> Iterator[ast.Constant]:
    """Give the numbers of a module, but those of VERSION, of what the schema alone reads, and within texts."""
    waiting: list[ast.AST] = [node for node in tree.body if not names(node) & {"VERSION", *WORDS}]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node
        waiting += [] if isinstance(node, ast.JoinedStr) else ast.iter_child_nodes(node)


def names(node: ast.stmt) -> set[str]:
    """What a statement assigns."""
    targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def check_raised(path: str, mutate: Mutate, reaching: Reaching) -> None:
    dear, scripts, _ = reaching(path)
    assert changed(mutate(path, raised)) == dear | scripts


def check_constant(path: str, mutate: Mutate, reaching: Reaching) -> None:
    _, scripts, infer = reaching(path)
    own = {f"{path.removeprefix('scripts/')} alone"} if path.startswith("scripts/") else set()
    assert changed(mutate(path, with_another_constant)) == (scripts - infer) | own
    assert changed(mutate(path, lambda text: f"{text}\n# words\n")) == set()


@pytest.mark.parametrize("path", SAMPLE)
def test_raised_version(path: str, mutate: Mutate, reaching: Reaching) -> None:
    check_raised(path, mutate, reaching)


@pytest.mark.parametrize("path", SAMPLE_OF_ALL)
def test_changed_constant_and_comment(path: str, mutate: Mutate, reaching: Reaching) -> None:
    check_constant(path, mutate, reaching)


@pytest.mark.torture
@pytest.mark.parametrize("path", VERSIONED)
def test_raised_version_of_any_module(path: str, mutate: Mutate, reaching: Reaching) -> None:
    check_raised(path, mutate, reaching)


@pytest.mark.torture
@pytest.mark.parametrize("path", MODULES)
def test_changed_constant_and_comment_in_any_module(path: str, mutate: Mutate, reaching: Reaching) -> None:
    check_constant(path, mutate, reaching)


def test_every_stage_is_among_those_tried() -> None:
    assert {stage for stage, _ in DEAR.values()} == set(FIRST)
