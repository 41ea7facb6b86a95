"""What every loss can do, all of it from one expression.

A loss compares a prediction with a target. Both are symbols (an elementwise loss: one number against
one number) or both are rows (a class loss: one entry a class, the number of classes n a symbol).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Abs, Derivative, DiracDelta, Expr, I, IndexedBase, S, Sum, Symbol, nan, oo, sign, zoo

from lossbook.checks import as_expression, as_number, as_text
from lossbook.derivation import Derivation
from lossbook.domains import check_domain, check_labels
from lossbook.explanation import explain, simplest
from lossbook.indices import differentiate, free_indices
from lossbook.notation import TARGETS_SUM_TO_ONE, domain_of, i, k, n
from lossbook.types import Array, ArrayLike, Compiled
from lossbook.typeset import latex, text

if TYPE_CHECKING:
    from lossbook.cards import Card

REDUCTIONS = ("mean", "sum")


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss as an expression in a prediction and a target.

        a, y = symbols("a y", real=True)
        quartic = Loss(
            name="quartic error", expression=(a - y) ** 4, prediction=a, target=y
        )

    `prediction` and `target` are SymPy symbols, or IndexedBase rows whose entries the expression sums
    over classes with `notation.total`. `parameters` gives the keyword of each parameter of the loss,
    its symbol and its default, such as `{"beta": (beta, 1)}`. Everything else is derived.
    """

    name: str
    expression: Expr
    prediction: Symbol | IndexedBase
    target: Symbol | IndexedBase
    parameters: dict[str, tuple[Symbol, float]] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        as_text("name", self.name)
        for argument in ("prediction", "target"):
            symbol = getattr(self, argument)
            if not isinstance(symbol, (Symbol, IndexedBase)):
                raise TypeError(f"{argument}: expected a SymPy Symbol or IndexedBase, got {symbol!r}")
        if isinstance(self.prediction, IndexedBase) != isinstance(self.target, IndexedBase):
            raise TypeError(
                f"target: expected a {type(self.prediction).__name__} as prediction is, got {self.target!r}"
            )
        self._check_parameters()
        left = free_indices(as_expression("expression", self.expression))
        for argument in ("prediction", "target"):
            symbol = getattr(self, argument)
            if not symbol.is_real and self.expression.has(Abs, sign):
                raise ValueError(
                    f"{argument}: expected a symbol declared real, as in Symbol({str(symbol)!r}, real=True)"
                )
        if left:
            raise ValueError(f"expression: expected a sum over all classes, got one with the free index {left[0]}")
        for a_sum in self.expression.atoms(Sum):
            if any(limit[1:] != (1, n) for limit in a_sum.limits):
                raise ValueError(f"expression: expected sums over all classes, from 1 to notation.n, got {a_sum!r}")
        if self.expression.has(nan, oo, -oo, zoo, I):
            raise ValueError(f"expression: expected real numbers, got {self.expression!r}")
        known = {n, *(symbol for symbol, _ in self.parameters.values())}
        known |= {getattr(symbol, "label", symbol) for symbol in (self.prediction, self.target)}
        for symbol in sorted(self.expression.free_symbols - known, key=str):
            if isinstance(symbol, Symbol):
                raise ValueError(
                    f"expression: expected only prediction, target and parameters, got the symbol {symbol}"
                )

    def _check_parameters(self) -> None:
        """Raise if a parameter is not a symbol with a default in its domain, or a name stands for two things."""
        if not isinstance(self.parameters, dict):
            raise TypeError(f'parameters: expected a dict such as {{"beta": (beta, 1)}}, got {self.parameters!r}')
        symbols = {"target": self.target}
        for keyword, pair in self.parameters.items():
            if keyword in ("self", "prediction", "target", "reduction"):
                raise ValueError(f"parameters: expected another keyword than {keyword}, which means something already")
            if not (isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], Symbol)):
                raise TypeError(f"{keyword}: expected a symbol and its default such as (beta, 1), got {pair!r}")
            symbols[keyword] = pair[0]
            as_number(keyword, pair[1], domain_of(pair[0]))
        names = {str(self.prediction)}
        for argument, symbol in symbols.items():
            if str(symbol) in names:
                raise ValueError(f"{argument}: expected a symbol with a name of its own, got a second {symbol}")
            names.add(str(symbol))

    @property
    def over_classes(self) -> bool:
        """Whether the loss compares rows with one entry a class."""
        return isinstance(self.prediction, IndexedBase)

    @property
    def variable(self) -> Expr:
        """What the gradient is taken by: the prediction, or its entry i."""
        return self.prediction[i] if self.over_classes else self.prediction

    @cached_property
    def gradient(self) -> Expr:
        """d expression / d prediction, for the entry i if there are classes.

        Where branches meet it is that of the branch which holds there, and 0 for a sign: at a kink of a convex loss
        of the catalogue, one of its subgradients.
        """
        return _away_from_jumps(differentiate(self.expression, self.variable))

    @cached_property
    def hessian(self) -> Expr:
        """d gradient / d prediction, for the entries i and k if there are classes, away from kinks."""
        by = self.prediction[k] if self.over_classes else self.prediction
        return _away_from_jumps(differentiate(self.gradient, by))

    def derivation(self) -> Derivation:
        """From the definition to the gradient, one rule a line, each line proved; it shows itself."""
        derivation = explain(self.expression, self.variable, name=Derivative(Symbol("L"), self.variable))
        short = simplest(derivation.result)
        if text(short) != text(derivation.result):
            derivation.step(short, because="multiplied out and collected")
        if short.has(TARGETS_SUM_TO_ONE.lhs):
            derivation.given(TARGETS_SUM_TO_ONE)
            derivation.step(
                short.xreplace({TARGETS_SUM_TO_ONE.lhs: TARGETS_SUM_TO_ONE.rhs}), because="targets sum to 1"
            )
        return derivation

    def value(self, prediction: ArrayLike, target: ArrayLike, reduction: str | None = None, **parameters: Any) -> Array:
        """The loss of each sample: of the broadcast shape, or of the leading shape if there are classes.

        Classes are on the last axis; whole-number labels (0 to n - 1) are taken where one-hot rows are.
        `reduction` is None, "mean" or "sum", over all samples. Raises TypeError or ValueError that names
        the argument if an array is not numeric, has nan, does not match, or leaves its domain.

        For slopes take `gradient_at`: the code chooses between cases, so that another library's automatic
        differentiation of it goes wrong where cases meet, as at equal logits or where a target is 0.
        """
        (values,) = self._evaluate([self.expression], prediction, target, parameters)
        return _reduced(values, reduction)

    def gradient_at(
        self, prediction: ArrayLike, target: ArrayLike, reduction: str | None = None, **parameters: Any
    ) -> Array:
        """The gradient by the prediction, of the shape of `value` (of the prediction, if there are classes).

        With `reduction`, it is the gradient of the reduced loss: each sample's share of it.
        """
        (gradient,) = self._evaluate([self.gradient], prediction, target, parameters)
        return self._shared(gradient, reduction)

    def hessian_at(self, prediction: ArrayLike, target: ArrayLike, **parameters: Any) -> Array:
        """The second derivative of each sample: of the shape of the gradient, with one more axis n for classes."""
        if "reduction" in parameters:
            given = parameters["reduction"]
            raise TypeError(f"reduction: expected none, since Hessians are those of each sample, got {given!r}")
        return self._evaluate([self.hessian], prediction, target, parameters)[0]

    def value_and_gradient(
        self, prediction: ArrayLike, target: ArrayLike, reduction: str | None = None, **parameters: Any
    ) -> tuple[Array, Array]:
        """`value` and `gradient_at` in one pass over the arrays."""
        values, gradient = self._evaluate([self.expression, self.gradient], prediction, target, parameters)
        return _reduced(values, reduction), self._shared(gradient, reduction)

    def source_code(self) -> str:
        """The array code of value and gradient."""
        return self._compiled((self.expression, self.gradient), labels=False).source

    def card(self) -> Card:
        """What is known of the loss on one `cards.Card`: derivatives, convexity, kinks, bounds, names elsewhere."""
        from lossbook.cards import Card  # it stands on the catalogue, and so on this module

        return Card(self)

    def _compiled(self, expressions: Sequence[Expr], labels: bool) -> Compiled:
        from lossbook import arrays

        symbols = tuple(symbol for symbol, _ in self.parameters.values())
        return arrays.compile(expressions, (self.prediction, self.target, *symbols), self.target if labels else None)

    def _evaluate(
        self, expressions: Sequence[Expr], prediction: ArrayLike, target: ArrayLike, parameters: dict[str, Any]
    ) -> tuple[Array, ...]:
        """The array values of `expressions`, whose free indices are none, i, or i and k."""
        import numpy as np

        from lossbook import arrays

        constants = [np.float64(number) for number in self._checked_parameters(parameters)]  # whose 1 / 0 is infinite
        prediction = (arrays.as_rows if self.over_classes else arrays.as_floats)("prediction", prediction)
        target = self._matched_target(prediction, target)
        labels = self.over_classes and target.ndim < prediction.ndim
        if not labels:
            xp = arrays.namespace(prediction, target)
            dtype = xp.result_type(prediction, target)
            prediction, target = xp.astype(prediction, dtype, copy=False), xp.astype(target, dtype, copy=False)

        def prepare(prediction: Array, target: Array) -> tuple[Array, ...]:
            xp = arrays.namespace(prediction, target)
            if not arrays.is_lazy(prediction) and not arrays.is_lazy(target):
                check_domain(xp, "prediction", prediction, self.prediction)
                if labels:
                    check_labels(xp, target, prediction.shape[-1])
                else:
                    check_domain(xp, "target", target, self.target)
            return prediction, target, *constants

        compiled = self._compiled(tuple(expressions), labels)
        axes = [len(arrays.class_axes(expression)) for expression in expressions]
        return arrays.over_samples(compiled, axes, self.over_classes, prediction, target, prepare)

    def _checked_parameters(self, given: dict[str, Any]) -> list[float]:
        """The parameters in their order, as numbers inside their domains."""
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise TypeError(f"{unknown[0]}: {self.name} has no such parameter, it has {known}")
        numbers = []
        for keyword, (symbol, default) in self.parameters.items():
            numbers.append(as_number(keyword, given.get(keyword, default), domain_of(symbol)))
        return numbers

    def _matched_target(self, prediction: ArrayLike, target: ArrayLike) -> Array:
        """`target` as an array that fits `prediction`: floats like it, or labels."""
        from lossbook import arrays

        target = arrays.as_array_like("target", target, prediction, "prediction")
        if self.over_classes and target.ndim == prediction.ndim - 1 and target.shape == prediction.shape[:-1]:
            xp = arrays.namespace(target)
            if 0 in target.shape:  # no labels are labels too, whatever their dtype
                return xp.astype(target, xp.int64)
            if not xp.isdtype(target.dtype, "integral"):
                raise TypeError(f"target: expected rows like prediction's or whole-number labels, got {target.dtype}")
            return target
        target = arrays.as_floats("target", target, prediction.dtype)
        if self.over_classes:
            fits = target.shape == prediction.shape
        else:
            fits = all(a == b or 1 in (a, b) for a, b in zip(prediction.shape[::-1], target.shape[::-1]))
        if not fits:
            raise ValueError(
                f"target: expected a shape that matches prediction's {prediction.shape}, got {target.shape}"
            )
        return target

    def _shared(self, gradient: Array, reduction: str | None) -> Array:
        """`gradient` as the gradient of the reduced loss."""
        _check_reduction(reduction)
        if reduction != "mean":
            return gradient
        size = math.prod(gradient.shape[:-1] if self.over_classes else gradient.shape)
        return gradient / max(size, 1)

    def __repr__(self) -> str:
        return f"{self.name} = {text(self.expression)}"

    def _repr_latex_(self) -> str:
        return rf"$$\text{{{self.name}}} = {latex(self.expression)}$$"


