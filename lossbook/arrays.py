"""From expressions to array code: one accurate body for each function, sums as reductions.

`compile` prints an expression as a NumPy function. Free class indices become the last axes of the
result, in the order given; a sum over classes becomes a reduction over the last axis. Nothing here
knows a loss: what is accurate is accurate for all of them, because the expressions are built from
functions that are, and the few remaining places where digits could be lost have bodies of their own:

- a weight times a logarithm, or over a probability, is 0 where the weight is 0 (0 log 0 = 0);
- log(1 + x) is log1p(x);
- a predicted probability less its target is (1 - y) p - y (1 - p), the two parts never both large;
- the sum over all classes but one is summed from both ends, not subtracted from the whole.
"""

from functools import lru_cache

import numpy as np
from sympy import (
    Abs, Add, Float, Indexed, IndexedBase, Integer, KroneckerDelta, Mul, Piecewise, Pow, Rational, S, Sum, Symbol, exp,
    log, sign,
)
from sympy.core.relational import Relational

from lossbook import functions
from lossbook.indices import split_guard
from lossbook.notation import DOMAINS, i, k, n

AXES = (i, k)
"""The indices that become the last axes of a result: a gradient has i, a Hessian i and then k."""


# --- bodies: z is an array of floats, rows on the last axis ----------------------------------------


def sigmoid(z):
    """1 / (1 + exp(-z)), without overflow and without losing small values."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def softplus(z):
    """log(1 + exp(z)), without overflow and without losing small values."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def log_sigmoid(z):
    """log(1 / (1 + exp(-z)))."""
    return -softplus(-z)


def _row_parts(z):
    """Each row less its greatest entry, their exponentials, where the greatest is, and the sum of the others."""
    greatest = np.argmax(z, axis=-1)[..., None]
    with np.errstate(invalid="ignore"):
        shifted = z - np.take_along_axis(z, greatest, axis=-1)
    exponentials = np.exp(shifted)
    others = exponentials.copy()
    np.put_along_axis(others, greatest, 0, axis=-1)
    return shifted, exponentials, greatest, others.sum(axis=-1, keepdims=True)


def logsumexp(z):
    """log(sum of exp) of each row: its greatest entry plus log1p of the other terms."""
    _, _, greatest, others = _row_parts(z)
    return (np.take_along_axis(z, greatest, axis=-1) + np.log1p(others))[..., 0]


def log_softmax(z):
    """z less the row's logsumexp."""
    shifted, _, _, others = _row_parts(z)
    return shifted - np.log1p(others)


def softmax(z):
    """exp(z) over the row's sum."""
    _, exponentials, _, others = _row_parts(z)
    return exponentials / (1 + others)


def softmax_complement(z):
    """1 - softmax(z): for the greatest entry the others' share, which 1 - p would round away."""
    _, exponentials, greatest, others = _row_parts(z)
    result = 1 - exponentials / (1 + others)
    np.put_along_axis(result, greatest, others / (1 + others), axis=-1)
    return result


def weighted(weight, term):
    """weight * term, but 0 where the weight is 0, even if the term is infinite there."""
    with np.errstate(invalid="ignore"):
        return np.where(weight == 0, 0, weight * term)


