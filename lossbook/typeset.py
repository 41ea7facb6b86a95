"""How the book's expressions are written: as LaTeX for the page, as text for the terminal.

SymPy's printers order terms and factors by name. These write p - y and not -y + p, 1 - p and not p - 1,
2 (a - b) and not 2 a - 2 b; numbers come before symbols, symbols before functions; logarithms, sums and derivatives
come last.
"""

from collections.abc import Sequence
from typing import Any

from sympy import (
    Add,
    Derivative,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    fraction,
    sign,
    sympify,
)
from sympy.printing.latex import LatexPrinter
from sympy.printing.printer import Printer
from sympy.printing.str import StrPrinter

from lossbook.indices import split_guard
from lossbook.notation import n

_LAST = (Sum, Derivative)
"""What must stand last in a product, or in brackets: it would swallow what follows."""


class _Notation(Printer):
    """What both printers share; each says how it writes brackets, fractions and products."""

    def __init__(self, shares: bool) -> None:
        super().__init__()
        self._settings["shares"] = shares

    def _print_Add(self, expr: Expr, order: Any = None) -> str:
        content, primitive = expr.primitive()
        if content.is_Integer and content != 1:
            return self._write_product(False, [content, primitive])
        number, rest = expr.as_coeff_Add()
        is_first = number > 0 and not rest.is_integer  # 1 - p, but k + 1
        numbers = [number] if number != 0 else []
        ordered = [*(numbers if is_first else []), *self._as_ordered_terms(rest), *([] if is_first else numbers)]
        terms = [self._print(term) for term in _residuals_together(ordered)]
        first = next((term for term in terms if not term.startswith("-")), terms[0])
        terms.remove(first)
        signed = (f" - {term[1:].lstrip()}" if term.startswith("-") else f" + {term}" for term in terms)
        return first + "".join(signed)

    def _print_Mul(self, expr: Expr) -> str:
        top, bottom = fraction(expr, exact=True)
        negative, tops = _oriented_factors(top)
        if bottom == 1:
            return self._write_product(negative, tops)
        flipped, bottoms = _oriented_factors(bottom)
        minus = "-" if negative != flipped else ""
        return minus + self._fraction(self._write_product(False, tops), self._write_product(False, bottoms))

    def _write_product(self, negative: bool, factors: Sequence[Expr]) -> str:
        factors = [f for f in factors if f != 1] or [S.One]
        written = [
            self._bracket(self._print(factor))
            if self._needs_brackets(factor, factor is factors[-1], len(factors) == 1 and not negative)
            else self._print(factor)
            for factor in factors
        ]
        minus_signs = negative + sum(factor.startswith("-") for factor in written)
        return ("-" if minus_signs % 2 else "") + self._times.join(factor.removeprefix("-") for factor in written)

    def _print_Abs(self, expr: Expr, exp: str | None = None) -> str:
        inner = expr.args[0]
        size = self._size(self._print(-inner if _holds_positive_truth(inner) else inner))
        return size if exp is None else f"{size}^{{{exp}}}"

    def _print_sign(self, expr: Expr) -> str:
        inner = expr.args[0]
        backwards = _holds_positive_truth(inner)
        return ("-" if backwards else "") + self._function("sign", self._print(-inner if backwards else inner))

    def _print_Pow(self, expr: Expr, **settings: Any) -> str:
        if isinstance(expr.base, sign):  # as it stands: the minus sign of one turned round would leave the power
            expr = Pow(Function("sign")(*expr.base.args), expr.exp)
        return super()._print_Pow(expr, **settings)

    def _print_Relational(self, expr: Expr) -> str:
        if expr.lhs.is_number or not expr.rhs.is_number and len(str(expr.lhs)) < len(str(expr.rhs)):
            expr = expr.reversed
        if _holds_positive_truth(expr.lhs) and expr.rhs == 0:
            expr = expr.reversedsign
        return f"{self._print(expr.lhs)} {self._relations[expr.rel_op]} {self._print(expr.rhs)}"

    def _print_Lambda(self, expr: Expr) -> str:
        return f"{self._print(expr.variables[0])}{self._maps_to}{self._print(expr.expr)}"

    def _needs_brackets(self, factor: Expr, last: bool, alone: bool) -> bool:
        return (isinstance(factor, Add) and not alone) or (isinstance(factor, (*_LAST, Piecewise)) and not last)


def _residuals_together(terms: Sequence[Expr]) -> list[Expr]:
    """`terms` with a subtracted truth right behind the prediction, as in yhat - y - delta / 2."""
    predictions = [term for term in terms if str(term) == "yhat"]
    truths = [term for term in terms if _is_truth(term) and term.could_extract_minus_sign()]
    others = [term for term in terms if term not in predictions + truths]
    return [*predictions, *truths, *others] if predictions and truths else list(terms)