def _away_from_jumps(derivative: Expr) -> Expr:
    """`derivative` without the delta functions that SymPy has at jumps."""
    return derivative.replace(DiracDelta, lambda *_: S.Zero)


def check_loss(loss: object) -> None:
    """Raise TypeError if `loss` is none."""
    if not isinstance(loss, Loss):
        raise TypeError(f"loss: expected a Loss such as losses.squared_error, got {loss!r}")


def _reduced(values: Array, reduction: str | None) -> Array:
    _check_reduction(reduction)
    if reduction is None:
        return values
    if reduction == "mean" and 0 in values.shape:
        raise ValueError('reduction: expected samples to take the "mean" of, got none')
    import numpy as np

    from lossbook import arrays

    xp = arrays.namespace(values)
    with np.errstate(over="ignore"):
        reduced = getattr(xp, reduction)(values)
        if reduction == "mean" and not arrays.is_lazy(values) and not xp.isfinite(reduced):
            reduced = xp.sum(values / math.prod(values.shape))  # the sum alone was beyond the largest float
    return reduced


def _check_reduction(reduction: str | None) -> None:
    if reduction is not None and not (isinstance(reduction, str) and reduction in REDUCTIONS):
        raise ValueError(f'reduction: expected None, "mean" or "sum", got {reduction!r}')
