"""Chapters 1 to 5: probabilities, and the losses that compare them with the truth."""

from sympy import Eq, KroneckerDelta, Lambda, S, log, solve

from lossbook import losses
from lossbook.exercises.exercise import Exercise
from lossbook.exercises.symbols import p_is_sigmoid, p_is_softmax, probabilities_sum_to_one, temperature
from lossbook.functions import log_softmax, logsumexp, sigmoid, softmax, softplus
from lossbook.indices import collapse, rename_bound, write_out
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

# --- 1: two models, one accuracy ------------------------------------------------------------------

surviving_term = Exercise(
    chapter=1,
    question="The truth is class {i}: {y_i} is 1 and every other target is 0. Which one term is left of {loss}?",
    terms={"i": i, "y_i": targets[i], "loss": losses.cross_entropy.expression},
    answer=collapse(losses.cross_entropy.expression.xreplace({targets[k]: KroneckerDelta(i, k)})),
    uses=(probabilities, i),
    given=(probabilities_sum_to_one,),
    hints=(
        "A term whose target is 0 is 0, whatever its logarithm.",
        "Put 1 for {y_i}. Which term of the sum has it, and which sign stands before the sum?",
        "It is minus the logarithm of one probability.",
    ),
)

share_of_the_others = Exercise(
    chapter=1,
    question="Probabilities add to 1. Write {others}, the share of all classes but {i}, with {p_i} alone.",
    terms={"i": i, "p_i": probabilities[i], "others": total((1 - KroneckerDelta(i, k)) * probabilities[k])},
    answer=1 - probabilities[i],
    uses=(probabilities, i),
    given=(probabilities_sum_to_one,),
    hints=("All classes together get 1.", "Take away what class {i} gets."),
)

squared_error_of_one_picture = Exercise(
    chapter=1,
    question="The truth is class {i}: {y_i} is 1 and every other target is 0. Write {loss} without targets.",
    terms={
        "i": i,
        "y_i": targets[i],
        "p_i": probabilities[i],
        "missed": (probabilities[i] - 1) ** 2,
        "loss": total((probabilities[k] - targets[k]) ** 2),
    },
    answer=collapse(total((probabilities[k] - KroneckerDelta(i, k)) ** 2)),
    uses=(probabilities, i, k, n),
    given=(probabilities_sum_to_one,),
    hints=(
        "Which terms of the sum are squares of a probability alone?",
        "The true class gives {missed}, each other class the square of its probability.",
        "Add the squares of all probabilities; what is still missing for class {i} is 1 less twice {p_i}.",
    ),
)


# --- 2: the sigmoid -------------------------------------------------------------------------------

sigmoid_slope = Exercise(
    chapter=2,
    question="What is the slope {slope}?",
    of=sigmoid(logit),
    by=(logit,),
    given=(p_is_sigmoid,),
    terms={"definition": sigmoid(logit).definition(), "p": probability},
    uses=(logit, probability, sigmoid),
    hints=(
        "Differentiate {definition} by the quotient rule, or as a power of what stands below.",
        "The square stands below. Split the fraction into two factors, each of them a sigmoid.",
        "Call the sigmoid {p}. One factor is {p}, the other is what {p} lacks to 1.",
    ),
)

sigmoid_mirror = Exercise(
    chapter=2,
    question="The sigmoid of a score is {p}. What is {mirrored}, written with {p} alone?",
    answer=1 - probability,
    terms={"p": probability, "mirrored": sigmoid(-logit), "definition": sigmoid(logit).definition()},
    uses=(probability,),
    hints=(
        "Put minus the score into {definition}.",
        "Multiply above and below by the same exponential, so that the sum below is that of {p}.",
        "The two fractions have the same denominator, and together they are 1.",
    ),
)