def _oriented_factors(product: Expr) -> tuple[bool, list[Expr]]:
    """Whether a minus sign stands before `product`, and its factors in order, each difference the right way round."""
    negative, factors = False, []
    numbers, parts = zip(*map(_number_and_rest, Mul.make_args(product)))
    for factor in (Mul(*numbers), *parts):
        if factor.is_Number and factor < 0 or _is_backwards(factor):
            negative, factor = not negative, -factor
        elif isinstance(factor, sign) and _holds_positive_truth(factor.args[0]):
            negative, factor = not negative, Function("sign")(-factor.args[0])
        factors.append(factor)
    for position, factor in enumerate(factors):
        turned = _turned_round(factor)
        if negative and turned is not None:
            negative, factors[position] = False, turned
    return negative, sorted(factors, key=_rank)


def _turned_round(factor: Expr) -> Expr | None:
    """-factor for a sum that takes a minus sign in: the truth adds to it, or its terms have one of their own."""
    if isinstance(factor, Sum) and text(factor.function).startswith("-"):
        return Sum(-factor.function, *factor.limits)
    return -factor if _holds_positive_truth(factor) else None


def _number_and_rest(factor: Expr) -> tuple[Any, ...]:
    """2 and a - b for 2 a - 2 b, which is how it is written."""
    number, rest = factor.primitive() if isinstance(factor, Add) else (S.One, factor)
    return (number, rest) if number.is_Integer else (S.One, factor)


def _is_backwards(factor: Expr) -> Expr | bool:
    """Whether `factor` is a difference such as p - 1 or y - p, which reads better as 1 - p or p - y."""
    if not isinstance(factor, Add):
        return False
    number, rest = factor.as_coeff_Add()
    if number != 0:
        return number < 0
    others = [term for term in Add.make_args(rest) if not _is_truth(term)]
    return _holds_positive_truth(factor) and bool(others) and all(t.could_extract_minus_sign() for t in others)


def _holds_positive_truth(factor: Expr) -> bool:
    """Whether `factor` is a sum to which the truth y adds, where residuals subtract it."""
    truths = [term for term in Add.make_args(factor) if _is_truth(term)] if isinstance(factor, Add) else []
    return bool(truths) and not any(term.could_extract_minus_sign() for term in truths)


def _is_truth(term: Expr) -> bool:
    symbol = term.as_coeff_Mul()[1]
    return str(symbol.base.label if isinstance(symbol, Indexed) else symbol) == "y"


def _rank(factor: Expr) -> tuple[int, bool, tuple[Any, Any, Any, Expr]]:
    base = factor.base if isinstance(factor, Pow) else factor
    is_sum = isinstance(base, Add)
    starts_with_log = getattr(base, "latex_name", "").startswith(r"\log ")
    kinds = [
        base.is_Number,
        isinstance(base, (Symbol, Indexed, KroneckerDelta)),
        is_sum and any(map(_is_truth, base.args)),
        not is_sum and not isinstance(base, _LAST) and not starts_with_log,
        is_sum,
        starts_with_log,  # else what follows would seem to be in the logarithm
        isinstance(base, Sum),
        True,
    ]
    mirrored = isinstance(base, Function) and base.args[0].could_extract_minus_sign()
    return kinds.index(True), mirrored, factor.sort_key()


def _is_over_all_classes(a_sum: Expr) -> bool:
    """Whether the outermost index of `a_sum` runs from 1 to n, which text leaves unsaid."""
    return a_sum.limits[-1][1:] == (1, n)


def _orders(derivative: Expr) -> tuple[int, list[Any]]:
    """How often `derivative` is taken in all, and the symbols that it is taken by, each with how often."""
    counts = [(symbol, int(count)) for symbol, count in derivative.variable_count]
    return sum(count for _, count in counts), counts


