"""Sigmoid, softmax and their kin: SymPy functions whose derivatives stay among them.

Each function has a `definition` in exponentials and logarithms, a derivative written once in terms of
the same functions, and `value` and `gradient_at` on arrays. The derivatives are chosen so that they
never subtract nearly equal numbers (the complement 1 - softmax is a function of its own): what is
derived from them needs no rewriting to be accurate. A test proves each against the definition.
"""

from functools import cache
from typing import Any

from sympy import Expr, Function, Indexed, IndexedBase, KroneckerDelta, Lambda, exp, log

from lossbook.indices import collapse, fresh_index, rename_bound
from lossbook.notation import i, k, logit, logits, total
from lossbook.types import Array, ArrayLike


class NamedFunction(Function):
    """A function with a name, a definition, a derivative and one accurate body on arrays."""

    def definition(self) -> Expr:
        """What the function means, in exponentials, logarithms and sums."""
        raise NotImplementedError

    def first_derivative(self) -> Expr:
        """The derivative by the argument, or by the row's entry k, in terms of the same functions."""
        raise NotImplementedError

    def _eval_evalf(self, precision: Any) -> Expr:
        return self.definition()._eval_evalf(precision)

    @classmethod
    def symbolic(cls) -> Expr:
        """The function of the book's own logits, the one that `value` computes."""
        return cls(logit)

    @classmethod
    def value(cls, z: ArrayLike) -> Array:
        """The function of the array z; a function of rows takes its classes on the last axis.

        Raises TypeError or ValueError if z is not numeric, has nan or, in a row, infinities other than the -inf of a
        masked class beside one that is not masked.
        """
        return cls._evaluate(cls.symbolic(), z)

    @classmethod
    def gradient_at(cls, z: ArrayLike) -> Array:
        """The derivative at the array z: of its shape, or of shape z.shape + (n,) for a row in a row.

        It takes and refuses what `value` does.
        """
        return cls._evaluate(cls.symbolic().first_derivative(), z)

    @classmethod
    def _evaluate(cls, expression: Expr, z: ArrayLike) -> Array:
        """`expression`, which is made of the function of the book's own logits, at the array z."""
        from lossbook import arrays

        return arrays.evaluate(expression, {cls.symbolic().args[0]: z})


class ScalarFunction(NamedFunction):
    """A function of one number."""

    @cache  # training asks for it in every step
    def first_derivative(self) -> Expr:
        return self.diff(self.args[0])

    def _eval_is_real(self) -> bool:
        return self.args[0].is_real

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        raised = self.latex_name if exp is None else f"{self.latex_name}^{{{exp}}}"
        return rf"{raised}{{\left({printer._print(self.args[0])} \right)}}"


class sigmoid(ScalarFunction):
    """sigmoid(z) = 1 / (1 + exp(-z)), in (0, 1); its derivative is sigmoid(z) sigmoid(-z)."""

    nargs = 1
    latex_name = r"\sigma"

    def definition(self) -> Expr:
        return 1 / (1 + exp(-self.args[0]))

    def fdiff(self, argindex: int) -> Expr:
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])

    def _eval_is_positive(self) -> bool:
        return self.args[0].is_real


class softplus(ScalarFunction):
    """softplus(z) = log(1 + exp(z)), positive; its derivative is sigmoid(z)."""

    nargs = 1
    latex_name = r"\operatorname{softplus}"

    def definition(self) -> Expr:
        return log(1 + exp(self.args[0]))

    def fdiff(self, argindex: int) -> Expr:
        return sigmoid(self.args[0])

    def _eval_is_positive(self) -> bool:
        return self.args[0].is_real


class log_sigmoid(ScalarFunction):
    """log_sigmoid(z) = log(sigmoid(z)), negative; its derivative is sigmoid(-z)."""

    nargs = 1
    latex_name = r"\log \sigma"

    def definition(self) -> Expr:
        return log(1 / (1 + exp(-self.args[0])))

    def fdiff(self, argindex: int) -> Expr:
        return sigmoid(-self.args[0])

    def _eval_is_negative(self) -> bool:
        return self.args[0].is_real