score_of_probability = Exercise(
    chapter=2,
    question="Solve {equation} for the score: which score has the probability {p}?",
    terms={
        "p": probability,
        "equation": Eq(probability, sigmoid(logit).definition()),
        "odds": probability / (1 - probability),
    },
    answer=solve(Eq(probability, sigmoid(logit).definition()), logit)[0],
    uses=(probability,),
    hints=(
        "Bring the denominator to the other side, and the exponential alone to one side.",
        "The exponential of the score is {odds}.",
        "Take the logarithm of the odds.",
    ),
)

sigmoid_curvature = Exercise(
    chapter=2,
    question="What is the second derivative {slope}?",
    of=sigmoid(logit),
    by=(logit, logit),
    given=(p_is_sigmoid,),
    terms={"first": probability * (1 - probability), "last": 1 - 2 * probability, "p": probability},
    uses=(logit, probability, sigmoid),
    hints=(
        "The first derivative is {first} with {p} the sigmoid. Differentiate that.",
        "Use the chain rule: the derivative of {first} with respect to {p}, times the slope of the sigmoid.",
        "The first of these two factors is {last}.",
    ),
)

softplus_slope = Exercise(
    chapter=2,
    question="What is the slope of softplus, {slope}?",
    of=softplus(logit),
    by=(logit,),
    given=(p_is_sigmoid,),
    terms={"definition": softplus(logit).definition()},
    uses=(logit, probability, sigmoid),
    hints=(
        "Softplus is {definition}. The logarithm brings its argument below.",
        "Do not forget the inner derivative, an exponential.",
        "Divide above and below by that exponential: you know this fraction.",
    ),
)


# --- 3: the softmax -------------------------------------------------------------------------------

softmax_slope = Exercise(
    chapter=3,
    question="What is {slope} for any number of classes, whether or not {i} and {k} are the same class?",
    of=softmax(logits, i),
    by=(logits[k],),
    given=(p_is_softmax,),
    terms={
        "i": i,
        "k": k,
        "definition": rename_bound(softmax(logits, i).definition(), {k}),
        "delta": KroneckerDelta(i, k),
        "own": probabilities[i] * (1 - probabilities[i]),
        "other": -probabilities[i] * probabilities[k],
    },
    uses=(logits, probabilities, softmax, KroneckerDelta, i, k, n),
    hints=(
        "Use the quotient rule on {definition}. When does the exponential above depend on the score {k}?",
        "Do the two cases apart: {k} is {i}, and {k} is another class. Then join them with {delta}.",
        "The two cases are {own} and {other}.",
    ),
)

softmax_own_slope = Exercise(
    chapter=3,
    question="How fast does a probability rise with its own score? What is {slope}?",
    of=softmax(logits, i),
    by=(logits[i],),
    given=(p_is_softmax,),
    terms={
        "p_i": probabilities[i],
        "definition": softmax(logits, i).definition(),
        "sigmoid": probability * (1 - probability),
    },
    uses=(logits, probabilities, softmax, i, k, n),
    hints=(
        "Use the quotient rule on {definition}. Both parts of the fraction depend on this score.",
        "The terms are {p_i} and the square of {p_i}.",
        "It has the form of the sigmoid's slope, {sigmoid}, with {p_i} for the probability.",
    ),
)

softmax_of_two = Exercise(
    chapter=3,
    question="With two classes the softmax gives class 1 the share {share}. It is the sigmoid of one number: which?",
    terms={"share": write_out(softmax(logits, i).definition(), 2, {i: 1}), "first": logits[1], "second": logits[2]},
    answer=logits[1] - logits[2],
    uses=(logits,),
    hints=(
        "Divide above and below by the exponential that stands above.",
        "Now the fraction is 1 over 1 plus an exponential. Of which difference?",
        "Of {second} less {first}. In the sigmoid the exponential has a minus sign.",
    ),
)

logsumexp_gradient = Exercise(
    chapter=3,
    question="What is {slope}?",
    of=logsumexp(logits),
    by=(logits[i],),
    given=(p_is_softmax,),
    terms={"definition": logsumexp(logits).definition(), "i": i},
    uses=(logits, probabilities, softmax, i, k, n),
    hints=(
        "The function is {definition}. The logarithm brings the sum below.",
        "In the inner derivative only the term of class {i} is left.",
        "One exponential over the sum of all: you know this share.",
    ),
)

