"""Symbols that single exercises use beside those of `lossbook.notation`."""

from sympy import Eq, IndexedBase, Symbol, symbols

from lossbook.functions import sigmoid, softmax
from lossbook.notation import beta, i, k, logit, logits, probabilities, probability, total

weight, bias, feature = symbols("w b x", real=True)
"""A neuron with one input: its score is w x + b."""

weights, features, values = (IndexedBase(name, real=True) for name in ("w", "x", "y"))
"""Rows of weights, of inputs and of measured values."""

hidden = Symbol("a", real=True)
"""The score of a hidden node, whose activation is tanh(a)."""

rate, step, temperature, penalty = symbols("eta h T lambda", positive=True)
"""The learning rate, the step of a finite difference, what scores are divided by, the strength of a penalty."""

second_derivative, third_derivative = symbols("f2 f3", real=True)
"""Derivatives of a function f at the point where its slope is measured."""

samples = Symbol("N", integer=True, positive=True)
"""The number of samples in a batch."""

p_is_sigmoid = Eq(probability, sigmoid(logit))
p_is_softmax = Eq(probabilities[i], softmax(logits, i))
z_is_score = Eq(logit, weight * feature + bias)
probabilities_sum_to_one = Eq(total(probabilities[k]), 1)
beta_is_positive = Eq(beta, Symbol("beta", positive=True))
"""What an answer may rely on, where its exercise says so."""
