"""Chapters 6 to 8: gradients with respect to weights, biases and hidden nodes."""

from sympy import IndexedBase, KroneckerDelta, S, Symbol

from lossbook import losses
from lossbook.exercises.exercise import Exercise
from lossbook.exercises.symbols import (
    bias,
    feature,
    features,
    hidden,
    p_is_sigmoid,
    p_is_softmax,
    rate,
    weight,
    weights,
    z_is_score,
)
from lossbook.functions import log_softmax, logsumexp, sigmoid, softmax, tanh
from lossbook.notation import (
    TARGETS_SUM_TO_ONE,
    i,
    k,
    logit,
    logits,
    n,
    probabilities,
    probability,
    target,
    targets,
    total,
)
from lossbook.typeset import Formula

# --- 6: two classes, three factors ----------------------------------------------------------------

_neuron = {
    "z": logit,
    "scored": Formula(logit, weight * feature + bias),
    "score": weight * feature + bias,
    "p": probability,
    "w": weight,
    "b": bias,
    "x": feature,
}
_neuron_symbols = (weight, bias, feature, logit, probability, target, sigmoid)

weight_gradient_of_one_neuron = Exercise(
    chapter=6,
    question="A neuron scores {scored} and pays {loss}. What is its gradient with respect to the weight {w}?",
    of=losses.binary_cross_entropy_with_logits.expression,
    by=(logit,),
    times={feature: (logit, weight)},
    given=(p_is_sigmoid, z_is_score),
    terms=_neuron | {"by_score": probability - target},
    uses=_neuron_symbols,
    hints=(
        "Three links: the loss by {p}, {p} by {z}, {z} by {w}.",
        "The first two links together are {by_score}.",
        "The last link is what the weight is multiplied by in {score}.",
    ),
)

bias_gradient_of_one_neuron = Exercise(
    chapter=6,
    question="A neuron scores {scored} and pays {loss}. What is its gradient with respect to the bias {b}?",
    of=losses.binary_cross_entropy_with_logits.expression,
    by=(logit,),
    times={S.One: (logit, bias)},
    given=(p_is_sigmoid, z_is_score),
    terms=_neuron,
    uses=_neuron_symbols,
    hints=(
        "Three links: the loss by {p}, {p} by {z}, {z} by {b}.",
        "How much does {score} rise when {b} rises by 1?",
        "The last link is 1, and the first two cancel to a difference.",
    ),
)

weight_gradient_with_squared_error = Exercise(
    chapter=6,
    question="The neuron with score {scored} pays {loss} instead. What is the gradient with respect to {w}?",
    of=losses.sigmoid_squared_error.expression,
    by=(logit,),
    times={feature: (logit, weight)},
    given=(p_is_sigmoid, z_is_score),
    terms=_neuron | {"first": 2 * (probability - target), "second": probability * (1 - probability)},
    uses=_neuron_symbols,
    hints=(
        "The same three links. Only the first is another one: {first}.",
        "The second link is {second}, and here nothing cancels it.",
        "Multiply both by {x}.",
    ),
)

weight_after_one_step = Exercise(
    chapter=6,
    question="The neuron with score {scored} pays cross-entropy. What is {w} after one step of gradient descent "
    "at rate {eta}?",
    answer=weight - rate * weight_gradient_of_one_neuron.solution,
    given=(p_is_sigmoid, z_is_score),
    terms=_neuron | {"eta": rate, "gradient": (probability - target) * feature},
    uses=(*_neuron_symbols, rate),
    hints=(
        "A step goes against the gradient.",
        "The gradient with respect to {w} is {gradient}.",
        "Take {eta} times the gradient away from {w}.",
    ),
)


# --- 7: many classes on paper ---------------------------------------------------------------------

weight_gradient = Exercise(
    chapter=7,
    question="The weight {w_ik} multiplies the input {x_k} in the score {z_i}. What is the gradient of softmax "
    "cross-entropy with respect to {w_ik}, for targets that add to 1?",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i],),
    times={features[k]: (logits[i], Symbol("w_ik"))},
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={
        "w_ik": IndexedBase("w")[i, k],
        "x_k": features[k],
        "z_i": logits[i],
        "first": probabilities[i] - targets[i],
    },
    uses=(logits, probabilities, targets, features, softmax, i, k, n),
    hints=(
        "The weight enters the loss through one score only.",
        "The loss by that score is {first}.",
        "The score by the weight is {x_k}. Multiply.",
    ),
)

