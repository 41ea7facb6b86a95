"""What every loss can do, all of it from one expression.

A loss compares a prediction with a target. Both are symbols (an elementwise loss: one number against
one number) or both are rows (a class loss: one entry a class, the number of classes n a symbol).
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Derivative, Expr, IndexedBase, Symbol

from lossbook.explanation import explain, simplest
from lossbook.indices import differentiate
from lossbook.notation import DOMAINS, TARGETS_SUM_TO_ONE, i, k, probabilities, targets
from lossbook.typeset import latex, text

REDUCTIONS = ("mean", "sum")


@dataclass(frozen=True)
class Loss:
    """A loss as an expression in a prediction and a target.

        cubed = Loss(name="cubed error", expression=abs(a - y) ** 3, prediction=a, target=y)

    `prediction` and `target` are SymPy symbols, or IndexedBase rows whose entries the expression sums
    over classes with `notation.total`. Everything else is derived.
    """

    name: str
    expression: Expr
    prediction: Symbol | IndexedBase
    target: Symbol | IndexedBase
    source: str = ""

    @property
    def over_classes(self):
        """Whether the loss compares rows with one entry a class."""
        return isinstance(self.prediction, IndexedBase)

    @property
    def variable(self):
        """What the gradient is taken by: the prediction, or its entry i."""
        return self.prediction[i] if self.over_classes else self.prediction

    @cached_property
    def gradient(self):
        """d expression / d prediction, for the entry i if there are classes."""
        return differentiate(self.expression, self.variable)

    @cached_property
    def hessian(self):
        """d gradient / d prediction, for the entries i and k if there are classes."""
        return differentiate(self.gradient, self.prediction[k] if self.over_classes else self.prediction)

    def derivation(self):
        """From the definition to the gradient, one rule a line, each line proved; it shows itself."""
        derivation = explain(self.expression, self.variable, name=Derivative(Symbol("L"), self.variable))
        short = simplest(derivation.result)
        if text(short) != text(derivation.result):
            derivation.step(short, because="multiplied out and collected")
        if short.has(TARGETS_SUM_TO_ONE.lhs):
            derivation.given(TARGETS_SUM_TO_ONE)
            derivation.step(short.xreplace({TARGETS_SUM_TO_ONE.lhs: TARGETS_SUM_TO_ONE.rhs}), because="targets sum to 1")
        return derivation

    def value(self, prediction, target, reduction=None):
        """The loss of each sample: of the broadcast shape, or of the leading shape if there are classes.

        Classes are on the last axis; whole-number labels (0 to n - 1) are taken where one-hot rows are.
        `reduction` is None, "mean" or "sum", over all samples. Raises TypeError or ValueError that names
        the argument if an array is not numeric, has nan, does not match, or leaves its domain.
        """
        return self._evaluate(self.expression, prediction, target, reduction)

    def gradient_at(self, prediction, target, reduction=None):
        """The gradient by the prediction, of the shape of `value` (of the prediction, if there are classes).

        With `reduction`, it is the gradient of the reduced loss: each sample's share of it.
        """
        return self._shared(self._evaluate(self.gradient, prediction, target), prediction, reduction)

    def hessian_at(self, prediction, target):
        """The second derivative of each sample: of the shape of the gradient, with one more axis n for classes."""
        return self._evaluate(self.hessian, prediction, target)

    def value_and_gradient(self, prediction, target, reduction=None):
        """`value` and `gradient_at` in one call."""
        return self.value(prediction, target, reduction), self.gradient_at(prediction, target, reduction)

    def source_code(self):
        """The array code that computes the gradient."""
        from lossbook import arrays

        return arrays.compile(self.gradient, (self.prediction, self.target)).source

    def _evaluate(self, expression, prediction, target, reduction=None):
        import numpy as np

        from lossbook import arrays

        _check_reduction(reduction)
        prediction, target = self._arrays(prediction, target)
        result = arrays.compile(expression, (self.prediction, self.target))(prediction, target)
        if not self.over_classes:
            result = np.broadcast_to(result, np.broadcast_shapes(prediction.shape, target.shape)).astype(
                np.result_type(prediction, target)
            )
        return {None: lambda x: x, "mean": np.mean, "sum": np.sum}[reduction](result)

    def _shared(self, gradient, prediction, reduction):
        """`gradient` as the gradient of the reduced loss."""
        _check_reduction(reduction)
        if reduction != "mean":
            return gradient
        samples = gradient.size // gradient.shape[-1] if self.over_classes else gradient.size
        return gradient / samples

    def _arrays(self, prediction, target):
        """Both arguments as arrays of floats that match, inside their domains."""
        import numpy as np

        from lossbook import arrays

        prediction = arrays.as_floats("prediction", prediction)
        _check_domain("prediction", prediction, self.prediction)
        if self.over_classes:
            target = _as_rows(target, prediction)
        target = arrays.as_floats("target", target)
        _check_domain("target", target, self.target)
        try:
            shape = np.broadcast_shapes(prediction.shape, target.shape)
        except ValueError:
            shape = None
        if shape is None or self.over_classes and prediction.shape != target.shape:
            raise ValueError(f"target: expected a shape that matches prediction's {prediction.shape}, got {target.shape}")
        return prediction, target

    def _repr_latex_(self):
        return rf"$$\text{{{self.name}}} = {latex(self.expression)}$$"


def _check_reduction(reduction):
    if reduction is not None and reduction not in REDUCTIONS:
        raise ValueError(f'reduction: expected None, "mean" or "sum", got {reduction!r}')


def _check_domain(name, array, symbol):
    """Whether `array` lies in the closure of the domain of `symbol`, its rows summing to 1 if they are distributions."""
    import numpy as np

    domain = DOMAINS.get(symbol)
    if domain is None or array.size == 0:
        return
    outside = (array < float(domain.inf)) | (array > float(domain.sup))
    if outside.any():
        raise ValueError(f"{name}: expected numbers in [{domain.inf}, {domain.sup}], got {array[outside].flat[0]}")
    if symbol in (probabilities, targets):
        sums = array.sum(axis=-1)
        wrong = np.abs(sums - 1) > array.shape[-1] * 8 * np.finfo(array.dtype).eps + 1e-6
        if wrong.any():
            raise ValueError(f"{name}: expected rows that sum to 1, got one that sums to {sums[wrong].flat[0]}")


def _as_rows(target, prediction):
    """`target` itself, or one-hot rows where it holds one whole-number label a row of `prediction`."""
    import numpy as np

    if prediction.ndim == 0:
        raise ValueError("prediction: expected rows with the classes on the last axis, got a single number")
    labels = np.asarray(target)
    if labels.ndim != prediction.ndim - 1:
        return target
    if labels.dtype.kind not in "iu":
        raise TypeError(f"target: expected rows like prediction's or whole-number labels, got dtype {labels.dtype}")
    classes = prediction.shape[-1]
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        raise ValueError(f"target: expected labels from 0 to {classes - 1}, got {labels[wrong].flat[0]}")
    return (labels[..., None] == np.arange(classes)).astype(prediction.dtype)
