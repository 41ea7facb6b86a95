"""Chapters 12 to 15: stable code, checked gradients, losses of one's own, and broken steps mended."""

from sympy import Abs, Eq, KroneckerDelta, Lambda, S, cancel, log

from lossbook import losses
from lossbook.exercises.exercise import Exercise
from lossbook.exercises.symbols import (
    feature,
    features,
    p_is_sigmoid,
    p_is_softmax,
    penalty,
    probabilities_sum_to_one,
    second_derivative,
    step,
    third_derivative,
    values,
    weight,
)
from lossbook.functions import log_sigmoid, logsumexp, sigmoid, softmax, softplus
from lossbook.losses import residual
from lossbook.notation import (
    TARGETS_SUM_TO_ONE,
    approximations,
    count,
    delta,
    epsilon,
    gamma,
    i,
    k,
    logit,
    logits,
    n,
    prediction,
    probabilities,
    probability,
    side,
    target,
    targets,
    total,
    value,
)
from lossbook.typeset import Formula

# --- 12: numbers that survive ---------------------------------------------------------------------

_stable = "It must hold for numbers of any size: inputs of 1000 and −1000 are tried too."

stable_softplus = Exercise(
    chapter=12,
    question="Write a function of an array of scores that returns {loss} of each. " + _stable,
    answer=softplus(logit),
    arguments=(logit,),
    terms={"loss": softplus(logit).definition(), "z": logit},
    hints=(
        "The exponential of a large score overflows. For which scores is it safe?",
        "For a positive {z} take {z} out of the logarithm. What is left has the exponential of minus {z}.",
        "The larger of {z} and 0, plus `log1p` of the exponential of minus the size of {z}.",
    ),
)

stable_logsumexp = Exercise(
    chapter=12,
    question="Write a function of scores, one row a sample, that returns {loss} of each row. " + _stable,
    answer=logsumexp(logits),
    arguments=(logits,),
    terms={"loss": logsumexp(logits).definition()},
    hints=(
        "What does the function do when every score of a row is lowered by the same number?",
        "It falls by that number. Which number makes overflow impossible?",
        "Take away the greatest score of the row, and add it again at the end.",
    ),
)

stable_softmax = Exercise(
    chapter=12,
    question="Write a function of scores, one row a sample, that returns the softmax of each row. " + _stable,
    answer=softmax(logits, i),
    arguments=(logits,),
    terms={"definition": softmax(logits, i).definition()},
    hints=(
        "In {definition} the same factor above and below changes nothing.",
        "Lower every score of a row by the same number before the exponential.",
        "Take the greatest score of the row: then no exponential exceeds 1.",
    ),
)

stable_binary_cross_entropy = Exercise(
    chapter=12,
    question="Write a function of an array of scores and one of targets that returns {loss} of each pair. " + _stable,
    answer=losses.binary_cross_entropy_with_logits.expression,
    arguments=(logit, target),
    terms={"loss": losses.binary_cross_entropy_with_logits.expression, "short": softplus(logit) - target * logit},
    hints=(
        "The logarithm of a probability that rounds to 0 or 1 loses everything. Stay with the scores.",
        "The loss is {short}.",
        "Write softplus so that it does not overflow, as in `stable_softplus`.",
    ),
)


# --- 13: check a gradient -------------------------------------------------------------------------

_ahead = losses.squared_error.expression.xreplace({prediction: prediction + step})
forward_difference_of_squared_error = Exercise(
    chapter=13,
    question="The slope of {loss} is measured by a forward difference with step {h}: the loss at {ahead} less the loss "
    "at {prediction}, over {h}. By how much is it too large?",
    answer=cancel((_ahead - losses.squared_error.expression) / step - losses.squared_error.gradient),
    terms={"loss": losses.squared_error.expression, "h": step, "prediction": prediction, "ahead": prediction + step},
    uses=(prediction, value, step),
    hints=(
        "With {h} added, the loss is the square of the residual plus {h}. Multiply it out.",
        "Take the square of the residual away and divide by {h}: one of the two terms is the slope.",
        "The other does not depend on the residual.",
    ),
)

_taylor = Lambda(step, step**2 * second_derivative / 2 + step**3 * third_derivative / 6)
_second_and_third = {"f2": second_derivative, "f3": third_derivative, "h": step}