gradient_without_normalised_targets = Exercise(
    chapter=7,
    question="What is the gradient of {loss} with respect to {z_i} if nobody promises that the targets add to 1?",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i],),
    given=(p_is_softmax,),
    terms={"z_i": logits[i], "inner": KroneckerDelta(i, k) - probabilities[i], "sum": total(targets[k]), "k": k},
    uses=(logits, probabilities, targets, softmax, KroneckerDelta, i, k, n),
    hints=(
        "The slope of the logarithm of share {k} is {inner}.",
        "Multiply by the targets and add over {k}: the share comes before a sum of targets.",
        "Leave {sum} as it is.",
    ),
)

gradient_for_one_label = Exercise(
    chapter=7,
    question="The truth is class {i}, so the loss is {loss}. What is its gradient with respect to {z_k}, for every "
    "class {k}?",
    of=-log_softmax(logits, i),
    by=(logits[k],),
    given=(p_is_softmax,),
    terms={"i": i, "k": k, "z_k": logits[k], "split": logsumexp(logits) - logits[i]},
    uses=(logits, probabilities, softmax, KroneckerDelta, i, k, n),
    hints=(
        "Write the loss as a difference: {split}.",
        "The first part gives the share of class {k}.",
        "The second part counts only where {k} is {i}.",
    ),
)


# --- 8: through the network -----------------------------------------------------------------------

_activation = Symbol("h")

hidden_gradient = Exercise(
    chapter=8,
    question="A hidden activation {h} adds {send} to every score {z_i}. What is the gradient of softmax cross-entropy "
    "with respect to {h}, for targets that add to 1?",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i],),
    times={weights[i]: (logits[i], _activation)},
    summed_over=i,
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={
        "h": _activation,
        "send": weights[i] * _activation,
        "z_i": logits[i],
        "through": (probabilities[i] - targets[i]) * weights[i],
    },
    uses=(logits, probabilities, targets, weights, softmax, i, k, n),
    hints=(
        "The activation enters the loss through every score.",
        "Through one score the gradient is {through}.",
        "Add over all classes.",
    ),
)

hidden_score_gradient = Exercise(
    chapter=8,
    question="The hidden activation is {tanh}, and it adds {send} to every score {z_i}. What is the gradient of "
    "softmax cross-entropy with respect to {a}, for targets that add to 1?",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i],),
    times={weights[i]: (logits[i], _activation), tanh(hidden).diff(hidden): (_activation, hidden)},
    summed_over=i,
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={
        "a": hidden,
        "tanh": tanh(hidden),
        "send": weights[i] * tanh(hidden),
        "z_i": logits[i],
        "slope": 1 - tanh(hidden) ** 2,
        "product": tanh(hidden).diff(hidden),
    },
    uses=(logits, probabilities, targets, weights, hidden, softmax, tanh, i, k, n),
    hints=(
        "First the gradient with respect to the activation, as in `hidden_gradient`.",
        "Then one more link: the activation by {a}.",
        "That link is {slope}, which can be written as {product}: once, outside the sum.",
    ),
)

batch_weight_gradient = Exercise(
    chapter=8,
    question="Write a function of scores (one row a sample), targets (rows like them) and inputs (one row of features "
    "a sample). It returns the gradient of the mean softmax cross-entropy with respect to all weights: one row a "
    "class, one column a feature.",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i],),
    times={features[k]: (logits[i], Symbol("w_ik"))},
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    arguments=(logits, targets, features),
    mean=True,
    terms={"one": (probabilities[i] - targets[i]) * features[k], "i": i, "k": k},
    hints=(
        "For one sample the entry in row {i} and column {k} is {one}.",
        "Adding over the samples is a matrix product: which of the two matrices is turned?",
        "Turn the matrix of residuals, multiply by the inputs, divide by the number of samples.",
    ),
)