class log_cosh(ScalarFunction):
    """log_cosh(z) = log((exp(z) + exp(-z)) / 2), never negative; its derivative is tanh(z)."""

    nargs = 1
    latex_name = r"\log \cosh"

    def definition(self) -> Expr:
        return log((exp(self.args[0]) + exp(-self.args[0])) / 2)

    def fdiff(self, argindex: int) -> Expr:
        return tanh(self.args[0])


class tanh(ScalarFunction):
    """tanh(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z)), in (-1, 1); its derivative is 4 sigmoid(2 z) sigmoid(-2 z)."""

    nargs = 1
    latex_name = r"\tanh"

    def definition(self) -> Expr:
        z = self.args[0]
        return (exp(z) - exp(-z)) / (exp(z) + exp(-z))

    def fdiff(self, argindex: int) -> Expr:
        return 4 * sigmoid(2 * self.args[0]) * sigmoid(-2 * self.args[0])


class RowFunction(NamedFunction):
    """A function of a whole row of logits: an IndexedBase such as z, or a Lambda such as k -> z_k + c.

    A row may be written without its index, as z + c; it is made a Lambda.
    """

    abbreviation = ""
    """What the function is called where p is said to be softmax(z)."""

    @classmethod
    def eval(cls, row: Expr, *class_index: Expr) -> Expr | None:
        """The function of a Lambda if `row` is written without its index, else None, by which SymPy leaves it as is."""
        if isinstance(row, IndexedBase) or isinstance(row, Lambda) and len(row.variables) == 1:
            return None
        bases = row.atoms(IndexedBase)
        if not bases or row.has(Indexed, Lambda):
            raise TypeError(f"{cls.__name__}: expected a row such as the book's logits, got {row}")
        index = fresh_index(row.free_symbols)
        return cls(Lambda(index, row.xreplace({base: base[index] for base in bases})), *class_index)

    @classmethod
    def symbolic(cls) -> Expr:
        return cls(logits, i)

    @property
    def row(self) -> Expr:
        """The row, an `IndexedBase` or a `Lambda`."""
        return self.args[0]

    @property
    def class_index(self) -> Expr | None:
        """The class whose entry this is, or None for a function with one value a row."""
        return self.args[1] if len(self.args) > 1 else None

    def entry(self, index: Expr) -> Expr:
        """The row's entry at `index`."""
        return self.row[index] if isinstance(self.row, IndexedBase) else rename_bound(self.row, {index})(index)

    def partial(self, index: Any) -> Expr:
        """The derivative by the row's entry at `index`, in terms of the same functions."""
        raise NotImplementedError

    def first_derivative(self) -> Expr:
        return self.partial(k)

    @classmethod
    def _evaluate(cls, expression: Expr, z: ArrayLike) -> Array:
        from lossbook import arrays
        from lossbook.domains import check_domain

        rows = arrays.as_rows("z", z)
        check_domain(arrays.namespace(rows), "z", rows, logits)
        return super()._evaluate(expression, rows)

    def _eval_derivative(self, symbol: Expr) -> Expr:
        index = fresh_index(self.free_symbols | symbol.free_symbols)
        chain = self.partial(index) * rename_bound(self.entry(index), symbol.free_symbols).diff(symbol)
        return collapse(total(rename_bound(chain, {index}), index))

    def _eval_is_real(self) -> bool:
        return True

    def whole_row(self) -> Expr:
        """The row as one expression, its index dropped: z + c for k -> z_k + c. A row that needs its index keeps it."""
        if isinstance(self.row, IndexedBase):
            return self.row.label
        index = self.row.variables[0]
        entries = [entry for entry in self.row.expr.atoms(Indexed) if entry.indices == (index,)]
        whole = self.row.expr.xreplace({entry: entry.base.label for entry in entries})
        if index not in whole.free_symbols:
            return whole
        index = fresh_index(self.free_symbols)
        return Lambda(index, self.entry(index))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        subscript = "" if self.class_index is None else f"_{{{printer._print(self.class_index)}}}"
        power = "" if exp is None else f"^{{{exp}}}"
        if printer._settings.get("shares") and self.abbreviation:
            return self.abbreviation.replace("log", r"\log") + subscript + power
        return rf"{self.latex_name}{{\left({printer._print(self.whole_row())} \right)}}{subscript}{power}"

    def _text(self, printer: Any) -> str:
        subscript = "" if self.class_index is None else f"_{printer.subscript([self.class_index])}"
        if printer._settings.get("shares") and self.abbreviation:
            return f"{self.abbreviation}{subscript}"
        return f"{self.func.__name__}({printer._print(self.whole_row())}){subscript}"


