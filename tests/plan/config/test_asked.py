"""`methods: all` means config/methods.yaml and what the user writes; other methods are run where they are named."""

import re
from collections.abc import Callable

import pytest
from softbench import InputError
from softbench.plan.config import Config

Configured = Callable[..., Config]

FILES = {
    "config/methods.yaml": "methods: {one_hot: {}, ls: {}, s: {sweep: {a: [1]}, title: '{a}'}}\n",
    "config/papers/svls.yaml": "methods: {rater_1: {}, rater_2: {}}\n",
    "config/variants.yaml": "methods: {resampled: {}}\n",
    "config.yaml": "methods: {mine: {}, rater_2: {title: T}, t: {sweep: {a: [{0: mine}, 5]}, title: '{a}'}}\n",
    "other.yaml": "methods: {others: {}}\n",
}


def test_methods_of_papers_and_sweeps_are_run_by_name_and_those_of_the_user_by_all(configured: Configured) -> None:
    found = configured(FILES, ("other.yaml",), ("methods={last: {}}",))
    assert found.by_name == {"s_1", "rater_1", "rater_2", "resampled", "t_5"}
    assert {"one_hot", "ls", "mine", "others", "last"} == set(found.values["methods"]) - found.by_name


def test_old_key_that_says_what_holds_anyway_is_read(configured: Configured) -> None:
    old = "methods: {one_hot: {on_request: false}, rater_1: {on_request: true, loss: ce}}\n"
    found = configured({**FILES, "config.yaml": old})
    assert (found.values["methods"]["rater_1"], found.values["methods"]["one_hot"]) == ({"loss": "ce"}, {})


@pytest.mark.parametrize(
    ("old", "what"),
    [
        (
            "methods:\n  mine: {on_request: true}\n",
            "config.yaml, line 2: methods.mine.on_request is gone. Delete it: a method that only experiments that "
            "name it run stands in a file of its own in config/, e.g. config/mine.yaml; one of config.yaml is run by "
            "all that say "
            "`methods: all` and not `except: [mine]`.",
        ),
        (
            "methods:\n  ls: {on_request: true}\n",
            "config.yaml, line 2: methods.ls.on_request is gone.",
        ),
        (
            "methods:\n  rater_1: {on_request: false}\n",
            "config.yaml, line 2: methods.rater_1.on_request is gone. Delete it: for `methods: all` to mean it, write "
            "`my_rater_1: {like: rater_1}` in `methods` of config.yaml.",
        ),
    ],
)  # fmt: skip
def test_old_key_that_says_otherwise_is_refused_with_what_to_write(old: str, what: str, configured: Configured) -> None:
    with pytest.raises(InputError, match="^" + re.escape(what)):
        configured({**FILES, "config.yaml": old})


def test_what_that_message_says_works(configured: Configured) -> None:
    written = {"config/mine.yaml": "methods: {own: {}}\n", "config.yaml": "methods: {my_rater_1: {like: rater_1}}\n"}
    found = configured({**FILES, **written})
    assert "own" in found.by_name
    assert "my_rater_1" not in found.by_name


def test_old_key_in_the_catalogue_is_refused(configured: Configured) -> None:
    with pytest.raises(InputError, match=r"^config/papers/svls\.yaml, line 1: methods\.rater_1\.on_request is gone"):
        configured({**FILES, "config/papers/svls.yaml": "methods: {rater_1: {on_request: true}}\n"})
