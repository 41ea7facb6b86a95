"""The names and factors of other libraries are what their definitions say."""

import pytest

from lossbook import losses
from lossbook.elsewhere import NAMES, names
from lossbook.notation import TARGETS_SUM_TO_ONE, target
from lossbook.proof import equal

WITHOUT_NAME = ("sigmoid_squared_error", "softmax_squared_error")
IDENTIFIERS = [f"{name.library} {name.name}" for name in NAMES]


@pytest.mark.thorough(one_case_in=3)
@pytest.mark.parametrize("name", NAMES, ids=IDENTIFIERS)
def test_a_definition_elsewhere_is_its_factor_times_ours(name):
    loss = losses.catalogue[name.loss]
    given = [TARGETS_SUM_TO_ONE] if loss.target is losses.softmax_cross_entropy.target else []
    for values in [{target: 0}, {target: 1}] if name.hard_targets else [{}]:
        definition, expression = name.definition.xreplace(values), loss.expression.xreplace(values)
        assert equal(definition, name.factor * expression, given)
        assert not equal(definition, 2 * name.factor * expression, given)


@pytest.mark.parametrize("name", [name for name in NAMES if name.hard_targets], ids=lambda name: name.library)
def test_a_definition_for_hard_targets_differs_where_targets_are_soft(name):
    soft = {target: 0.5}
    verdict = equal(name.definition.xreplace(soft), losses.catalogue[name.loss].expression.xreplace(soft))
    assert verdict.kind == "refuted"


@pytest.mark.parametrize("name", losses.catalogue)
def test_every_loss_but_the_brier_scores_has_a_name_elsewhere(name):
    known = bool(names(losses.catalogue[name]))
    assert known is (name not in WITHOUT_NAME), f"add {name} to NAMES in lossbook/elsewhere.py, or to WITHOUT_NAME here"


def test_no_name_stands_twice():
    assert len({(name.loss, name.library, name.name) for name in NAMES}) == len(NAMES)


def test_huber_and_smooth_l1_go_by_each_others_names_with_a_factor():
    factors = {
        name: {(other.library, other.name): str(other.factor) for other in names(losses.catalogue[name])}
        for name in ("huber", "smooth_l1")
    }
    assert factors["huber"]["PyTorch", "HuberLoss(delta)"] == "1"
    assert factors["huber"]["PyTorch", "SmoothL1Loss(beta=delta)"] == "1/delta"
    assert factors["smooth_l1"]["PyTorch", "SmoothL1Loss(beta)"] == "1"
    assert factors["smooth_l1"]["PyTorch", "HuberLoss(delta=beta)"] == "beta"
