"""What each stage of the suite depends on, found from imports alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from softbench import InputError, datasets, losses, networks, soft_labels
from softbench.plan.code import Code, Stages
from softbench.plan.code.stages import FIRST, INFERRING
from softbench.training.posthoc.asked import CALIBRATIONS, DECODERS

S = "softbench/"
RUN = {"network": "compact_unet", "loss": "ce + dice", "recipe": "svls", "coarse": False}
RECIPE = {"map", "soften"}


def stages_of_all() -> Iterator[tuple[str, dict]]:
    """Every dear stage with each source, recipe, network and loss that it can name."""
    for source in datasets.names():
        yield "prepare", {"source": source}
        if not source.startswith("phantom_"):
            yield "fetch", {"source": source}
    for recipe in soft_labels.names():
        yield "soften", {"recipe": recipe}
        yield "map", {"recipe": recipe}
        yield "train", RUN | {"recipe": recipe}
    yield from (("train", RUN | {"network": network, "coarse": True}) for network in networks.names())
    yield from (("train", RUN | {"loss": loss}) for loss in (*losses.names(), "learned(l1 + soft_dice)"))
    yield from ((stage, {}) for stage in ("split", "pack", "score", "sanity", "ensemble"))
    yield "posthoc", {"calibrations": CALIBRATIONS, "decoders": DECODERS}


ALL = list(stages_of_all())


@pytest.mark.parametrize(("stage", "named"), ALL, ids=[f"{stage} {'-'.join(map(str, n.values()))}" for stage, n in ALL])
def test_each_module_that_a_dear_stage_reaches_says_its_version_or_that_it_decides_no_number(
    stage: str, named: dict, code: Code, stages: Stages
) -> None:
    undeclared = code.undeclared(*stages.entries(stage, **named))
    assert undeclared == [], "write `VERSION = 1` into each, or `VERSION = None  # why it decides no number`"


def test_each_module_that_inferring_figures_reach_says_its_version(code: Code) -> None:
    assert code.undeclared(INFERRING) == []


def test_none_says_why(code: Code, workflow: Path) -> None:
    for path, facts in code.facts.items():
        if facts.declares and facts.version is None:
            (line,) = [one for one in (workflow / path).read_text().splitlines() if one.startswith("VERSION = ")]
            assert line.startswith("VERSION = None  # "), path


@pytest.mark.parametrize("recipe", soft_labels.names())
def test_stages_of_recipe_reach_its_module_and_of_no_other_recipe(recipe: str, code: Code, stages: Stages) -> None:
    others = {f"{S}soft_labels/{name}.py" for name in soft_labels.names() if name != recipe}
    own = code.reached(f"{S}soft_labels/{recipe}.py")
    for stage, named in (("soften", {}), ("map", {}), ("train", RUN)):
        reached = code.reached(*stages.entries(stage, **{**named, "recipe": recipe}))
        assert f"{S}soft_labels/{recipe}.py" in reached
        assert reached & others <= own


def test_new_recipe_source_loss_or_network_changes_nothing_of_the_others(
    code: Code, stages: Stages, workflow: Path, tree: Callable[[dict[str, str]], Path]
) -> None:
    files = {path: (workflow / path).read_text(encoding="utf-8") for path in code.facts}
    new = {
        f"{S}soft_labels/mine.py": "VERSION = 5\ndef soften(): ...",
        f"{S}datasets/mine.py": 'VERSION = 5\nACCESS = "own"',
        f"{S}losses/mine.py": "VERSION = 5",
        f"{S}networks/mine.py": "VERSION = 5\ndef build(): ...",
        f"{S}datasets/phantoms/mine.py": 'VERSION = 5\nACCESS = "made"',
    }
    after = Stages(Code(tree(files | new)))
    for stage, named in ALL:
        versions = after.code.versions(*after.entries(stage, **named))
        assert versions == code.versions(*stages.entries(stage, **named))
    assert (
        after.soften("mine")[f"{S}soft_labels/mine.py"]
        == after.versions("prepare", source="mine")[f"{S}datasets/mine.py"]
        == 5
    )
    for script in (path.removeprefix("scripts/") for path in files if path.startswith("scripts/")):
        assert after.cheap(script) == stages.cheap(script)


def test_training_reaches_no_metric_and_scoring_nothing_that_trains(code: Code, stages: Stages) -> None:
    train, score = code.reached(*stages.entries("train", **RUN)), code.reached(*stages.entries("score"))
    assert [path for path in train if path.startswith(f"{S}metrics/")] == []
    assert {f"{S}metrics/overlap.py", f"{S}training/scoring.py"} <= score
    assert not {f"{S}training/{name}.py" for name in ("loop", "weights", "batches", "parts", "augment")} & score
    assert {
        f"{S}training/{name}.py" for name in ("loop", "weights", "batches", "parts", "augment", "protocol")
    } <= train


def test_only_a_coarse_method_depends_on_the_coarse_grid_and_learned_weights_on_the_loss_that_has_them(
    code: Code, stages: Stages
) -> None:
    coarse, learned = f"{S}training/coarse.py", f"{S}losses/learned_weights.py"
    plain = code.reached(*stages.entries("train", **RUN))
    assert not {coarse, learned, f"{S}resolution.py"} & plain
    assert coarse in code.reached(*stages.entries("train", **RUN | {"coarse": True}))
    assert learned in code.reached(*stages.entries("train", **RUN | {"loss": "learned(l1 + dice)"}))


@pytest.mark.parametrize("room", ["calibrations", "decoders"])
def test_calibration_or_decoder_decides_its_own_pieces_and_those_of_no_other(
    room: str, code: Code, stages: Stages, workflow: Path
) -> None:
    folder = f"{S}training/posthoc/{room}"
    names = [path.stem for path in (workflow / folder).glob("[!_]*.py")]
    assert set(names) == set(CALIBRATIONS if room == "calibrations" else DECODERS)
    for name in names:
        reached = code.reached(*stages.entries("posthoc", **{room: [name]}))
        assert {path for path in reached if path.startswith(f"{folder}/") and "__init__" not in path} == {
            f"{folder}/{name}.py"
        }


def test_measures_of_soft_labels_decide_no_map_and_no_weights(code: Code, stages: Stages) -> None:
    measures = f"{S}soft_labels/measures.py"
    assert measures in code.reached(*stages.entries("soften", recipe="svls"))
    for stage, named in (("map", {"recipe": "geols"}), ("train", RUN), ("fetch", {"source": "kits2019"})):
        assert measures not in code.reached(*stages.entries(stage, **named))


@pytest.mark.parametrize(
    "stage", ["fetch", "prepare", "split", "map", "soften", "train", "score", "sanity", "ensemble"]
)
def test_answers_of_each_stage_are_those_of_its_entries(stage: str, code: Code, stages: Stages) -> None:
    named = {"fetch": {"source": "kits2019"}, "prepare": {"source": "phantom_brain"}, "train": RUN}
    of_stage = named.get(stage, {"recipe": "geols"} if stage in RECIPE else {})
    found = getattr(stages, stage)("geols") if stage in RECIPE else stages.versions(stage, **of_stage)
    assert found == code.versions(*stages.entries(stage, **of_stage))
    assert set(stages.entries(stage, **of_stage)) > {FIRST[stage]} or not of_stage


def test_recipe_without_a_module_counts_by_what_all_soft_labels_share(stages: Stages) -> None:
    assert stages.entries("soften", recipe="a_perl_program") == (FIRST["soften"],)


def test_source_that_does_not_exist_is_named(stages: Stages) -> None:
    with pytest.raises(InputError, match=r"datasets/sources/kits2018\.py is named by a rule but does not exist"):
        stages.versions("fetch", source="kits2018")


@pytest.mark.parametrize("script", ["figure_probabilities.py", "figure_discrepancy.py"])
def test_figure_that_infers_counts_the_network_by_versions(script: str, code: Code, stages: Stages) -> None:
    found = stages.cheap(script)
    assert set(found) > {"code"}
    assert {path: n for path, n in found.items() if path != "code"} == code.versions(INFERRING)


def test_table_reaches_what_decides_what_is_bold_and_a_page_its_templates(code: Code) -> None:
    assert f"{S}tables/cells.py" in code.reached("scripts/table.py")
    page = code.reached("scripts/report.py")
    assert {path.rpartition(".")[2] for path in page} == {"py", "j2", "css", "js"}


def test_script_alone_tells_how_a_stage_is_called(stages: Stages, code: Code) -> None:
    assert stages.script("train.py") == code.facts["scripts/train.py"].fingerprint
