"""Each contract finds what breaks it, and says what was found and what to do."""

import pytest
from softbench.tools.check.contracts import CONTRACTS, ContractError, small_cases

DONE = ".astype(np.float32)\n\n\nsoften_batch"
SHARE = "((1 - share) * target + share * near)"
BROKEN = [  # contract, text of the template, what stands there instead, what is said
    ("constants", 'KIND = "computed"', 'KIND = "cheap"', "KIND is 'cheap'. Set it to 'computed' or 'mapped'"),
    ("constants", "VERSION = 1 ", "VERSION = None ", "VERSION is None. Set it to 1"),
    ("shape and range", DONE, DONE.replace("\n", "[1:]\n", 1), r"the shape is \(3, .*must be \(4, .*class first"),
    ("shape and range", ".astype(np.float32)", ".astype(np.float64)", "the type is float64"),
    ("shape and range", SHARE, f"({SHARE} * np.nan)", "values are NaN or infinite"),
    ("shape and range", SHARE, f"({SHARE} * 3 - 0.5)", "the values span -0.5 to 2.5"),
    ("sums to 1", SHARE, f"({SHARE} / 2)", "but they sum to 0.5 to 0.5. Divide by the sum over classes"),
    ("defaults", '"share": 0.3', '"share": 0.2', "soften without settings and with SETTINGS"),
    ("same again", SHARE, f"({SHARE} * np.random.uniform(0.9, 1))", "take random numbers from a `seed`"),
    ("inputs untouched", "require_fraction(", "labels[:] = 0\n    require_fraction(", "soften changes `labels`"),
    ("background", SHARE, SHARE + "[::-1]", "where all is class 0, another wins in 90 of 90 voxels"),
    ("one class", "return (", "target[2] = near[2] = 0\n    return (", "where all is class 2, another wins"),
    ("single voxel", "share: float = 0.3", "share: float = 0.9", "keeps 0.2 of it, less than 0.5: small"),
    ("small grids", "require_fraction(", "labels[0, 8]\n    require_fraction(", "out of bounds"),
    ("tensors", "@for_tensors_too\n", "", "."),
    ("flips", SHARE, SHARE.replace("near", "np.roll(near, 1, -1)"), "where that is meant, declare `DIRECTED = True`"),
    ("quarter turns", "size=3", "size=(*[1] * (channel.ndim - 1), 3)", "turned labels do not give"),
    ("batches", "= batched(soften)", "= batched(__import__('functools').partial(soften, share=0))", "below"),
    ("raters", "one_rater(labels, spacing_mm, classes)", "labels[0]", "it took them without an error. Of two raters"),
    ("unknown setting", "share: float = 0.3\n)", "share: float = 0.3, **more: float\n)", "Name each setting in its"),
    ("unknown classes", "one_rater(labels,", "one_rater(np.minimum(labels, 3),", "an unknown class"),
    ("float labels", "one_rater(labels,", "one_rater(labels.astype(np.uint8),", "Of float labels: Take the label map"),
    ("bad spacing", "one_rater(labels, spacing_mm,", "one_rater(labels, [1.0] * (labels.ndim - 1),", "Of the spacing"),
]  # fmt: skip


@pytest.mark.parametrize(("contract", "old", "new", "said"), BROKEN)
def test_broken_recipe_is_found(contract: str, old: str, new: str, said: str, changed) -> None:
    with pytest.raises((ContractError, IndexError, AttributeError, TypeError), match=said):
        CONTRACTS[contract].check(changed(old, new), small_cases()["2-D"])


def test_image_that_nobody_checks_is_found(changed) -> None:
    module = changed("require_image(image, label_map)", "np.nan_to_num(image)", form="image")
    with pytest.raises(AttributeError):  # of None; the command tells it as a crash
        CONTRACTS["bad images"].check(module, small_cases()["2-D"])


def test_declared_exceptions_are_taken(changed) -> None:
    module = changed("share: float = 0.3", "share: float = 0.9")
    module.SINGLE_VOXEL_KEEPS = 0.2
    CONTRACTS["single voxel"].check(module, small_cases()["2-D"])
    module.DIRECTED = True
    assert CONTRACTS["flips"].left_out(module) == "declares a direction"
