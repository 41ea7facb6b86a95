"""A derivation takes proved steps and no others, and shows what it took."""

import pytest
from plain_arithmetic import evaluate, mp
from sympy import Add, Derivative, Eq, Function, IndexedBase, KroneckerDelta, Mul, S, Symbol, exp, log

from lossbook import functions, losses
from lossbook.derivation import Derivation, StepError, StepRefuted, StepUnproved
from lossbook.explanation import explain
from lossbook.functions import log_softmax, logsumexp, sigmoid, softmax, softplus
from lossbook.notation import TARGETS_SUM_TO_ONE, i, j, k, logit, n, probabilities, probability, target, targets, total
from lossbook.notation import logits as z
from lossbook.proof import equal

SLOPE = Derivative(sigmoid(logit), logit, evaluate=False)


def test_a_false_step_carries_a_point_where_it_fails():
    with pytest.raises(
        StepRefuted, match=r"step 1 \(chain rule\), .* is false: at z = 0 the left side is 0.25"
    ) as caught:
        Derivation(SLOPE).step(-sigmoid(logit) * sigmoid(-logit), because="chain rule")
    found = caught.value.counterexample
    assert found.classes is None and set(found.values) == {logit}
    assert mp.almosteq(evaluate(SLOPE, 1, found.values), 0.25)
    assert not mp.almosteq(evaluate(-sigmoid(logit) * sigmoid(-logit), 1, found.values), 0.25)


def test_a_false_step_over_classes_has_a_value_for_every_symbol():
    with pytest.raises(StepRefuted) as caught:
        Derivation(Derivative(losses.softmax_cross_entropy.expression, z[i])).step(
            softmax(z, i) - targets[i], because="?"
        )
    found = caught.value.counterexample
    rows = {row[m] for row in (z, targets) for m in range(1, found.classes + 1)}
    assert set(found.values) == rows | {i}
    left = evaluate(
        Derivative(losses.softmax_cross_entropy.expression, z[i], evaluate=False), found.classes, found.values
    )
    right = evaluate(softmax(z, i) - targets[i], found.classes, found.values)
    assert abs(left - right) > 1e-6


def test_a_step_that_is_neither_proved_nor_refuted_says_so():
    unknown = Function("f")(logit)
    with pytest.raises(StepUnproved, match="neither proved nor refuted") as caught:
        Derivation(unknown).step(logit, because="a guess")
    assert caught.value.counterexample is None
    assert isinstance(caught.value, StepError) and not isinstance(caught.value, StepRefuted)


@pytest.mark.parametrize("wrong", [2 * sigmoid(logit), Function("f")(logit)], ids=["false", "unproved"])
def test_a_step_that_fails_leaves_no_trace(wrong):
    derivation = Derivation(sigmoid(logit)).step(1 - sigmoid(-logit), because="symmetry")
    before = str(derivation), list(derivation.steps), derivation.result
    with pytest.raises(StepError):
        derivation.step(wrong, because="a slip")
    assert (str(derivation), derivation.steps, derivation.result) == before
    assert derivation.step(sigmoid(logit), because="symmetry").result == sigmoid(logit)


def test_what_is_given_holds_for_the_steps_after_it():
    start = softmax(z, i) * total(targets[j], j) - targets[i]
    with pytest.raises(StepRefuted):
        Derivation(start).step(softmax(z, i) - targets[i], because="targets sum to 1")
    derivation = Derivation(start).given(TARGETS_SUM_TO_ONE)
    derivation.step(softmax(z, i) - targets[i], because="targets sum to 1")
    assert derivation.steps[0].verdict.kind == "proved"
    assert derivation.equations == [TARGETS_SUM_TO_ONE]


def test_a_definition_can_be_given():
    p, y = probability, target
    derivation = Derivation((p - y) / (p * (1 - p)) * SLOPE).given(Eq(p, sigmoid(logit)))
    assert derivation.step(p - y, because="the slope is p(1 - p)").result == p - y


def test_each_step_keeps_its_expression_reason_and_verdict():
    derivation = Derivation(SLOPE).step(sigmoid(logit) * (1 - sigmoid(logit)), because="quotient rule")
    (step,) = derivation.steps
    assert (step.expression, step.because) == (sigmoid(logit) * (1 - sigmoid(logit)), "quotient rule")
    assert step.verdict.kind == "proved" and step.verdict


def test_text_of_a_derivation():
    derivation = Derivation(log(exp(logit) + 1)).step(softplus(logit), because="definition")
    derivation.step(logit + softplus(-logit), because="take exp(z) out")
    assert str(derivation) == (
        "log(1 + exp(z)) = softplus(z)        definition\n"
        "                = z + softplus(-z)   take exp(z) out\n"
        "(proved at every point)"
    )


def test_text_of_a_derivation_with_a_name_and_a_condition():
    derivation = Derivation(total(targets[i] * logit, i), name=Symbol("L"), because="definition")
    derivation.given(TARGETS_SUM_TO_ONE).step(logit, because="targets sum to 1")
    assert str(derivation) == (
        "L = Σ_i(z*y_i)   definition\n"
        "  = z            targets sum to 1\n"
        "(proved for every n, given Σ_k(y_k) = 1)"
    )  # fmt: skip