def ratio(top, bottom):
    """top / bottom, but 0 where the top is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(top == 0, 0, top / bottom)


def logarithm(x):
    """log(x), which is -inf at 0."""
    with np.errstate(divide="ignore"):
        return np.log(x)


def logarithm_1p(x):
    """log(1 + x), which is -inf at -1."""
    with np.errstate(divide="ignore"):
        return np.log1p(x)


def difference(share, complement, target):
    """share - target, where complement = 1 - share: exact where the share rounds to a target of 0 or 1."""
    return (1 - target) * share - target * complement


def sum_of_others(terms):
    """For each entry of a row the sum of all the others, from both ends so that nothing is subtracted."""
    before, after = np.zeros_like(terms), np.zeros_like(terms)
    np.cumsum(terms[..., :-1], axis=-1, out=before[..., 1:])
    np.cumsum(terms[..., :0:-1], axis=-1, out=after[..., -2::-1])
    return before + after


_BODIES = {
    body.__name__: body
    for body in (
        sigmoid, softplus, log_sigmoid, logsumexp, log_softmax, softmax, softmax_complement,
        weighted, ratio, logarithm, logarithm_1p, difference, sum_of_others,
    )
}


# --- printing ---------------------------------------------------------------------------------------


@lru_cache(maxsize=None)
def compile(expression, arguments):
    """A function of arrays, one for each of `arguments` (symbols and rows), that computes `expression`.

    Its source is kept as the attribute `source`.
    """
    axes = tuple(index for index in AXES if index in expression.free_symbols)
    writer = _Writer(arguments)
    result = writer.write(expression, axes)
    names = ", ".join(_name(argument) for argument in arguments)
    source = "\n    ".join([f"def compiled({names}):", *writer.lines, f"return {result}"]) + "\n"
    namespace = {"np": np, **_BODIES}
    exec(source, namespace)
    function = namespace["compiled"]
    function.source = source
    return function


def evaluate(expression, values):
    """The array value of `expression`, given an array for each of its symbols and rows."""
    arguments = tuple(values)
    return compile(expression, arguments)(*(as_floats(_name(argument), values[argument]) for argument in arguments))


def as_floats(name, value):
    """`value` as an array of float32 or float64. Raises TypeError or ValueError that names the argument."""
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: expected an array of real numbers, got {type(value).__name__} of dtype {array.dtype}")
    if np.isnan(array).any():
        raise ValueError(f"{name}: expected numbers, got nan at index {tuple(map(int, np.argwhere(np.isnan(array))[0]))}")
    return array


def _name(argument):
    return str(argument.label if isinstance(argument, IndexedBase) else argument)


class _Writer:
    """Writes an expression as lines of NumPy, each shared part once."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.lines = []
        self.names = {}

    def write(self, expression, axes):
        """The code of `expression`, its free indices on the last axes, in the order of `axes`."""
        if isinstance(expression, Indexed):
            return self._spread(_name(expression.base), expression.indices, axes)
        if expression.is_Atom:
            return self._atom(expression)
        return self._name_for(self._compound(expression, axes))

    def _name_for(self, code):
        """The variable that holds what `code` computes; the same code is computed once."""
        if code.isidentifier():
            return code
        if code not in self.names:
            self.names[code] = f"t{len(self.names)}"
            self.lines.append(f"{self.names[code]} = {code}")
        return self.names[code]

    def _atom(self, atom):
        if atom == n:
            return f"{_name(next(a for a in self.arguments if isinstance(a, IndexedBase)))}.shape[-1]"
        if isinstance(atom, Integer):
            return str(atom)
        if isinstance(atom, (Rational, Float)):
            return repr(float(atom))
        return _name(atom)

    def _spread(self, row, indices, axes):
        """`row`, whose last axes are `indices`, with an axis of length 1 for each other index of `axes`."""
        if set(axes) == set(indices):
            return row
        return f"{row}[..., {', '.join(':' if axis in indices else 'None' for axis in axes)}]"

    def _constant(self, number, axes):
        """`number`, one value a row, with an axis of length 1 for each index of `axes`."""
        return f"{number}[{', '.join(['...', *('None' for _ in axes)])}]" if axes else number

    def _compound(self, e, axes):
        deltas = [d for d in e.atoms(KroneckerDelta) if set(d.args) <= set(axes)]
        if deltas and not isinstance(e, Sum):
            same, apart = (self.write(e.xreplace({deltas[0]: value}), axes) for value in (S.One, S.Zero))
            return f"np.where({self._spread(self._same_class(), deltas[0].args, axes)}, {same}, {apart})"
        if isinstance(e, functions.RowFunction):
            row = self._name_for(f"{e.func.__name__}({_name(e.row)})")
            return self._constant(row, axes) if e.class_index is None else self._spread(row, (e.class_index,), axes)
        if isinstance(e, functions.ScalarFunction):
            return f"{e.func.__name__}({self.write(e.args[0], axes)})"
        writers = {
            Sum: self._sum, Add: self._add, Mul: self._mul, Pow: self._pow, log: self._log, Piecewise: self._piecewise,
        }
        for kind, writer in writers.items():
            if isinstance(e, kind):
                return writer(e, axes)
        if isinstance(e, (exp, Abs, sign)):
            return f"np.{type(e).__name__.lower()}({self.write(e.args[0], axes)})"
        if isinstance(e, Relational):
            return f"{self.write(e.lhs, axes)} {e.rel_op} {self.write(e.rhs, axes)}"
        raise TypeError(f"expression: no array code for {type(e).__name__} in {e}")

    def _sum(self, e, axes):
        index, left_out, function = split_guard(e)
        if index not in function.free_symbols:
            raise TypeError(f"expression: no array code for {e}, which counts classes")
        outer = tuple(axis for axis in axes if axis in function.free_symbols)
        if not outer and len(left_out) < 2:
            terms = self.write(function, (index,))
            if left_out:
                return self._spread(self._name_for(f"sum_of_others({terms})"), left_out, axes)
            return self._constant(self._name_for(f"{terms}.sum(axis=-1)"), axes)
        terms = self.write(function, (*axes, index))
        for other in left_out:
            same = self._spread(self._same_class(), (other, index), (*axes, index))
            terms = self._name_for(f"np.where({same}, 0, {terms})")
        return f"{terms}.sum(axis=-1)"

    def _same_class(self):
        """A square of truth values, true where two indices are the same class."""
        row = _name(next(a for a in self.arguments if isinstance(a, IndexedBase)))
        return self._name_for(f"np.eye({row}.shape[-1], dtype=bool)")

    def _add(self, e, axes):
        content, primitive = e.primitive()
        if content != 1:
            return self._product([content, primitive], axes)
        for share in e.args:
            target = e - share
            if len(e.args) == 2 and _is_share(share) and _is_target(-target):
                parts = (self.write(part, axes) for part in (share, _complement(share), -target))
                return f"difference({', '.join(parts)})"
        first, *others = sorted(e.args, key=lambda term: term.could_extract_minus_sign())
        signed = (
            f" - {self.write(-term, axes)}" if term.could_extract_minus_sign() else f" + {self.write(term, axes)}"
            for term in others
        )
        return self.write(first, axes) + "".join(signed)

    def _mul(self, e, axes):
        if e.could_extract_minus_sign():
            return f"0 - {self.write(-e, axes)}"  # not -x, which would make -0 of 0
        bottom = [1 / part for part in e.args if isinstance(part, Pow) and part.exp.is_negative]
        logs = [part for part in e.args if isinstance(part, (log, functions.log_softmax, functions.log_sigmoid))]
        code = self._product([part for part in e.args if part not in logs and 1 / part not in bottom], axes)
        if logs:
            code = f"weighted({code}, {self._product(logs, axes)})"
        if bottom:
            code = f"ratio({code}, {self._product(bottom, axes)})"
        return code

    def _product(self, factors, axes):
        return " * ".join(self.write(factor, axes) for factor in factors) or "1"

    def _pow(self, e, axes):
        base, power = self.write(e.base, axes), e.exp
        if power == 2:
            return f"{base} * {base}"
        if power.is_negative:
            return f"1 / {self.write(1 / e, axes)}"
        return f"{base} ** {self.write(power, axes)}"

    def _log(self, e, axes):
        number, rest = e.args[0].as_coeff_Add()
        return f"logarithm_1p({self.write(rest, axes)})" if number == 1 else f"logarithm({self.write(e.args[0], axes)})"

    def _piecewise(self, e, axes):
        *branches, (code, _) = [(self.write(branch, axes), condition) for branch, condition in e.args]
        for branch, condition in reversed(branches):
            code = f"np.where({self.write(condition, axes)}, {branch}, {code})"
        return code


def _is_share(expression):
    return isinstance(expression, (functions.sigmoid, functions.softmax))


def _complement(share):
    if isinstance(share, functions.sigmoid):
        return functions.sigmoid(-share.args[0])
    return functions.softmax_complement(*share.args)


def _is_target(expression):
    """Whether `expression` is a target between 0 and 1."""
    symbol = expression.base if isinstance(expression, Indexed) else expression
    return isinstance(symbol, (Symbol, IndexedBase)) and DOMAINS.get(symbol) is not None and DOMAINS[symbol].sup == 1