log_softmax_gradient = Exercise(
    chapter=3,
    question="What is {slope}, whether or not {i} and {k} are the same class?",
    of=log_softmax(logits, i),
    by=(logits[k],),
    given=(p_is_softmax,),
    terms={"i": i, "k": k, "split": logits[i] - logsumexp(logits), "delta": KroneckerDelta(i, k)},
    uses=(logits, probabilities, softmax, KroneckerDelta, i, k, n),
    hints=(
        "Write the logarithm of the fraction as a difference: {split}.",
        "The first term is a score. Its derivative is 1 or 0: {delta}.",
        "The second term gives the share of one class. Of which, {i} or {k}?",
    ),
)

warm_scores = Lambda(k, logits[k] / temperature)
warm_softmax_slope = Exercise(
    chapter=3,
    question="Scores are divided by a temperature {T} before the softmax. What is {slope}? You may write {p_i} for "
    "{share}.",
    of=softmax(warm_scores, i),
    by=(logits[k],),
    given=(Eq(probabilities[i], softmax(warm_scores, i)),),
    terms={
        "T": temperature,
        "p_i": probabilities[i],
        "share": softmax(warm_scores, i),
        "cold": probabilities[i] * (KroneckerDelta(i, k) - probabilities[k]),
    },
    uses=(logits, probabilities, temperature, softmax, KroneckerDelta, i, k, n),
    hints=(
        "The chain rule has two links: the shares by what goes into the softmax, and that by the score.",
        "The first link is {cold}, as without a temperature.",
        "The second link is the slope of a score divided by {T}.",
    ),
)


# --- 4: squared error on probabilities ------------------------------------------------------------

sigmoid_squared_error_gradient = Exercise(
    chapter=4,
    question="What is the gradient of squared error after a sigmoid with respect to the score, {slope}?",
    of=losses.sigmoid_squared_error.expression,
    by=(logit,),
    given=(p_is_sigmoid,),
    terms={"p": probability, "outer": 2 * (probability - target)},
    uses=(logit, probability, target, sigmoid),
    hints=(
        "Use the chain rule: the square first, then the sigmoid.",
        "The square gives {outer} with {p} the sigmoid.",
        "Multiply it by the slope of the sigmoid.",
    ),
)

_odds = probability / (1 - probability)
_push = -losses.sigmoid_squared_error.gradient.xreplace(
    {target: S.One, sigmoid(logit): probability, sigmoid(-logit): 1 - probability}
)
_hardest = min(solve(_push.diff(probability), probability))  # the other solution is 1, where there is no push
hardest_push = Exercise(
    chapter=4,
    question="The truth is 1. At which score is the gradient of {loss} largest in size?",
    terms={
        "loss": losses.sigmoid_squared_error.expression,
        "push": _push,
        "p": probability,
        "odds": _odds,
    },
    answer=log(_odds.subs(probability, _hardest)),
    uses=(),
    hints=(
        "Write the size of the gradient with the probability {p}: it is {push}.",
        "Where is its derivative with respect to {p} zero? Leave out 1, where there is no push at all.",
        "It is largest at a third. Which score has that probability? The odds {odds} tell.",
    ),
)

softmax_squared_error_gradient = Exercise(
    chapter=4,
    question="Squared error after a softmax is {loss}. What is its gradient with respect to {z_i}, "
    "for targets that add to 1?",
    of=losses.softmax_squared_error.expression,
    by=(logits[i],),
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={
        "z_i": logits[i],
        "outer": 2 * (probabilities[k] - targets[k]),
        "i": i,
        "k": k,
        "slope": probabilities[k] * (KroneckerDelta(i, k) - probabilities[i]),
    },
    uses=(logits, probabilities, targets, softmax, KroneckerDelta, i, k, n),
    hints=(
        "Every term of the sum depends on {z_i}, since every share does.",
        "Term {k} gives {outer} times the slope of a share, {slope}.",
        "Add over all {k}. The delta picks the term of class {i}; the rest stays a sum.",
    ),
)


