"""What `softbench explain` says of a cell's line in the csv."""

import argparse

from softbench.tools.explain import given
from softbench.tools.explain.chain import UNTESTED, _cell


def test_difference_without_a_test_is_not_said_to_be_within_noise() -> None:
    row = {"method": "svls", "control": "one_hot", "difference": "0.01", "p": "", "p_holm": "", "beyond_noise": "False"}
    assert _cell(row)["beyond_noise"] == UNTESTED
    assert _cell({**row, "p": "0.2", "p_holm": "0.4"})["beyond_noise"] is False
    assert _cell({**row, "p": "0.001", "p_holm": "0.01", "beyond_noise": "True"})["beyond_noise"] is True
    assert "beyond_noise" not in _cell({"method": "one_hot", "beyond_noise": ""})


def test_commands_repeat_the_config_that_was_given() -> None:
    options = argparse.Namespace(configfile=["mine.yaml"], config=["experiments={a: {seeds: [0]}}"])
    assert given(options) == " --configfile mine.yaml --config 'experiments={a: {seeds: [0]}}'"
    assert given(argparse.Namespace(configfile=[], config=[])) == ""
