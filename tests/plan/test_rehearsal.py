"""A rehearsal is its experiment in small."""

from softbench.plan.forms import add_rehearsals

PROTOCOLS = {"long": {"epochs": 200, "batch": 4, "patch_size": [128, 192, 192], "flips": ["W"]}}
PAPER = {
    "dataset": "big", "split": "authors", "protocol": "long", "networks": ["unet3d"], "methods": ["one_hot", "ls"],
    "rehearsal": {
        "dataset": "small", "networks": ["tiny"], "seeds": [0], "protocol": {"epochs": 2, "patch_size": [8, 8, 8]}
    },
}  # fmt: skip


def test_rehearsal_has_the_methods_of_its_experiment_and_its_own_data() -> None:
    experiments, protocols = add_rehearsals({"paper": PAPER}, PROTOCOLS)
    assert experiments["paper_phantom"] == {
        "dataset": "small", "split": "main", "protocol": "paper_phantom", "networks": ["tiny"], "seeds": [0],
        "methods": ["one_hot", "ls"],
    }  # fmt: skip
    assert protocols["paper_phantom"] == {"epochs": 2, "batch": 4, "patch_size": [8, 8, 8], "flips": ["W"]}


def test_rehearsal_in_epochs_replaces_a_length_in_steps() -> None:
    _, protocols = add_rehearsals({"paper": PAPER}, {"long": {"steps": 25_000, "batch": 2, "patch_size": [8, 8, 8]}})
    assert protocols["paper_phantom"] == {"epochs": 2, "batch": 2, "patch_size": [8, 8, 8]}
    longer = {**PAPER, "rehearsal": {"dataset": "small", "protocol": {"batch": 1}}}
    assert add_rehearsals({"paper": longer}, {"long": {"steps": 9, "batch": 2}})[1]["paper_phantom"]["steps"] == 9


def test_experiment_itself_is_what_it_would_be_without() -> None:
    experiments, protocols = add_rehearsals({"paper": PAPER}, PROTOCOLS)
    assert experiments["paper"] == {key: value for key, value in PAPER.items() if key != "rehearsal"}
    assert protocols["long"] == PROTOCOLS["long"]
    assert "rehearsal" in PAPER
