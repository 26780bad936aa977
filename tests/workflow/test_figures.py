"""Each figure of the papers is a target by its name, and runs on what there is."""

from softbench.plan.config import read


def test_every_figure_and_its_rehearsal_is_a_target_and_missing_data_stops_none(make_clone, root) -> None:
    clone = make_clone("figures")
    names = list(read(root).values["figures"])
    assert {"svls_fig_5", "geols_fig_3", "superpixel_fig_4", "epd_fig_4"} <= set(names)
    here = [f"results/figures/{name}.png" for name in names]
    jobs = clone.jobs(*here, "--config", "data=here")
    kinds = {name: count for name, count in jobs.items() if name.startswith("figure")}
    assert sum(kinds.values()) == len(names)
    assert jobs == kinds  # without data nothing is trained
    rehearsals = clone.jobs(
        *(f"results/figures/{name}_phantom.pdf" for name in ("svls_fig_1", "epd_fig_3", "epd_fig_4"))
    )
    assert (rehearsals["figure"], rehearsals["figure_of_predictions"]) == (2, 1)
    assert rehearsals["train"] == 6  # the arms of EPD's Fig. 4
    assert not [name for name in rehearsals if name.startswith("fetch_")]