forward_difference_error = Exercise(
    chapter=13,
    question="A function has the second derivative {f2} at a point. A forward difference with step {h} measures its "
    "slope there. What is the error, measured less true, to the first order in {h}?",
    answer=(_taylor(step) / step).expand().coeff(step, 1) * step,
    terms=_second_and_third,
    uses=(second_derivative, third_derivative, step),
    hints=(
        "Write the function one step ahead as a Taylor series up to the square of {h}.",
        "Take the value away and divide by {h}.",
        "The term with {f2} had a factor of one half in the series, and {h} squared.",
    ),
)

central_difference_error = Exercise(
    chapter=13,
    question="A function has the second derivative {f2} and the third {f3} at a point. Its slope is measured as the "
    "value one step {h} ahead less the value one step back, over twice {h}. What is the error, measured less true, to "
    "the lowest order in {h}?",
    answer=((_taylor(step) - _taylor(-step)) / (2 * step)).expand(),
    terms=_second_and_third,
    uses=(second_derivative, third_derivative, step),
    hints=(
        "Write both values as Taylor series up to the third power of {h}.",
        "In the difference the even powers cancel.",
        "Two terms with {f3} are left, each a sixth of the cube of {h}. Divide by twice {h}.",
    ),
)


# --- 14: derive your own --------------------------------------------------------------------------

focal_gradient = Exercise(
    chapter=14,
    question="The truth is 1 and {gamma} is 2: the focal loss is {loss}. What is its gradient with respect to the "
    "score?",
    of=losses.focal.expression.xreplace({gamma: S(2), target: S.One}),
    by=(logit,),
    given=(p_is_sigmoid,),
    terms={
        "gamma": gamma,
        "p": probability,
        "short": -((1 - probability) ** 2) * log(probability),
        "slope": probability * (1 - probability),
    },
    uses=(logit, probability, sigmoid, log_sigmoid),
    hints=(
        "Write it with the probability: {short}.",
        "The product rule gives two terms, one with the logarithm and one without.",
        "Multiply the derivative with respect to {p} by the slope of the sigmoid, {slope}.",
    ),
)

label_smoothing_gradient = Exercise(
    chapter=14,
    question="The targets {y_i} add to 1. Smoothed, they are {smooth}. What is the gradient of softmax cross-entropy "
    "with the smoothed targets, with respect to {z_i}?",
    of=losses.softmax_cross_entropy.expression.xreplace({targets[k]: losses.smoothed_targets.xreplace({i: k})}),
    by=(logits[i],),
    answer=softmax(logits, i) - losses.smoothed_targets,
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={"y_i": targets[i], "smooth": losses.smoothed_targets, "z_i": logits[i]},
    uses=(logits, probabilities, targets, epsilon, softmax, i, k, n),
    hints=(
        "Do the smoothed targets still add to 1?",
        "They do, so the gradient is a share less a target, as for any targets.",
        "Put the smoothed target of this class in.",
    ),
)

poisson_gradient = Exercise(
    chapter=14,
    question="The logarithm of an expected number of events is {z}; {y} were counted. What is {slope}?",
    of=losses.poisson.expression,
    by=(logit,),
    terms={"z": logit, "y": count},
    uses=(logit, count),
    hints=("The exponential is its own derivative.", "It is the expected number less the counted one."),
)

hinge_gradient = Exercise(
    chapter=14,
    question="The truth {y} is 1 or −1. What is the gradient of {loss} with respect to {prediction}? On the kink take "
    "0.",
    of=losses.hinge.expression,
    by=(prediction,),
    terms={"y": side, "prediction": prediction, "margin": side * prediction},
    uses=(prediction, side),
    hints=(
        "Branch by branch: what is the slope of a constant?",
        "Where {margin} is less than 1 the loss is a straight line.",
        "The slope of that line is −1 times {y}.",
    ),
)

squared_hinge_gradient = Exercise(
    chapter=14,
    question="The truth {y} is 1 or −1. What is the gradient of {loss} with respect to {prediction}?",
    of=losses.squared_hinge.expression,
    by=(prediction,),
    terms={"y": side, "prediction": prediction, "outer": 2 * (1 - side * prediction)},
    uses=(prediction, side),
    hints=(
        "Where the loss is 0 so is its slope.",
        "Elsewhere use the chain rule: {outer}, times an inner derivative.",
        "The inner derivative is −1 times {y}.",
    ),
)

