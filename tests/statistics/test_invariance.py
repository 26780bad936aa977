"""Reordering, adding or removing methods changes no other row's numbers."""

import numpy as np
import pandas as pd
import pytest
from softbench.statistics import crossed_difference, difference, equivalence, new_patients, pair, summarise

NAN = float("nan")
NAMES = ["one_hot", "ls", "svls", "geols", "focal"]


@pytest.fixture(scope="module")
def scores(tidy):
    """Five methods with undefined and penalised values here and there; the last lacks a seed."""
    rng = np.random.default_rng(0)
    values = {name: rng.lognormal(1, 0.4, (5, 34)) for name in NAMES}
    for value in values.values():
        value[rng.integers(5), rng.integers(34)] = NAN
    values["focal"] = values["focal"][:4]
    return tidy("hd95", **values).assign(penalised=lambda rows: rows["value"] > 5)


def numbers(scores, method):
    """All that a row of a table holds, but for adjusted p, ranks and bold; as text, so that NaN equals NaN."""
    gap = difference(scores, method, "one_hot", "hd95")
    row = summarise(scores).set_index("method").loc[method].to_dict()
    apart = [crossed_difference, new_patients]
    return [
        *map(repr, (row, gap, equivalence(gap, 0.1))),
        *(repr(f(pair(scores, method, "one_hot", "hd95"))) for f in apart),
    ]


@pytest.mark.parametrize("method", ["ls", "focal"])
def test_adding_and_removing_methods_changes_nothing(scores, tidy, method):
    alone = scores[scores["method"].isin([method, "one_hot"])]
    wild = tidy("hd95", new=np.array([[np.inf, NAN, 0.0]])).assign(penalised=[True, False, False])
    assert numbers(alone, method) == numbers(scores, method) == numbers(pd.concat([wild, scores]), method)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(scores, seed):
    order = np.random.default_rng(seed).permutation(len(scores))
    assert numbers(scores.iloc[order], "svls") == numbers(scores, "svls")


def test_a_method_and_its_control_exchanged_change_the_sign_alone(scores):
    forth, back = (difference(scores, *pair, "hd95") for pair in (("ls", "svls"), ("svls", "ls")))
    assert (forth.mean, forth.low, forth.high, forth.p) == (-back.mean, -back.high, -back.low, back.p)
    forth, back = (crossed_difference(pair(scores, *two, "hd95")) for two in (("ls", "svls"), ("svls", "ls")))
    assert (forth.mean, forth.low, forth.high, forth.p) == (-back.mean, -back.high, -back.low, back.p)
