"""A claim is shown as it was written, and judged line by line: which are false, and where."""

import pytest
from sympy import Derivative, Function, log, symbols

from lossbook import losses
from lossbook.claims import Claim, Judgement
from lossbook.derivation import Derivation
from lossbook.functions import sigmoid, softmax
from lossbook.notation import TARGETS_SUM_TO_ONE, i, logits, targets, total
from lossbook.notation import logit as z

a, b = symbols("a b", real=True)


def wrong_square():
    return Claim((a + b) ** 2).step(a**2 + b**2, because="square each term")


def test_a_claim_takes_a_false_line_and_calls_nothing_proved():
    claim = wrong_square()
    assert claim.result == a**2 + b**2
    for written in (str(claim), claim._repr_latex_()):
        assert "claimed, not proved" in written and "proved at" not in written and "(1) square each term" in written


def test_the_judge_finds_the_false_line_and_a_point_where_it_fails():
    judgement = wrong_square().judge()
    assert not judgement and judgement.broken == [1]
    point = judgement.steps[0].verdict.counterexample.values
    assert (point[a] + point[b]) ** 2 != point[a] ** 2 + point[b] ** 2
    assert "(1) square each term: false" in str(judgement)
    assert f"at a = {point[a]}, b = {point[b]}" in str(judgement)


def test_values_that_are_nearly_the_same_are_told_with_the_digits_that_differ():
    judgement = Claim(log(1 + sigmoid(z) / 10**7)).step(sigmoid(z) / 10**7, because="log(1 + u) is nearly u").judge()
    assert "should be 4.9999999e−8 and is 5.0e−8" in str(judgement)


def test_right_lines_are_proved_and_then_it_says_so_as_a_derivation_does():
    judgement = Claim((a + b) ** 2).step(a**2 + 2 * a * b + b**2, because="multiply out").judge()
    assert judgement and judgement.broken == []
    assert str(judgement).endswith("(proved at every point)")
    over_classes = Claim(total(softmax(logits, i), i)).step(1, because="shares").judge()
    assert str(over_classes).endswith("(proved for every n)")


def test_one_slip_is_told_once_where_later_lines_are_right_again():
    claim = Claim((a + b) ** 2).step(a**2 + b**2, because="slip").step(b**2 + 2 * a * b + a**2, because="right again")
    judgement = claim.judge()
    assert judgement.broken == [1] and str(judgement).count("should be") == 1 and "line (1) should be" in str(judgement)


def test_a_slip_that_is_carried_on_makes_the_following_lines_false_too():
    claim = wrong_square().step(b**2 + a**2, because="swap")
    assert claim.judge().broken == [1, 2]


def test_the_judge_relies_on_what_is_given():
    claim = Claim(softmax(logits, i) * TARGETS_SUM_TO_ONE.lhs - targets[i])
    claim.step(softmax(logits, i) - targets[i], because="targets add to 1")
    assert claim.judge().broken == [1]
    assert claim.given(TARGETS_SUM_TO_ONE).judge()


def test_a_line_that_is_neither_proved_nor_refuted_is_not_called_right():
    judgement = Claim(Function("f")(z)).step(z, because="a guess").judge()
    assert not judgement and judgement.broken == []
    assert "neither proved nor refuted" in str(judgement) and "proved at" not in str(judgement)


def test_judging_leaves_the_claim_as_it_was():
    claim = wrong_square()
    before = str(claim)
    assert isinstance(claim.judge(), Judgement) and str(claim) == before and isinstance(claim, Derivation)


def test_the_typeset_judgement_shows_the_point_under_the_lines():
    claim = Claim(Derivative(sigmoid(z), z)).step(-sigmoid(z) * sigmoid(-z), because="chain rule")
    latex = claim.judge()._repr_latex_()
    assert latex.startswith("$$\\begin{aligned}") and latex.endswith("\\end{aligned}$$")
    assert r"\text{(1) chain rule: false}" in latex
    assert latex.endswith("\\\\\n" r"& && \text{line (1) should be 0.25 and is −0.25 at } {z = 0}" "\n\\end{aligned}$$")


def test_a_counterexample_over_classes_names_their_number():
    judgement = Claim(total(targets[i], i) ** 2).step(total(targets[i] ** 2, i), because="square each").judge()
    assert f"at n = {judgement.steps[0].verdict.counterexample.classes}, y_1 = " in str(judgement)


def test_undefined_is_said_where_a_side_has_no_value():
    judgement = Claim(log(a**2)).step(2 * log(a), because="logarithm of a power").judge()
    assert judgement.broken == [1] and "and is undefined at" in str(judgement)


@pytest.mark.parametrize(
    "argument, call",
    [
        ("expression", lambda: Claim(a).step("a", because="text")),
        ("because", lambda: Claim(a).step(a, because=3)),
        ("start", lambda: Claim("a")),
        ("equation", lambda: Claim(a).given(a)),
    ],
)
def test_a_wrong_call_says_which_argument_it_was(argument, call):
    with pytest.raises(TypeError, match=f"^{argument}: expected"):
        call()


def test_the_catalogue_survives_its_own_judge():
    derivation = losses.softmax_cross_entropy.derivation()
    claim = Claim(derivation.start).given(TARGETS_SUM_TO_ONE)
    for step in derivation.steps:
        claim.step(step.expression, step.because)
    assert claim.judge()
