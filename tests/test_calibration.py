"""Calibration: bins and shares by hand, and what the measure does and does not see."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lossbook.calibration import compared, distance_from, expected_calibration_error, reliability


def test_bins_hold_means_shares_and_counts_by_hand():
    mean, share, count = reliability([0.1, 0.2, 0.45, 0.9, 1.0], [0, 1, 0, 1, 1], bins=2)
    assert_allclose(mean, [0.75 / 3, 0.95])
    assert_allclose(share, [1 / 3, 1])
    assert count.tolist() == [3, 2]


def test_the_error_is_the_mean_gap_weighted_by_the_bins():
    # 3/5 of |0.25 - 1/3| and 2/5 of |0.95 - 1|
    error = expected_calibration_error([0.1, 0.2, 0.45, 0.9, 1.0], [0, 1, 0, 1, 1], bins=2)
    assert_allclose(error, 0.6 * (1 / 3 - 0.25) + 0.4 * 0.05)


def test_a_bin_begins_at_its_lower_edge_and_one_falls_into_the_last():
    assert reliability([0.0, 0.5, 1.0], [0, 1, 1], bins=2)[2].tolist() == [1, 2]


def test_empty_bins_are_left_out():
    mean, share, count = reliability([0.05, 0.95], [0, 1])
    assert_allclose(mean, [0.05, 0.95])
    assert share.tolist() == [0, 1] and count.tolist() == [1, 1]


def test_predicting_the_share_of_positives_has_no_error_though_it_knows_nothing():
    assert expected_calibration_error(np.full(4, 0.25), [1, 0, 0, 0]) == 0
    assert expected_calibration_error([1.0, 0.0, 0.0, 0.0], [0, 1, 1, 1]) == 1


def test_any_shape_is_taken():
    predicted, happened = np.linspace(0, 1, 12), np.arange(12) % 2
    shaped = expected_calibration_error(predicted.reshape(3, 4), happened.reshape(3, 4))
    assert shaped == expected_calibration_error(predicted, happened)


def test_the_distance_is_the_mean_gap_to_the_true_probabilities():
    assert_allclose(distance_from([0.2, 0.9], [0.3, 0.6]), 0.2)
    with pytest.raises(ValueError, match="^predicted: expected the shape"):
        distance_from([0.2], [0.3, 0.6])


def test_the_table_compares_models_row_by_row():
    table = compared({"truth": [0.2, 0.6], "bold": [0.0, 1.0]}, [0, 1], true=[0.2, 0.6])
    assert table.rows == [("truth", "1", "0.300", "0.000"), ("bold", "1", "0.000", "0.300")]


def test_one_half_is_no_answer_yes():
    table = compared({"undecided": [0.5, 0.5, 0.5]}, [0, 0, 1], true=[0.5, 0.5, 0.5])
    assert table.rows[0][:2] == ("undecided", "0.667")


def test_a_distance_is_one_of_probabilities():
    for true, predicted, wrong in (([0.5], [np.nan], "predicted"), ([1.5], [0.5], "true"), ([], [], "true")):
        with pytest.raises(ValueError, match=f"^{wrong}: expected"):
            distance_from(true, predicted)


def test_a_comparison_says_which_argument_is_wrong():
    for argument, arguments in {
        "models": ([[0.5, 0.5]], [0, 1], [0.5, 0.5]),
        "happened": ({"a": [0.2, 0.6, 0.3]}, [0, 1], [0.5] * 3),
        "predicted": ({"a": [0.2, 0.6]}, [0, 1], [0.5] * 3),
    }.items():
        with pytest.raises((TypeError, ValueError), match=f"^{argument}: expected"):
            compared(*arguments)


@pytest.mark.parametrize(
    "argument, arguments",
    [
        ("predicted", ([1.2], [1])),
        ("predicted", ([np.nan], [1])),
        ("predicted", ([], [])),
        ("predicted", (["a"], [1])),
        ("happened", ([0.5], [0.5])),
        ("happened", ([0.5], [1, 0])),
        ("bins", ([0.5], [1], 0)),
        ("bins", ([0.5], [1], 2.5)),
    ],
)
def test_a_wrong_call_says_which_argument_it_was(argument, arguments):
    for measure in (reliability, expected_calibration_error):
        with pytest.raises((TypeError, ValueError), match=f"^{argument}: expected"):
            measure(*arguments)
