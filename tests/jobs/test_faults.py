"""One line for each kind of fault, with a count and three names; other faults are not mixed in."""

import pickle

from softbench.errors import InputError, in_words
from softbench.jobs.faults import Fault, FileError, fault, group, lines

CASES = [f"case_{number:03}" for number in range(100)]


def test_a_fault_of_a_hundred_files_is_one_line_with_a_count_and_three_names() -> None:
    faults = [
        Fault("predictions p", case, f"p/{case}.nii.gz holds 255 in {number} % of it. Say so.")
        for number, case in enumerate(CASES)
    ]
    assert lines(faults) == [
        "- predictions p, 100 cases (case_000, case_001, case_002 and 97 more), the first: p/case_000.nii.gz holds 255 "
        "in 0 % of it. Say so."
    ]


def test_other_faults_have_lines_of_their_own() -> None:
    faults = [
        Fault("predictions p", "a", "p/a.nii.gz is cut short."),
        Fault("predictions p", "b", "p/b.nii holds NaN.", "NaN"),
        Fault("predictions p", "c", "p/c.npz is cut short."),
        Fault("predictions p", "d", "p/d.nii holds NaN.", "infinity"),
        Fault("references", "a", "r/a.nii.gz is cut short."),
        Fault("references", "a", "r/a.nii.gz is cut short."),  # found once for each method
        Fault("predictions q", "", "there is no such folder."),
    ]
    assert lines(faults) == [
        "- predictions p, 2 cases (a and c), the first: p/a.nii.gz is cut short.",
        "- predictions p, case b: p/b.nii holds NaN.",
        "- predictions p, case d: p/d.nii holds NaN.",
        "- references, case a: r/a.nii.gz is cut short.",
        "- predictions q: there is no such folder.",
    ]


def test_words_that_cases_share_say_nothing_of_a_first() -> None:
    assert lines([Fault("p", case, "no prediction. Predict it.") for case in "abcd"]) == [
        "- p, 4 cases (a, b, c and 1 more): no prediction. Predict it."
    ]


def test_the_reason_is_the_first_sentence() -> None:
    assert Fault("p", "a", "p/a.nii.gz: it sums to 1.5. Write it so.").reason == "p/a.nii.gz: it sums to 1.5"


def test_kind_comes_with_the_error_also_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(FileError("it holds 255.", "ids 255")))
    assert fault("p", "a", error) == Fault("p", "a", "it holds 255.", "ids 255")
    assert fault("p", "a", InputError("cut short.")).kind == ""
    assert len(group([fault("p", "a", error), fault("p", "b", FileError("it holds 254.", "ids 254"))])) == 2


def test_lists_have_commas_and_one_and() -> None:
    assert in_words(["hnf", "isen", "sanet"]) == "hnf, isen and sanet"
    assert in_words(["hnf", "isen"]) == "hnf and isen"
    assert in_words([".nii", ".npz"], "or") == ".nii or .npz"
    assert (in_words(["hnf"]), in_words([])) == ("hnf", "")
