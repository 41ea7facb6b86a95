"""The data are those of their sources: counts and means as published."""

import numpy as np
import pytest

from lossbook import data


def test_penguins_have_the_published_counts_and_means():
    measurements, species = data.penguins()
    assert np.bincount(species).tolist() == [151, 68, 123]
    bill_lengths = [measurements[species == number, 0].mean() for number in range(3)]
    assert bill_lengths == pytest.approx([38.79, 48.83, 47.50], abs=0.005)
    masses = [measurements[species == number, 3].mean() for number in range(3)]
    assert masses == pytest.approx([3700.66, 3733.09, 5076.02], abs=0.005)


def test_telephone_calls_rise_until_another_unit_is_recorded():
    assert len(data.CALLS) == len(data.YEARS) == 24
    assert data.CALLS[data.YEARS == 1964] == 11.9
    assert data.YEARS[data.CALLS > 10].tolist() == list(range(1964, 1970))


def test_pictures_are_one_hot_and_models_give_distributions():
    assert (data.PICTURES.sum(axis=1) == 1).all()
    for model in data.MODELS.values():
        assert np.allclose(model.sum(axis=1), 1, atol=1e-15)
