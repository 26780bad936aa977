"""What the first table of `run:` needs goes first."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from softbench.plan.bridge import Answers, answers
from softbench.plan.plan import Plan


class Asked(SimpleNamespace):
    """The wildcards of a job."""

    def items(self) -> Any:
        return vars(self).items()


def test_jobs_of_the_first_table_go_first(root: Path) -> None:
    order = answers(Plan.read(root, assignments=["run=[demo_first,demo_body]"])).order
    run = {"experiment": "demo_brain", "network": "compact_unet", "batch": "0"}
    first = [
        Asked(dataset="phantom_brain"),
        Asked(dataset="phantom_brain", soft_label="svls"),
        Asked(**run, method="geols"),
        Asked(table="demo_first"),
    ]
    later = [
        Asked(experiment="demo_brain", network="compact_unet"),  # it shows no row that is not trained
        Asked(dataset="phantom_body"),
        Asked(dataset="phantom_brain", soft_label="superpixel"),
        Asked(**run, method="superpixel"),
        Asked(**{**run, "experiment": "demo_body"}, method="one_hot"),
        Asked(table="demo_body"),
        Asked(page="index"),
        Asked(),
    ]
    assert min(map(order.of, first)) > max(map(order.of, later)) == 0
    own, other = (order.of_map(Asked(dataset="phantom_brain", map=name, shard="0")) for name in ("geodesic", "slic"))
    assert own > max(map(order.of, first))
    assert max(map(order.of, later)) < other < min(map(order.of, first))


def test_rows_that_are_not_trained_go_first_where_they_are_shown(root: Path) -> None:
    order = answers(Plan.read(root, assignments=["run=[demo_labels,demo_body]"])).order
    assert order.of(Asked(experiment="demo_brain", network="compact_unet")) > 0


def test_one_table_alone_has_no_order(root: Path) -> None:
    alone: Answers = answers(Plan.read(root, assignments=["run=[demo_first]"]))
    assert alone.order.of(Asked(table="demo_first")) == 0
