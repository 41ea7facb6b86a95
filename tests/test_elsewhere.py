"""The names and factors of other libraries are what their definitions say."""

import pytest

from lossbook import losses
from lossbook.elsewhere import NAMES, names
from lossbook.notation import TARGETS_SUM_TO_ONE
from lossbook.proof import equal


@pytest.mark.parametrize("name", NAMES, ids=lambda name: f"{name.library} {name.name}")
def test_a_definition_elsewhere_is_its_factor_times_ours(name):
    loss = losses.catalogue[name.loss]
    given = [TARGETS_SUM_TO_ONE] if loss.target is losses.softmax_cross_entropy.target else []
    assert equal(name.definition, name.factor * loss.expression, given)
    assert not equal(name.definition, 2 * name.factor * loss.expression, given)


def test_huber_has_four_names_and_a_factor():
    factors = {(name.library, name.name): str(name.factor) for name in names(losses.huber)}
    assert factors["PyTorch", "SmoothL1Loss(beta=delta)"] == "1/delta"
    assert factors["PyTorch", "HuberLoss(delta)"] == "1"