class _Latex(_Notation, LatexPrinter):
    _times = r" \, "
    _maps_to = r" \mapsto "
    _relations = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}

    def _size(self, written: str) -> str:
        return rf"\left|{written}\right|"

    def _function(self, name: str, written: str) -> str:
        return rf"\operatorname{{{name}}}{{\left({written}\right)}}"

    def _bracket(self, written: str) -> str:
        return rf"\left({written}\right)"

    def _fraction(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def _print_Indexed(self, expr: Expr) -> str:
        written = [self._print(index) for index in expr.indices]
        comma = "" if max(map(len, written)) == 1 else ","
        return f"{{{self._print(expr.base)}}}_{{{comma.join(written)}}}"

    def _print_Piecewise(self, expr: Expr) -> str:
        return super()._print_Piecewise(expr).replace(r" \\", r" \\[.4em] ")

    def _print_Sum(self, expr: Expr) -> str:
        index, left_out, function = split_guard(expr)
        written = self._print(function)
        written = self._bracket(written) if isinstance(function, Add) or written.startswith("-") else written
        skipped = rf"{self._print(index)} \ne {', '.join(map(self._print, left_out))}" if left_out else ""
        if left_out and _is_over_all_classes(expr):
            return rf"\sum_{{{skipped}}} {written}"
        low, high = (self._print(limit) for limit in expr.limits[-1][1:])
        return rf"\sum_{{{self._print(index)}={low}{skipped and ', '}{skipped}}}^{{{high}}} {written}"

    def _print_Derivative(self, expr: Expr) -> str:
        order, counts = _orders(expr)
        power = self._power(order)
        below = r" \, ".join(rf"\partial {self._print(symbol)}{self._power(count)}" for symbol, count in counts)
        written = self._print(expr.expr)
        if isinstance(expr.expr, Symbol):
            return rf"\frac{{\partial{power} {written}}}{{{below}}}"
        written = self._bracket(written) if isinstance(expr.expr, (Add, Mul)) else written
        return rf"\frac{{\partial{power}}}{{{below}}} {written}"

    def _power(self, order: int) -> str:
        return f"^{{{order}}}" if order > 1 else ""


class _Text(_Notation, StrPrinter):
    printmethod = "_text"
    _times = "*"
    _maps_to = " ↦ "
    _relations = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}

    def _size(self, written: str) -> str:
        return f"|{written}|"

    def _function(self, name: str, written: str) -> str:
        return f"{name}({written})"

    def _print_Piecewise(self, expr: Expr) -> str:
        branches = [
            self._print(branch) + ("" if condition == True else f" if {self._print(condition)}")  # noqa: E712
            for branch, condition in expr.args
        ]
        return "{" + "; ".join(branches) + "}"

    def _bracket(self, written: str) -> str:
        return f"({written})"

    def _fraction(self, top: str, bottom: str) -> str:
        top, bottom = (f"({part})" if set("+-*/ ") & set(part) else part for part in (top, bottom))
        return f"{top}/{bottom}"

    def _print_Sum(self, expr: Expr) -> str:
        index, left_out, function = split_guard(expr)
        below = self._print(index) + ("≠" + ",".join(map(self._print, left_out)) if left_out else "")
        if not _is_over_all_classes(expr):
            low, high = (self._print(limit) for limit in expr.limits[-1][1:])
            below = f"{{{below} from {low} to {high}}}"
        return f"Σ_{below}({self._print(function)})"

    def _print_Derivative(self, expr: Expr) -> str:
        order, counts = _orders(expr)
        above = f"∂{self._power(order)}"
        below = " ".join(f"∂{self._print(symbol)}{self._power(count)}" for symbol, count in counts)
        if isinstance(expr.expr, Symbol):
            return f"{above}{self._print(expr.expr)}/{below}"
        return f"{above}/{below}({self._print(expr.expr)})"

    def _power(self, order: int) -> str:
        return str(order).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) if order > 1 else ""

    def _print_KroneckerDelta(self, expr: Expr) -> str:
        return f"δ_{self.subscript(expr.args)}"

    def _print_Exp1(self, expr: Expr) -> str:
        return "e"

    def _print_Infinity(self, expr: Expr) -> str:
        return "∞"

    def _print_IndexedBase(self, expr: IndexedBase) -> str:
        return self._print(expr.label)

    def _print_Indexed(self, expr: Expr) -> str:
        return f"{self._print(expr.base)}_{self.subscript(expr.indices)}"

    def subscript(self, indices: Sequence[Expr]) -> str:
        """Indices as they stand behind an underscore: 12, ik, {1,12}, {k + 1}."""
        written = [self._print(index) for index in indices]
        alone = len(written) == 1 and indices[0].is_Atom
        return "".join(written) if alone or max(map(len, written)) == 1 else f"{{{','.join(written)}}}"


def latex(expression: Expr, shares: bool = False) -> str:
    """LaTeX of `expression` in the book's notation, without delimiters; with `shares`, softmax(z)_i is p_i."""
    return _Latex(shares).doprint(expression)


def text(expression: Expr, shares: bool = False) -> str:
    """`expression` in the book's notation as a line of text; with `shares`, softmax(z)_i is p_i."""
    return _Text(shares).doprint(expression)


class Formula:
    """Expressions joined by equals signs, typeset when displayed: Formula(a, b) shows a = b."""

    def __init__(self, *sides: Expr) -> None:
        self.sides = [sympify(side) for side in sides]

    def _repr_latex_(self) -> str:
        return "$$" + " = ".join(map(latex, self.sides)) + "$$"

    def __str__(self) -> str:
        return " = ".join(map(text, self.sides))

    __repr__ = __str__
