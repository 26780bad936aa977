"""What readers see beside numbers: names of soft labels, controls wrong on purpose, panels of segmentations."""

import pytest
from softbench.plan import shown


@pytest.fixture
def plan(config, accepted):
    return lambda **methods: accepted(config | {"methods": config["methods"] | methods})


def test_soft_label_is_called_after_the_plain_method_that_learns_from_it(plan):
    titles = shown.label_titles(plan(), ["one_hot", "ls_02", "geols", "superpixel", "epd_2", "shuffled"])
    assert titles == {
        "one_hot": "One-hot", "ls_02": "LS (0.2)", "geols": "GeoLS (code)", "superpixel": "Superpixel",
        "epd_2": "EPD (1/2)", "shuffled": "Shuffled labels (control)",
    }  # fmt: skip


def test_plain_method_goes_before_one_with_another_loss(config, accepted):
    first = {"svls_dice": {"title": "SVLS with Dice", "soft_label": "svls", "loss": "ce + dice", "control": None}}
    plan = accepted(config | {"methods": first | config["methods"]})
    assert shown.label_titles(plan, ["svls"]) == {"svls": "SVLS"}


def test_soft_labels_with_one_title_keep_their_names_beside_it(config, accepted):
    config["soft_labels"]["svls_wide"] = {"recipe": "svls", "sigma": 2.0}
    config["methods"]["svls_wide"] = {"title": "SVLS, wide", "soft_label": "svls_wide"}
    plan = accepted(config)
    plan.methods["svls_wide"]["title"] = "SVLS"  # config refuses it
    titles = shown.label_titles(plan, ["svls", "svls_wide", "ls"])
    assert titles == {"svls": "SVLS [svls]", "svls_wide": "SVLS [svls_wide]", "ls": "LS (0.1)"}


def test_soft_label_without_a_method_has_its_name_and_settings(config, accepted):
    config["soft_labels"]["svls_wide"] = {"recipe": "svls", "sigma": 2.0}
    assert shown.label_titles(accepted(config), ["svls_wide"]) == {"svls_wide": "svls_wide (sigma 2.0)"}


def test_controls_that_take_another_cases_labels_or_image_are_wrong_on_purpose(plan):
    made = plan()
    assert [method for method in made.methods if shown.is_wrong(made, method)] == ["wrong_image", "shuffled"]


def test_segmentations_are_of_trained_methods_and_chosen_by_plain_one_hot(plan):
    made = plan()
    (panel,) = shown.segmentation_panels(made, made.runs_of("demo_body"))
    assert (panel["name"], panel["data"]) == ("phantom_body", "results/data/phantom_body")
    assert panel["chosen_by"] == "one_hot"
    assert list(panel["runs"]) == [key for key in made.methods_of("demo_body") if key not in ("chance", "oracle")]
    batch = "results/runs/demo_body/compact_unet/svls/batch-0.json"
    assert panel["runs"]["svls"] == {"title": "SVLS", "batches": [batch]}


def test_segmentations_of_a_table_of_ensembles_are_those_of_ensembles(config, accepted):
    config["tables"]["demo_brain"]["prediction"] = "ensemble"
    made = accepted(config)
    (panel,) = shown.segmentation_panels(made, made.runs_of("demo_brain"), made.ensembles_of("demo_brain"))
    assert panel["runs"]["svls"]["ensemble"] == "results/runs/demo_brain/compact_unet/ensembles.json"


def test_data_sets_experiments_and_networks_are_told_apart(plan):
    made = plan()
    one, two = ("demo_body", "compact_unet", "svls"), ("demo_brain", "compact_unet", "svls")
    made.experiments["again"] = made.experiments["demo_body"]
    again = ("again", "compact_unet", "svls")
    names = [[one["name"] for one in shown.segmentation_panels(made, runs)] for runs in ((one, two), (one, again))]
    assert names == [["phantom_body", "phantom_brain"], ["phantom_body (demo_body)", "phantom_body (again)"]]
    (first, second) = shown.segmentation_panels(made, [one, ("demo_body", "vnet", "svls")])
    assert (first["name"], second["name"]) == ("phantom_body, compact_unet", "phantom_body, vnet")
