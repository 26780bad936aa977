"""Config files as an earlier version wrote them make the same plan, or name the key that is gone."""

from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan import config, modules
from softbench.plan.plan import Plan

HERE = Path(__file__).parent
ROOT = modules.PACKAGE.parents[1]
THEN = HERE / "configs/config.yaml"
CHANGED = """
soft_labels:
  ls: {recipe: ls, alpha: 0.15}
  superpixel_mine: &mine {recipe: superpixel, map: slic, distance: centre, normalise: sum}
  superpixel_own: {<<: *mine, normalise: none}
methods:
  superpixel_own: {title: Own, soft_label: superpixel_own, loss: ce, control: one_hot}
experiments:
  demo_brain: {methods: [one_hot, ls, superpixel_own], except: [], seeds: [0, 1]}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Today's suite with that version's config.yaml in the place of ours."""
    place = tmp_path_factory.mktemp("place")
    for path in ROOT.iterdir():
        if path.name in ("workflow", "config", "Snakefile"):
            (place / path.name).symlink_to(path)
    (place / "config.yaml").write_text(THEN.read_text())
    return place


TOLD = r"also holds 1\d\d entries of config/, where they stand now: .* Delete from it all that you did not change"


def test_whole_config_of_then_is_told_what_to_keep_of_it(place: Path) -> None:
    """The catalogue has gained figures that its experiments lack; the last sentence says what to do."""
    with pytest.raises(InputError, match=f"config.yaml {TOLD}"):
        Plan.read(place)


def test_copy_of_it_as_configfile_is_told_the_same(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    copy.write_text(THEN.read_text().replace("ls: {recipe: ls, alpha: 0.1}", "ls: {recipe: ls, alpha: 0.15}"))
    with pytest.raises(InputError, match=rf"mine\.yaml {TOLD}"):
        Plan.read(ROOT, [copy])


def test_lines_that_were_changed_in_it_work_by_themselves(place: Path) -> None:
    """Behind the settings of today: sections as they stood there, with anchors, an entry changed and entries added."""
    (place / "config.yaml").write_text((ROOT / "config.yaml").read_text() + CHANGED)
    plan = Plan.read(place)
    assert plan.soft_labels["ls"]["alpha"] == 0.15
    assert plan.soft_labels["superpixel_own"]["distance"] == "centre"
    assert plan.methods_of("demo_brain") == ["one_hot", "ls", "superpixel_own"]
    assert plan.seeds_of("demo_brain") == [0, 1]


@pytest.mark.parametrize(("said", "line"), [("true", 3), ("false", 3)])
def test_on_request_is_told_what_says_so_now(tmp_path: Path, said: str, line: int) -> None:
    name = "svls_wide" if said == "true" else "one_hot_rater_1"
    own = tmp_path / "own.yaml"
    own.write_text(f"# mine\nmethods:\n  {name}: {{soft_label: svls, on_request: {said}}}\n")
    with pytest.raises(InputError, match=rf"own\.yaml, line {line}: methods\.{name}\.on_request is gone\. Delete it: "):
        Plan.read(ROOT, [own])


def test_on_request_of_a_method_that_still_is_may_stay(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("methods: {one_hot_rater_1: {title: Mine, on_request: true}}\n")
    plan = Plan.read(ROOT, [own])
    assert plan.methods["one_hot_rater_1"]["title"] == "Mine"
    assert "one_hot_rater_1" not in plan.methods_of("demo_brain")


def test_seeds_of_the_command_line_count() -> None:
    plan = Plan.read(ROOT, (), ["experiments={demo_brain: {seeds: [0,1]}}"])
    assert plan.seeds_of("demo_brain") == [0, 1]


def test_old_key_of_a_protocol_is_refused_with_its_new_name() -> None:
    said = r"few\.yaml, line 7: protocols\.few\.crop is called 'patch_size' now\. Rename it"
    with pytest.raises(InputError, match=said):
        config.check(config.read(ROOT, [HERE / "configs/few.yaml"]))


def test_config_of_ones_own_is_planned_whole(make_earlier) -> None:
    """Its data set, soft labels, maps, methods (all but some), table and figures."""
    clone = make_earlier("own", over=("plugins",), beside=("configs",))
    figures = [f"results/figures/{name}.png" for name in ("own_labels", "own_sweep")]
    jobs = clone.jobs("own", *figures, config="configs/own.yaml")
    assert {"fetch_mine", "prepare_mine", "map_rims", "soften_near_image", "soften_near_pl"} <= set(jobs)
    assert (jobs["soften_near"], jobs["soften_rims"], jobs["soften_svls"], jobs["figure"]) == (1, 1, 2, 2)
    assert not {"soften_moh", "soften_msvls", "soften_superpixel"} & set(jobs)


def test_config_that_make_dataset_wrote_is_planned(make_earlier) -> None:
    clone = make_earlier("templates", over=("plugins",), beside=("configs",))
    jobs = clone.jobs("mine", "--config", f"folders={{mine: {clone.path / 'data'}}}", config="configs/mine.yaml")
    assert (jobs["fetch_mine"], jobs["prepare_mine"], jobs["table"]) == (1, 1, 1)


def test_config_that_make_network_wrote_is_planned(make_earlier) -> None:
    jobs = make_earlier("network", over=("plugins",), beside=("configs",)).jobs(
        "near_net", config="configs/near_net.yaml"
    )
    assert (jobs["train"], jobs["score_sanity"], jobs["table"]) == (3, 1, 1)