kl_divergence_gradient = Exercise(
    chapter=14,
    question="What is the gradient of {loss} with respect to {q_i}?",
    of=losses.kl_divergence.expression,
    by=(approximations[i],),
    terms={"q_i": approximations[i], "split": log(probabilities[k]) - log(approximations[k])},
    uses=(probabilities, approximations, i, k, n),
    hints=(
        "Write the logarithm of the quotient as {split}.",
        "Only one term of the sum has {q_i}.",
        "It is the gradient of cross-entropy with respect to a probability.",
    ),
)

kl_divergence_by_score = Exercise(
    chapter=14,
    question="The approximation is a softmax, {approximated}, and the probabilities {p_i} add to 1. What is the "
    "gradient of {loss} with respect to {z_i}?",
    of=losses.kl_divergence.expression.xreplace({approximations[k]: softmax(logits, k)}),
    by=(logits[i],),
    given=(Eq(approximations[i], softmax(logits, i)), probabilities_sum_to_one),
    terms={
        "q_i": approximations[i],
        "approximated": Formula(approximations[i], softmax(logits, i)),
        "p_i": probabilities[i],
        "z_i": logits[i],
        "loss": losses.kl_divergence.expression,
    },
    uses=(logits, probabilities, approximations, softmax, KroneckerDelta, i, k, n),
    hints=(
        "The part without {q_i} is a constant. What is left is a cross-entropy.",
        "Its gradient with respect to a score you know from chapter 5.",
        "It is a share of the softmax less {p_i}.",
    ),
)


# --- 15: find the broken step ---------------------------------------------------------------------

huber_value = Exercise(
    chapter=15,
    question="A page gives Huber's tail as {broken}, which is negative for a large negative residual. Write Huber's "
    "loss for every residual.",
    answer=losses.huber.expression,
    terms={"broken": delta * (residual - delta / 2), "inside": residual**2 / 2, "size": Abs(residual), "delta": delta},
    uses=(prediction, value, delta),
    hints=(
        "Inside {delta} it is {inside}. Use SymPy's `Piecewise`.",
        "The tail must be the same for a residual and its negative.",
        "Put {size} where the page has the residual.",
    ),
)

mean_squared_error_gradient = Exercise(
    chapter=15,
    question="A line through the origin, {line}, is fitted to {n} points by {loss}. A page leaves a factor out of the "
    "gradient with respect to {w}. What is the whole gradient?",
    of=total((weight * features[k] - values[k]) ** 2) / n,
    by=(weight,),
    terms={
        "line": weight * feature,
        "n": n,
        "w": weight,
        "outer": 2 * (weight * features[k] - values[k]),
        "x_k": features[k],
    },
    uses=(weight, features, values, i, k, n),
    hints=(
        "Differentiate one term of the sum by the chain rule.",
        "The outer function gives {outer}, the inner {x_k}.",
        "Add over the points, and divide by {n} as the loss does.",
    ),
)

squared_norm_gradient = Exercise(
    chapter=15,
    question="Scores are compared with measured values by {loss}. A page gives the gradient as the residual. What is "
    "{slope}?",
    of=total((logits[k] - values[k]) ** 2),
    by=(logits[i],),
    terms={"z_i": logits[i]},
    uses=(logits, values, KroneckerDelta, i, k, n),
    hints=("Only one term of the sum has {z_i}.", "Differentiate its square. Which factor did the page lose?"),
)

ridge_gradient = Exercise(
    chapter=15,
    question="A penalty is added: the loss is {loss}. What is its gradient with respect to {w}?",
    of=(weight * feature - value) ** 2 + penalty * weight**2,
    by=(weight,),
    terms={"w": weight, "outer": 2 * (weight * feature - value), "lambda": penalty},
    uses=(weight, feature, value, penalty),
    hints=(
        "Two terms, two derivatives.",
        "The penalty gives the derivative of a square times {lambda}.",
        "The square of the residual gives {outer} times an inner derivative.",
    ),
)