class logsumexp(RowFunction):
    """logsumexp(z) = log(exp(z_1) + ... + exp(z_n)); its derivative by z_k is softmax(z)_k."""

    nargs = 1
    latex_name = r"\operatorname{logsumexp}"

    @classmethod
    def symbolic(cls) -> Expr:
        return cls(logits)

    def definition(self) -> Expr:
        return log(_sum_of_exponentials(self))

    def partial(self, index: Expr) -> Expr:
        return softmax(self.row, index)


class softmax(RowFunction):
    """softmax(z)_i = exp(z_i) / (exp(z_1) + ... + exp(z_n)), in (0, 1].

    Its derivative by z_k is softmax(z)_i (delta_ik - softmax(z)_k).
    """

    nargs = 2
    latex_name = r"\operatorname{softmax}"
    abbreviation = "p"

    def definition(self) -> Expr:
        return exp(self.entry(self.class_index)) / _sum_of_exponentials(self)

    def partial(self, index: Expr) -> Expr:
        here = softmax(self.row, self.class_index)
        delta = KroneckerDelta(self.class_index, index)
        other = softmax(self.row, index)
        return here * (delta * softmax_complement(self.row, self.class_index) - (1 - delta) * other)

    def _eval_is_positive(self) -> bool:
        return True


class softmax_complement(RowFunction):
    """softmax_complement(z)_i = 1 - softmax(z)_i, without losing digits where softmax(z)_i is nearly 1."""

    nargs = 2
    abbreviation = "1 - p"

    def definition(self) -> Expr:
        return 1 - softmax(self.row, self.class_index).definition()

    def partial(self, index: Expr) -> Expr:
        return -softmax(self.row, self.class_index).partial(index)

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        written = f"1 - {printer._print(softmax(self.row, self.class_index))}"
        return written if _stands_alone(printer) else rf"\left({written}\right){power}"

    def _text(self, printer: Any) -> str:
        written = f"1 - {printer._print(softmax(self.row, self.class_index))}"
        return written if _stands_alone(printer) else f"({written})"


class log_softmax(RowFunction):
    """log_softmax(z)_i = log(softmax(z)_i) = z_i - logsumexp(z), never above 0."""

    nargs = 2
    latex_name = r"\log \operatorname{softmax}"
    abbreviation = "log p"

    def definition(self) -> Expr:
        return log(softmax(self.row, self.class_index).definition())

    def partial(self, index: Expr) -> Expr:
        delta = KroneckerDelta(self.class_index, index)
        complement = softmax_complement(self.row, self.class_index)
        return delta * complement - (1 - delta) * softmax(self.row, index)


def _stands_alone(printer: Any) -> bool:
    """Whether what is being printed is the whole expression, so that it needs no brackets."""
    return bool(printer._print_level == 1)


def _sum_of_exponentials(function: Expr) -> Expr:
    """exp of the row, summed over the classes, with an index that the row does not use."""
    index = fresh_index(function.free_symbols)
    return total(exp(function.entry(index)), index)


def in_definitions(expression: Expr) -> Expr:
    """`expression` with every named function replaced by its definition."""
    if not expression.args or not expression.has(NamedFunction):
        return expression
    if isinstance(expression, NamedFunction):
        return in_definitions(expression.definition())
    return expression.func(*(in_definitions(part) for part in expression.args))


def in_softmax(expression: Expr) -> Expr:
    """`expression` with 1 - softmax(z, i) for softmax_complement(z, i)."""
    return expression.replace(softmax_complement, lambda row, index: 1 - softmax(row, index))


def in_one_sigmoid(expression: Expr) -> Expr:
    """`expression` with 1 - sigmoid(z) for sigmoid(-z)."""
    return expression.replace(
        lambda e: isinstance(e, sigmoid) and e.args[0].could_extract_minus_sign(), lambda e: 1 - sigmoid(-e.args[0])
    )


catalogue = {
    name: function
    for name, function in globals().items()
    if isinstance(function, type) and issubclass(function, NamedFunction) and name.islower()
}
"""Every named function, by its name; classes of functions have names with capitals."""
