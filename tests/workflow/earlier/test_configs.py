"""Config files as an earlier version wrote them make the same plan, or name the key that is gone."""

import re
from pathlib import Path

import pytest
from softbench.plan import folder, modules
from softbench.plan.plan import Plan

HERE = Path(__file__).parent
ROOT = modules.PACKAGE.parents[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Today's suite with that version's config.yaml in the place of ours."""
    place = tmp_path_factory.mktemp("place")
    for path in ROOT.iterdir():
        if path.name in ("workflow", "config", "Snakefile"):
            (place / path.name).symlink_to(path)
    (place / "config.yaml").write_text((HERE / "configs/config.yaml").read_text())
    return place


@pytest.fixture(scope="module")
def plan(place: Path) -> Plan:
    return folder.read(place)


def test_whole_config_of_then_is_read(plan: Plan) -> None:
    assert plan.config["run"] == ["demo_brain", "demo_nodule", "demo_body", "svls_2_phantom"]
    assert {"svls_1", "svls_1_open", "epd_1_phantom"} <= set(plan.paper_tables)


def test_methods_on_request_are_still_left_out_of_all(plan: Plan) -> None:
    shown = set(plan.methods_of("demo_brain"))
    then = (HERE / "configs/config.yaml").read_text()
    asked = set(re.findall(r"^  (\w+): \{.*on_request: true\}", then, re.MULTILINE))
    assert len(asked) > 20
    assert not asked & shown
    assert {"one_hot", "svls", "epd_2", "oracle"} <= shown


def test_edit_of_that_file_counts(place: Path) -> None:
    own = place / "config.yaml"
    text = own.read_text()
    own.write_text(text.replace("ls: {recipe: ls, alpha: 0.1}", "ls: {recipe: ls, alpha: 0.15}"))
    changed = folder.read(place)
    own.write_text(text)
    assert changed.soft_labels["ls"]["alpha"] == 0.15


def test_seeds_of_the_command_line_count(place: Path) -> None:
    for folder_of in (place, ROOT):
        plan = folder.read(folder_of, (), ["experiments={demo_brain: {seeds: [0,1]}}"])
        assert plan.seeds_of("demo_brain") == [0, 1]


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
    assert (jobs["train"], jobs["score_sanity"], jobs["table"]) == (3, 2, 1)