def test_latex_of_a_derivation():
    derivation = Derivation(SLOPE).step(sigmoid(logit) * sigmoid(-logit), because="100% & more")
    assert derivation._repr_latex_() == (
        "$$\\begin{aligned}\n"
        r"\frac{\partial}{\partial z} \sigma{\left(z \right)} &= \sigma{\left(z \right)} \, \sigma{\left(-z \right)}"
        r" && \text{100\% \& more} \\" + "\n"
        r"& && \text{proved at every point}" + "\n"
        "\\end{aligned}$$"
    )


def test_shares_are_called_p_only_where_all_are_of_one_row():
    one = Derivation(softmax(z, i) * softmax(z, j)).step(softmax(z, j) * softmax(z, i), because="either order")
    assert str(one).endswith("(proved for every n, with p = softmax(z))") and "p_i*p_j" in str(one)
    row = IndexedBase("x", real=True)
    two = Derivation(softmax(z, i) * softmax(row, i)).step(softmax(row, i) * softmax(z, i), because="either order")
    assert str(two).endswith("(proved for every n)") and "p_i" not in str(two)
    assert "softmax(x)_i" in str(two) and "softmax(z)_i" in str(two)


def test_shares_are_not_called_p_where_p_is_something_else():
    p = probabilities
    derivation = Derivation(softmax(z, i) * softmax(z, j) * p[k])
    derivation.step(p[k] * softmax(z, j) * softmax(z, i), because="either order")
    assert str(derivation).endswith("(proved for every n)") and "softmax(z)_i" in str(derivation)
    assert "with" not in derivation._repr_latex_()


# --- a slip in any step of any derivation is refuted ------------------------------------------------------


def starts():
    """What the book derives: every loss and function of the catalogues, and the chapters' own derivations."""
    for name, loss in losses.catalogue.items():
        yield name, loss.derivation
    for name, function in functions.catalogue.items():
        start = function.symbolic()
        by = z[j] if start.has(z) else logit
        yield f"{name} by its rule", lambda start=start, by=by: explain(start, by)
        yield f"{name} by its definition", lambda start=start, by=by: explain(start.definition(), by)
    yield (
        "softmax's own slope",
        lambda: explain(softmax(z, i).definition(), z[i]).step(
            softmax(z, i) * (1 - softmax(z, i)), because="two fractions, each a softmax"
        ),
    )
    yield (
        "softmax's other slope",
        lambda: explain(softmax(z, 1).definition(), z[2]).step(
            -softmax(z, 1) * softmax(z, 2), because="two fractions, each a softmax"
        ),
    )
    yield (
        "softmax's columns",
        lambda: Derivation(total(softmax(z, i) * (KroneckerDelta(i, j) - softmax(z, j)), i)).step(
            softmax(z, j) * (1 - total(softmax(z, i), i)), because="only i = j keeps the delta"
        ),
    )
    yield (
        "log-softmax",
        lambda: Derivation(log_softmax(z, i)).step(z[i] - logsumexp(z), because="logarithm of a quotient"),
    )


DERIVATIONS = dict(starts())


def slips(expression):
    """`expression` negated, and with the sign of one term or factor of a sum in it flipped."""
    yield -expression
    for part in sorted(expression.atoms(Add), key=str):
        for term in part.args:
            yield expression.xreplace({part: part - 2 * term})
    if isinstance(expression, Mul) and expression.args[0] != -1:
        yield Mul(S.NegativeOne, *expression.args)


def same_value(a, b):
    """Whether two expressions agree, as plain arithmetic finds at points that favour no sign."""
    names = sorted({i, j} | a.free_symbols | b.free_symbols, key=str)
    for classes in (2, 3):
        for shift in range(3):
            values = {}
            for number, name in enumerate(names):
                size = mp.mpf(7 * number + 3 * shift + 2) / 41
                values[name] = 1 + (number + shift) % 2 if name in (i, j) else size
            bases = {entry.base for e in (a, b) for entry in e.atoms(type(z[i]))} | {z, targets}
            for number, base in enumerate(sorted(bases, key=str)):
                values |= {base[m]: mp.mpf(5 * m * m + 3 * number + 2 * shift + 1) / 59 for m in range(1, classes + 1)}
            left, right = evaluate(a, classes, values), evaluate(b, classes, values)
            if abs(left - right) > mp.mpf(10) ** -20:
                return False
    return True


@pytest.mark.thorough(one_case_in=9)
@pytest.mark.parametrize("name", DERIVATIONS)
def test_a_flipped_sign_in_any_step_is_refuted(name):
    derivation = DERIVATIONS[name]()
    before, tried = derivation.start, 0
    for number, step in enumerate(derivation.steps):
        assert step.verdict.kind == "proved"
        for wrong in list(dict.fromkeys(slips(step.expression)))[:3]:
            if same_value(wrong, step.expression):
                continue
            tried += 1
            verdict = equal(before, wrong, derivation.equations)
            assert verdict.kind == "refuted", (number, step.because, wrong)
        with pytest.raises(StepRefuted):
            broken = Derivation(before)
            broken.equations = derivation.equations
            broken.step(step.expression + 1, because=step.because)
        before = step.expression
    assert tried >= len(derivation.steps) - sum(step.expression == 0 for step in derivation.steps)


def test_a_derivation_of_classes_says_for_which_n():
    assert "proved for every n" in str(explain(logsumexp(z).definition(), z[i]))
    assert "proved at every point" in str(explain(softplus(logit), logit))
    assert losses.softmax_cross_entropy.expression.has(n)