# --- 5: cross-entropy -----------------------------------------------------------------------------

binary_cross_entropy_by_probability = Exercise(
    chapter=5,
    question="What is the gradient of {loss} with respect to the probability {p}?",
    of=losses.binary_cross_entropy.expression,
    by=(probability,),
    terms={"p": probability, "bottom": probability * (1 - probability)},
    uses=(probability, target),
    hints=(
        "Differentiate both logarithms. The second has an inner derivative of −1.",
        "Bring both fractions over {bottom}.",
        "Above the line the products cancel, and a difference of two symbols is left.",
    ),
)

binary_cross_entropy_by_score = Exercise(
    chapter=5,
    question="What is the gradient of {loss} with respect to the score?",
    of=losses.binary_cross_entropy_with_logits.expression,
    by=(logit,),
    given=(p_is_sigmoid,),
    terms={
        "p": probability,
        "by_p": (probability - target) / (probability * (1 - probability)),
        "slope": probability * (1 - probability),
    },
    uses=(logit, probability, target, sigmoid),
    hints=(
        "Go through the probability: the loss by {p}, then {p} by the score.",
        "The first link is {by_p}, the second is {slope}.",
        "One link cancels what stands below in the other.",
    ),
)

cross_entropy_by_probability = Exercise(
    chapter=5,
    question="What is {slope}, with respect to one probability?",
    of=losses.cross_entropy.expression,
    by=(probabilities[i],),
    terms={"i": i},
    uses=(probabilities, targets, i, k, n),
    hints=(
        "Only one term of the sum has this probability.",
        "The derivative of a logarithm is 1 over its argument. Mind the sign before the sum.",
        "It is a quotient: the target of class {i} above.",
    ),
)

softmax_cross_entropy_gradient = Exercise(
    chapter=5,
    question="What is the gradient of {loss} with respect to {z_i}, for targets that add to 1?",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i],),
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={"z_i": logits[i], "k": k, "inner": KroneckerDelta(i, k) - probabilities[i], "y_i": targets[i]},
    uses=(logits, probabilities, targets, softmax, KroneckerDelta, i, k, n),
    hints=(
        "The slope of the logarithm of share {k} is {inner}.",
        "Multiply it by each target and add over {k}. The delta leaves {y_i}.",
        "In the other part the share comes before the sum, and the targets add to 1.",
    ),
)

softmax_cross_entropy_hessian = Exercise(
    chapter=5,
    question="What is the second derivative of softmax cross-entropy, {slope}, for targets that add to 1?",
    of=losses.softmax_cross_entropy.expression,
    by=(logits[i], logits[k]),
    given=(p_is_softmax, TARGETS_SUM_TO_ONE),
    terms={"first": probabilities[i] - targets[i], "z_k": logits[k]},
    uses=(logits, probabilities, targets, softmax, KroneckerDelta, i, k, n),
    hints=(
        "The first derivative is {first}. Which of its parts depends on {z_k}?",
        "The targets are constants. What is left is the slope of a share.",
        "It is the slope of the softmax from chapter 3.",
    ),
)

best_constant = Exercise(
    chapter=5,
    question="A share {y} of the pictures are pigs. Every picture gets the same probability {p}. Which {p} makes "
    "{loss} smallest?",
    terms={"y": target, "p": probability, "loss": losses.binary_cross_entropy.expression},
    answer=solve(losses.binary_cross_entropy.gradient, probability)[0],
    uses=(target,),
    hints=(
        "Where is the gradient with respect to {p} zero?",
        "It is a fraction. It is zero where what stands above is zero.",
        "Cross-entropy asks for frequencies.",
    ),
)
