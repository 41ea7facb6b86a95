"""From expressions to array code: one accurate body for each function, sums as reductions.

`compile` prints expressions as one function of arrays. Free class indices become the last axes of a
result, in the order of `AXES`; a sum over classes becomes a reduction over the last axis. Nothing here
knows a loss: what is accurate is accurate for all of them, because the expressions are built from
functions that are, and the few other places where digits could be lost have bodies of their own:

- a weight times a logarithm, or over a probability, is 0 where the weight is 0 (0 log 0 = 0);
- log(1 + x) is log1p(x), and log(p / q) is log1p((p - q) / q) where p is close to q;
- x^2 / b is x (x / b), and x / b^2 is (x / b) / b, which do not overflow before their result does;
- a predicted probability less its target is (1 - y) - (1 - p) where both are near 1, and exp(z) - y is
  expm1(z) - (y - 1);
- the sum over all classes but one keeps the greatest term apart, so that it is never subtracted;
- the slope of a softmax times a row of terms is taken of their differences.

The arrays are NumPy's, computed in blocks that fit the cache, or Dask's, computed chunk by chunk, or of any
library that follows the array API.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial, reduce
from keyword import iskeyword
from typing import Any, Literal

import numpy as np
from sympy import (
    Abs,
    Add,
    Expr,
    Float,
    Heaviside,
    Indexed,
    IndexedBase,
    Integer,
    Interval,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    NumberSymbol,
    Or,
    Piecewise,
    Pow,
    Rational,
    Reals,
    S,
    StrictGreaterThan,
    StrictLessThan,
    Sum,
    Symbol,
    exp,
    factor_terms,
    log,
    preorder_traversal,
    sign,
)
from sympy.core.relational import Relational

from lossbook import functions
from lossbook.indices import collapse, rename_bound, split_guard
from lossbook.notation import DOMAINS, i, k, n
from lossbook.types import Array, ArrayCode, ArrayLike, Compiled, Namespace

AXES = (i, k)
"""The indices that become the last axes of a result: a gradient has i, a Hessian i and then k."""

LABEL = Symbol("label", integer=True, positive=True)
"""The one class that is right, where the targets of a sample are given as its number."""

OWN_NAMES = {"xp", "residual", "sign", "turned", "compiled", "at_labels", "between"}
"""What array code calls things of its own, apart from the bodies and t0, t1 and so on."""

BLOCK = 1 << 16
"""How many numbers of each array are computed at a time: a few such arrays fit the cache."""

# The C library of Linux hands the memory of each block back to the system, which clears it before the next block gets
# it, unless it has seen a large array go: at most one of 32 MB counts.
np.empty((1 << 22) - (1 << 10))

NUMPY: Namespace = np
"""The namespace of NumPy's arrays: NumPy itself, or `fast`."""


def use_numba(on: bool = True) -> None:
    """Have Numba help with NumPy's arrays from now on, or no longer.

    It computes the exp and log1p of losses, and losses of a single number in one loop that needs no arrays in between;
    functions and expressions without a loss are NumPy's as before. On one processor without AVX-512, where NumPy takes
    exp and log1p of one number at a time, the losses in `benchmarks/` take from two fifths to four fifths of the time.
    Results may differ in their last digits, and are held to the same accuracy: both functions are right within one unit
    in the last place. The first call compiles for about two seconds, and the first one of a loss for a fifth of a
    second. Raises ImportError if Numba is missing.
    """
    global NUMPY
    if not on:
        NUMPY = np
        return
    try:
        from lossbook import fast
    except ImportError:
        raise ImportError("use_numba needs the package numba: pip install numba") from None
    NUMPY = fast


# --- bodies: xp is the arrays' namespace, rows lie on the last axis ----------------------------------


def logistic_parts(xp: Namespace, z: Array) -> tuple[Array, ...]:
    """What the functions of exp(-|z|) share: |z|, exp(-|z|), 1 + exp(-|z|), and 1 where z is not negative, else 0."""
    size = xp.abs(z)
    small = xp.exp(-size)
    return size, small, 1 + small, xp.astype(z >= 0, z.dtype)


def sigmoid(xp: Namespace, z: Array, parts: Any, mirrored: bool) -> Array:
    """1 / (1 + exp(-z)); with `mirrored`, of -z."""
    _, small, whole, is_positive = parts
    return xp.maximum(small, 1 - is_positive if mirrored else is_positive) / whole  # small is never above 1


def power_parts(xp: Namespace, parts: Any, power: Array) -> tuple[Array, ...]:
    """What powers of sigmoid(z) and sigmoid(-z) share: exp(-power |z|) and (1 + exp(-|z|)) ** power.

    A power multiplies what rounding took from its base. So it is given back, both to power |z| and to 1 + exp(-|z|).
    """
    size, small, whole, _ = parts
    product, rest = exact_product(xp, size, power)
    top = xp.where(product < 800, xp.exp(0 - product) * (1 - rest), 0)  # exp(-800) is 0
    raised, rounded = whole**power, (small - (whole - 1)) / whole
    return top, xp.where(xp.isinf(raised), raised, raised * xp.exp(power * rounded))


def exact_product(xp: Namespace, a: Array, b: Array) -> tuple[Array, Array]:
    """a * b and what rounding took from it, by Dekker's halves; factors above 2^100 are taken for 2^100."""
    a, b = (xp.minimum(factor, constant(xp, 2.0**100, a)) for factor in (a, b))
    (a_high, a_low), (b_high, b_low) = halves(xp, a), halves(xp, b)
    product = a * b
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def halves(xp: Namespace, a: Array) -> tuple[Array, Array]:
    """Two numbers of half as many digits that add to `a`."""
    scaled = a * ({32: 2.0**12, 64: 2.0**27}[xp.finfo(a.dtype).bits] + 1)
    high = scaled - (scaled - a)
    return high, a - high


def sigmoid_power(xp: Namespace, z: Array, parts: Any, mirrored: bool) -> Array:
    """sigmoid(z) ** power; with `mirrored`, of -z."""
    top, whole = parts
    return xp.where(z < 0 if mirrored else z >= 0, constant(xp, 1, z), top) / whole


def sigmoid_times(xp: Namespace, z: Array, parts: Any, factor: Array, mirrored: bool) -> Array:
    """sigmoid(z) * factor, where the sigmoid alone may be subnormal; with `mirrored`, of -z."""
    direct = sigmoid(xp, z, parts, mirrored) * factor
    is_tail = z > 80 if mirrored else z < -80
    if xp in (np, NUMPY) and not np.any(is_tail):
        return direct
    root = xp.exp(-0.5 * parts[0])
    return xp.where(is_tail, xp.where(root == 0, 0, root * factor * root), direct)


def softplus_parts(xp: Namespace, parts: Any) -> Array:
    """What softplus(z) and softplus(-z) share: log(1 + exp(-|z|))."""
    return xp.log1p(parts[1])


def softplus(xp: Namespace, z: Array, parts: Any, mirrored: bool) -> Array:
    """log(1 + exp(z)), that is max(z, 0) + log(1 + exp(-|z|)); with `mirrored`, of -z."""
    return xp.maximum(-z if mirrored else z, 0) + parts


def log_sigmoid(xp: Namespace, z: Array, parts: Any, mirrored: bool) -> Array:
    """log(1 / (1 + exp(-z))), that is -softplus(-z); with `mirrored`, of -z."""
    return -softplus(xp, z, parts, not mirrored)


def log_cosh(xp: Namespace, z: Array, parts: Any, mirrored: bool) -> Array:
    """log(cosh(z)): |z| + log1p(exp(-2 |z|)) - log 2, or log1p(2 sinh(z / 2)^2) where z is small."""
    size, small, *_ = parts
    half = xp.sinh(xp.where(size < 1, z, 0) / 2)
    return xp.where(size < 1, xp.log1p(2 * half * half), size + (xp.log1p(small * small) - LOG_2))


LOG_2 = float(np.log(2))
TINY = 2.0**-120
"""A ratio between this and its inverse neither overflows nor underflows, not in float32 either."""


def row_parts(xp: Namespace, z: Array) -> tuple[Array, ...]:
    """What the functions of a row share, its greatest entry kept apart from the others.

    The entries, the greatest of them, the exponentials of all, that of the greatest, and the sum of all but one of the
    greatest. In a row of moderate entries the exponentials are taken as they are; in any other the greatest entry is
    subtracted first.
    """
    limit = 0.45 * float(np.log(float(xp.finfo(z.dtype).max)))  # even a ratio of two such exponentials is a float
    greatest = xp.max(z, axis=-1, keepdims=True)
    if xp in (np, NUMPY) and -limit <= np.min(z, initial=0) and np.max(greatest, initial=0) <= limit:
        exponentials, top = xp.exp(z), xp.exp(greatest)
    else:
        least = xp.min(xp.where(z == -xp.inf, greatest, z), axis=-1, keepdims=True)
        shift = xp.where((greatest <= limit) & (least >= -limit), 0, greatest)
        exponentials, top = exp_of_difference(xp, z, shift), xp.exp(greatest - shift)
    if xp in (np, NUMPY) and z.ndim == 2 and z.flags.c_contiguous:  # one is found sooner than the others kept
        first = np.arange(len(z)), np.argmax(z, axis=-1)
        exponentials[first] = 0
        others = np.sum(exponentials, axis=-1, keepdims=True)
        exponentials[first] = top[:, 0]
        return z, greatest, exponentials, top, others
    if xp is NUMPY and xp is not np:
        return z, greatest, exponentials, *xp.greatest_and_others(exponentials)
    is_smaller = xp.astype(z < greatest, z.dtype)
    ties = (z.shape[-1] - 1) - xp.sum(is_smaller, axis=-1, keepdims=True)
    others = xp.sum(exponentials * is_smaller, axis=-1, keepdims=True) + ties * top
    return z, greatest, exponentials, top, others


def exp_of_difference(xp: Namespace, a: Array, b: Array) -> Array:
    """exp(a - b): what rounding took from the difference still matters, since exp(s + r) is exp(s) (1 + r)."""
    shifted = a - b
    back = shifted - a
    rounded = (a - (shifted - back)) - (b + back)
    return weighted(xp, xp.exp(shifted), 1 + rounded)


def logsumexp(xp: Namespace, parts: Any) -> Array:
    """log(sum of exp) of each row."""
    _, greatest, _, top, others = parts
    return (greatest + xp.log1p(others / top))[..., 0]


def log_softmax(xp: Namespace, parts: Any) -> Array:
    """Each entry less the row's logsumexp."""
    z, greatest, _, top, others = parts
    return (z - greatest) - xp.log1p(others / top)


def softmax(xp: Namespace, parts: Any) -> Array:
    """Each entry's exponential over the row's sum."""
    _, _, exponentials, top, others = parts
    return exponentials / (top + others)


def softmax_complement(xp: Namespace, parts: Any) -> Array:
    """1 - softmax: for the greatest entry the others' share, which 1 - p would round away."""
    z, greatest, exponentials, top, others = parts
    is_smaller = xp.astype(z < greatest, z.dtype)
    return (top * is_smaller + (others - exponentials * is_smaller)) / (top + others)


def weighted(xp: Namespace, weight: Array, term: Array) -> Array:
    """weight * term, but 0 where the weight is 0, even if the term is infinite or undefined there."""
    result = weight * term
    if xp in (np, NUMPY) and not np.isnan(np.min(result, initial=0)):
        return result
    return xp.where(weight == 0, 0, result)


def weighted_sum(xp: Namespace, weight: Array, terms: Array) -> Array:
    """The sum of weight * term over a row: of 2^64 times the weights, so that subnormal terms keep their digits."""
    return xp.sum(weighted(xp, weight * 2.0**64, terms), axis=-1) * 2.0**-64


def chosen(xp: Namespace, targets: Array, at_labels: Sequence[Array], between: Sequence[Array]) -> tuple[Array, ...]:
    """The parts of `at_labels` where the target is 0 or 1, and those of `between` elsewhere."""
    is_label = targets == targets * targets
    return tuple(xp.where(is_label, *parts) for parts in zip(at_labels, between))


def ratio(xp: Namespace, top: Array, bottom: Array | int) -> Array:
    """top / bottom, but 0 where the top is 0."""
    return xp.where(top == 0, 0, top / bottom)


def log_ratio(xp: Namespace, top: Array, bottom: Array) -> Array:
    """log(top / bottom) without losing digits where the two are close, or where their ratio overflows."""
    part, whole = (top - bottom) / bottom, top / bottom
    far = xp.where((whole > TINY) & (whole < 1 / TINY), xp.log(whole), xp.log(top) - xp.log(bottom))
    return xp.where(xp.abs(part) <= 0.5, xp.log1p(part), far)


def difference(xp: Namespace, share: Any, complement: Array, target: Array) -> Array:
    """share - target, where complement = 1 - share: from the complements where both are near 1."""
    return xp.where((target >= 0.5) & (share > 0.5), (1 - target) - complement, share - target)


def sigmoid_difference(xp: Namespace, z: Array, parts: Any, target: Array) -> Array:
    """sigmoid(z) - target, which is tanh(z / 2) / 2 - (target - 1/2) where both are near one half."""
    share, complement = sigmoid(xp, z, parts, False), sigmoid(xp, z, parts, True)
    near = (parts[0] < 1) & (target >= 0.25) & (target <= 0.75)
    return xp.where(near, xp.tanh(z / 2) / 2 - (target - 0.5), difference(xp, share, complement, target))


def exp_difference(xp: Namespace, z: Array, target: Array) -> Array:
    """exp(z) - target, which is expm1(z) - (target - 1) where both are near 1."""
    return xp.where(xp.abs(z) < 0.5, xp.expm1(z) - (target - 1), xp.exp(z) - target)


def odds_difference(xp: Namespace, probability: Array, target: Array) -> Array:
    """(1 - target) / (1 - probability) - target / probability, which are nearly equal where the two are."""
    middle = (probability - target) / probability / (1 - probability)
    return xp.where(target == 0, 1 / (1 - probability), xp.where(target == 1, -1 / probability, middle))


def softmax_slope(xp: Namespace, parts: Any, terms: Array) -> Array:
    """p_i (a_i - sum_k p_k a_k) for a row of terms a: the mean is taken of a less its value at the greatest logit."""
    is_first = is_first_greatest(xp, parts[0])
    return slope_of(xp, softmax(xp, parts), terms - entry_where(xp, is_first, terms))


def softmax_slope_of_difference(xp: Namespace, parts: Any, difference: Array, target: Array) -> Array:
    """The same for a = p - y, whose differences are those of p less those of y where these are the smaller ones."""
    z, _, _, top, others = parts
    is_first = is_first_greatest(xp, z)
    of_shares = top / (top + others) * xp.expm1(z - entry_where(xp, is_first, z))
    of_targets = target - entry_where(xp, is_first, target)
    first = entry_where(xp, is_first, difference)
    smaller = xp.abs(of_shares) + xp.abs(of_targets) < xp.abs(difference) + xp.abs(first)
    return slope_of(xp, softmax(xp, parts), xp.where(smaller, of_shares - of_targets, difference - first))


def slope_of(xp: Namespace, share: Any, terms: Array) -> Array:
    """p_i (a_i - sum_k p_k a_k), where a is 0 at the class of the greatest p."""
    return share * (terms - xp.sum(share * terms, axis=-1, keepdims=True))


def is_first_greatest(xp: Namespace, row: Array) -> Array:
    """Where the greatest entry of each row is, the first if there are several."""
    return xp.argmax(row, axis=-1, keepdims=True) == classes_of(xp, row)


def entry_where(xp: Namespace, place: Array, row: Array) -> Array:
    """The one entry of each row where `place` is true, its axis kept with length 1."""
    return xp.sum(xp.where(place, row, 0), axis=-1, keepdims=True)


def sum_of_others(xp: Namespace, terms: Array) -> Array:
    """For each entry of a row the sum of all the others: for the largest entry, the sum without it."""
    is_greatest = is_first_greatest(xp, xp.abs(terms))
    rest = xp.sum(xp.where(is_greatest, 0, terms), axis=-1, keepdims=True)
    return xp.where(is_greatest, rest, rest + (entry_where(xp, is_greatest, terms) - terms))


def sum_of_others_but_two(xp: Namespace, terms: Array) -> Array:
    """For each pair of entries of a row the sum of all the others: never the largest two subtracted."""
    sizes = xp.abs(terms)
    first = is_first_greatest(xp, sizes)
    second = is_first_greatest(xp, xp.where(first, -1, sizes))
    large = first | second
    rest = xp.sum(xp.where(large, 0, terms), axis=-1)[..., None, None]
    result = rest
    for place in (first, second):
        value = entry_where(xp, place, terms)[..., None]
        result = result + xp.where(place[..., :, None] | place[..., None, :], 0, value)
    small = xp.where(large, 0, terms)
    return result - (small[..., :, None] + xp.where(same_class(xp, terms), 0, small[..., None, :]))


def constant(xp: Namespace, number: Any, like: Array) -> Array:
    """`number` as an array of the dtype of `like`, on its device."""
    return xp.asarray(number, dtype=like.dtype, **on_device_of(like))


def classes_of(xp: Namespace, row: Array) -> Array:
    """0 to n - 1, one number for each entry of a row."""
    return xp.arange(row.shape[-1], **on_device_of(row))


def one_hot(xp: Namespace, labels: Array, like: Array) -> Array:
    """Rows like those of the matrix `like`, 1 at each label and 0 elsewhere."""
    if xp is NUMPY:  # in the memory order of `like`
        rows = np.zeros_like(like)
        rows[np.arange(labels.size), labels] = 1
        return rows
    return xp.astype(labels[..., None] == classes_of(xp, like), like.dtype)


def at_label(xp: Namespace, row: Array, labels: Array) -> Array:
    """The entry of each row at its label, its axis kept with length 1."""
    if xp is NUMPY:
        return xp.take_along_axis(row, labels[:, None], axis=-1)
    return entry_where(xp, labels[..., None] == classes_of(xp, row), row)


def parts_at_label(xp: Namespace, parts: Any, labels: Array) -> tuple[Array, ...]:
    """The `row_parts` of each row's entry at its label alone."""
    z, greatest, exponentials, top, others = parts
    return at_label(xp, z, labels), greatest, at_label(xp, exponentials, labels), top, others


def with_label(xp: Namespace, row: Array, labels: Array, entry: Array) -> Array:
    """`row` with `entry` at its label."""
    if xp is NUMPY:
        row = row.copy(order="K")
        xp.put_along_axis(row, labels[:, None], entry[:, None], axis=-1)
        return row
    return xp.where(labels[..., None] == classes_of(xp, row), entry[..., None], row)


def same_class(xp: Namespace, row: Array) -> Array:
    """A square of truth values, true where two indices are the same class."""
    classes = classes_of(xp, row)
    return classes[:, None] == classes


_BODIES = {
    body.__name__: body
    for body in (
        logistic_parts,
        softplus_parts,
        power_parts,
        sigmoid,
        sigmoid_power,
        sigmoid_times,
        softplus,
        log_sigmoid,
        log_cosh,
        row_parts,
        logsumexp,
        log_softmax,
        softmax,
        softmax_complement,
        one_hot,
        at_label,
        parts_at_label,
        with_label,
        weighted,
        weighted_sum,
        ratio,
        log_ratio,
        difference,
        sigmoid_difference,
        exp_difference,
        odds_difference,
        softmax_slope,
        softmax_slope_of_difference,
        sum_of_others,
        sum_of_others_but_two,
        same_class,
        constant,
        chosen,
    )
}


# --- running -----------------------------------------------------------------------------------------


def evaluate(expression: Expr, values: Mapping[Expr, ArrayLike]) -> Array:
    """The array value of `expression`, given an array for each of its symbols and rows."""
    arrays, rows = [], []
    for argument, value in values.items():
        rows.append(isinstance(argument, IndexedBase))
        array = (as_rows if rows[-1] else as_floats)(_name(argument), value)
        xp = namespace(array)
        if not is_lazy(array) and xp.any(array != array):
            raise ValueError(f"{_name(argument)}: expected numbers, got nan")
        arrays.append(array)
    compiled = compile((expression,), tuple(values))

    def whole(*arrays: Array) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return compiled(namespace(*arrays), *arrays)

    axes = [len(class_axes(expression))]
    return (in_chunks(whole, rows, axes, arrays) if is_chunked(arrays[0]) else whole(*arrays))[0]


def over_samples(
    compiled: Compiled,
    axes: list[int],
    over_classes: bool,
    prediction: Array,
    target: Array,
    prepare: Callable[..., Any],
) -> tuple[Array, ...]:
    """`compiled` over all samples: for each number in `axes`, a result with so many class axes.

    `prepare` checks both arguments, or a block of them, and returns what goes into `compiled`.
    """
    if is_chunked(prediction):
        rows = [over_classes, over_classes and target.ndim == prediction.ndim]
        here = partial(over_samples, compiled, axes, over_classes, prepare=prepare)
        return in_chunks(here, rows, axes, [prediction, target])
    with np.errstate(all="ignore"):
        xp = namespace(prediction, target)
        if xp is not np:
            parts = compiled(xp, *prepare(prediction, target))
            if over_classes:
                shapes = [(*prediction.shape[:-1], *prediction.shape[-1:] * number) for number in axes]
            else:
                shapes = [np.broadcast_shapes(prediction.shape, target.shape)] * len(axes)
            return tuple(in_full(xp, part, shape, prediction) for part, shape in zip(parts, shapes))
        if over_classes:
            return in_row_blocks(compiled, axes, prediction, target, prepare)
        return in_blocks(compiled, len(axes), prediction, target, prepare)


def in_blocks(
    compiled: Compiled, count: int, prediction: Array, target: Array, prepare: Callable[..., Any]
) -> tuple[Array, ...]:
    """`compiled` over elements, a block at a time: `count` results of the broadcast shape."""
    shape = np.broadcast_shapes(prediction.shape, target.shape)
    flat = [np.broadcast_to(array, shape).reshape(-1) for array in (prediction, target)]
    size = flat[0].size
    results = [np.empty(size, prediction.dtype) for _ in range(count)]
    for start in range(0, size, BLOCK):
        here = slice(start, start + BLOCK)
        block = prepare(*(array[here] for array in flat))
        fill(for_targets(compiled, block[1]), block, [result[here] for result in results])
    return tuple(result.reshape(shape)[()] for result in results)


def for_targets(compiled: Compiled, targets: Array) -> ArrayCode:
    """What is enough of `compiled` for these targets, where all of them are 0 or 1, or none is."""
    if not compiled.cases:
        return compiled
    is_label = targets == targets * targets
    at_labels, between = compiled.cases
    return at_labels if np.all(is_label) else compiled if np.any(is_label) else between


def fill(code: ArrayCode, arguments: Sequence[Array], results: Sequence[Array]) -> None:
    """Write into `results` what `code` computes, in one loop if that is asked for and can be."""
    loop = None if NUMPY is np else NUMPY.loop(code, arguments)
    if loop:
        loop(*arguments, *results)
        return
    for result, part in zip(results, code(NUMPY, *arguments)):
        result[...] = part


def in_row_blocks(
    compiled: Compiled, axes: list[int], prediction: Array, target: Array, prepare: Callable[..., Any]
) -> tuple[Any, ...]:
    """`compiled` over rows, a block at a time: for each number in `axes`, a result with so many class axes."""
    *leading, classes = prediction.shape
    rows = int(np.prod(leading))
    prediction = prediction.reshape(rows, classes)
    target = target.reshape(rows, *target.shape[len(leading) :])
    if rows == 1:  # NumPy adds up a lone row in another order than one among others
        prediction, target = (np.repeat(array, 2, axis=0) for array in (prediction, target))
    results = [np.empty((len(prediction), *[classes] * number), prediction.dtype) for number in axes]
    # Reductions over few classes are faster down the columns of a block, over many along its rows.
    order: Literal["F", "C"] = "F" if classes < 128 else "C"
    step = max(2, BLOCK // max(1, classes) ** max(1, *axes))
    for start in range(0, rows, step):
        start = max(0, min(start, rows - 2))
        here = slice(start, start + step)
        block = prepare(*(in_order(array[here], order) for array in (prediction, target)))
        for result, part in zip(results, compiled(NUMPY, *block)):
            NUMPY.copyto(result[here], part)
    return tuple(result[:rows].reshape((*leading, *[classes] * number))[()] for result, number in zip(results, axes))


def in_order(array: Array, order: Literal["F", "C"]) -> Array:
    """`array` in that order of memory: itself, or a copy."""
    if array.flags[order]:
        return array
    copied = np.empty_like(array, order=order)
    NUMPY.copyto(copied, array)
    return copied


def in_full(xp: Namespace, part: Array, shape: tuple[int, ...], like: Array) -> Array:
    """`part` as an array of `shape` and of the dtype of `like`: a number, or what all samples share, is repeated."""
    if getattr(part, "shape", None) == shape:
        return part if part.dtype == like.dtype else xp.astype(part, like.dtype)
    return xp.zeros(shape, dtype=like.dtype, **on_device_of(like)) + part


def in_chunks(run: Callable[..., Any], rows: list[bool], axes: list[int], arrays: list[Array]) -> tuple[Array, ...]:
    """The results of `run` on each chunk of Dask arrays, when they are computed: a row of classes is never split.

    `rows` tells for each array whether its last axis is classes, `axes` for each result how many class axes it has.
    """
    from dask.array import apply_gufunc

    arrays = [array.rechunk({-1: -1}) if is_row else array for array, is_row in zip(arrays, rows)]
    cores = ["(i)" if is_row else "()" for is_row in rows]
    shapes = [("()", "(i)", "(i,k)")[number] for number in axes]
    sizes = {"k": arrays[0].shape[-1]} if 2 in axes else {}
    results = apply_gufunc(  # type: ignore[no-untyped-call]
        run if len(axes) > 1 else lambda *chunks: run(*chunks)[0],
        f"{','.join(cores)}->{','.join(shapes)}",
        *arrays,
        output_dtypes=[arrays[0].dtype] * len(axes),
        output_sizes=sizes,
        allow_rechunk=True,  # where the samples of the two are cut in different places
    )
    return results if len(axes) > 1 else (results,)


# --- arrays of any library ---------------------------------------------------------------------------


def library(array: object) -> str | None:
    """The name of the library that `array` belongs to, or None if it is no array: a number or a list."""
    if isinstance(array, (np.ndarray, np.generic)):
        return "numpy"
    module = type(array).__module__.split(".")[0]
    name = "jax" if module == "jaxlib" else module
    return name if hasattr(array, "__array_namespace__") or name in ("torch", "dask", "cupy", "jax") else None


def namespace(*arrays: Array) -> Namespace:
    """The array namespace of `arrays`: NumPy's own, or array-api-compat's for another library."""
    name = next((library(array) for array in arrays if library(array) not in ("numpy", None)), None)
    if name is None:
        return np
    try:
        from array_api_compat import array_namespace
    except ImportError:
        raise ImportError(f"arrays of {name} need the package array-api-compat: pip install array-api-compat") from None
    return array_namespace(*arrays)


def on_device_of(array: Array) -> dict[str, Any]:
    """The keyword that puts a new array where `array` is."""
    if library(array) == "numpy" or is_lazy(array):
        return {}
    from array_api_compat import device

    return {"device": device(array)}


def is_chunked(array: Array) -> bool:
    """Whether `array` is Dask's: computed later, a chunk at a time."""
    return library(array) == "dask"


def is_lazy(array: Array) -> bool:
    """Whether the values of `array` cannot be looked at now: Dask would compute them, jax.jit and a loop have none yet.

    What stands for an array in `jax.jit` and in `lossbook.fast` is a Tracer.
    """
    return is_chunked(array) or "Tracer" in type(array).__name__


def as_floats(name: str, value: ArrayLike, whole: Any = None) -> Array:
    """`value` as an array of float32 or float64. Raises TypeError or ValueError that names the argument.

    Whole numbers and truth values become floats of the dtype `whole`, by default the library's own. From 2^53 on they
    are refused: not all of them are floats.
    """
    array = as_array(name, value)
    xp = namespace(array)
    if xp.isdtype(array.dtype, ("bool", "integral")):
        given = array
        array = xp.astype(array, whole or xp.__array_namespace_info__().default_dtypes()["real floating"])
        too_large = xp.abs(array) >= 2.0**53
        if not is_lazy(array) and xp.any(too_large):
            raise ValueError(f"{name}: expected whole numbers below 2^53, got {int(given[too_large][0])}")
    if array.dtype not in (xp.float32, xp.float64):
        raise TypeError(f"{name}: expected real numbers, got {type(value).__name__} with dtype {array.dtype}")
    return array


def as_rows(name: str, value: ArrayLike) -> Array:
    """`value` as an array of floats with at least one class on its last axis."""
    array = as_floats(name, value)
    if array.ndim == 0:
        raise ValueError(f"{name}: expected rows with the classes on the last axis, got a single number")
    if array.shape[-1] == 0:
        raise ValueError(f"{name}: expected at least one class on the last axis, got shape {array.shape}")
    return array


def as_array(name: str, value: ArrayLike) -> Array:
    """`value` as a NumPy array, or itself if it is an array of another library."""
    if isinstance(getattr(value, "_meta", value), np.ma.MaskedArray):  # Dask's arrays name what is in them so
        raise TypeError(f"{name}: expected an array without a mask, got a masked array")
    if library(value) not in ("numpy", None):
        return value
    try:
        array = np.asarray(value)
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    except ValueError:
        raise ValueError(f"{name}: expected an array of numbers, got rows of different lengths") from None


def as_array_like(name: str, value: ArrayLike, other: Array, other_name: str) -> Array:
    """`value` as an array of the library of `other`: numbers and lists are taken there, arrays are never moved."""
    if library(value) is not None and library(value) != library(other):
        raise TypeError(
            f"{name}: expected an array of {library(other)} as {other_name} is, got one of {library(value)}"
        )
    array = as_array(name, value)
    if library(value) is not None:
        return array
    if array.dtype.kind not in "biuf":
        return as_floats(name, value)  # which says what is wrong with it
    like = {"dtype": other.dtype} if array.dtype.kind == "f" else {}
    with np.errstate(over="ignore"):  # what becomes infinite in float32 is refused with its name
        return namespace(other).asarray(array.tolist(), **like, **on_device_of(other))


def _name(argument: Expr) -> str:
    return str(argument.label if isinstance(argument, IndexedBase) else argument)


# --- printing ----------------------------------------------------------------------------------------


@cache
def compile(
    expressions: tuple[Expr, ...], arguments: tuple[Expr, ...], labels_for: IndexedBase | None = None
) -> Compiled:
    """A function of a namespace and an array for each of `arguments` that computes all `expressions`.

    Parts that expressions share are computed once. For the row `labels_for` the function takes whole-number labels.
    The source is kept as the attribute `source`, in which arguments whose names are no plain ones have others.
    """
    plain = {argument: _with_plain_name(argument, number) for number, argument in enumerate(arguments)}
    expressions = tuple(
        rename_bound(expression.xreplace(plain), {*class_axes(expression)}) for expression in expressions
    )
    arguments, labels_for = tuple(plain.values()), plain.get(labels_for)
    parts = _Writer(arguments, labels_for).functions([_without_minus(expression) for expression in expressions])
    names = ", ".join(["xp", *map(_name, arguments)])
    source = "\n".join("\n    ".join([f"def {name}({names}):", *lines]) + "\n" for name, lines in parts.items())
    scope: dict[str, Any] = dict(_BODIES)
    exec(source, scope)
    *cases, function = (scope[name] for name in parts)
    function.source, function.cases = source, cases
    return function


def _with_plain_name(argument: Expr, number: int) -> Expr:
    """`argument`, or one like it called argument0 or so, if its name in code would be none, or mean something else."""
    name = _name(argument)
    is_plain = re.fullmatch(r"(?!(t|argument)\d+$)[A-Za-z]\w*", name, re.ASCII)
    if is_plain and not iskeyword(name) and name not in _BODIES.keys() | OWN_NAMES:
        return argument
    return type(argument)(f"argument{number}", **argument.assumptions0)


class _Writer:
    """Writes expressions as lines of array code, each shared part once."""

    def __init__(self, arguments: Sequence[Expr], labels_for: IndexedBase | None = None) -> None:
        self.arguments = arguments
        self.labels_for = labels_for
        self.one_hot: IndexedBase | None = None
        self.lines: list[str] = []
        self.names: dict[str, str] = {}

    def functions(self, expressions: Sequence[Expr]) -> dict[str, list[str]]:
        """The lines of `compiled`, which computes and returns `expressions`, after those of what it calls."""
        signs = [_sign_of_mirrored(expression, self.arguments) for expression in expressions]
        if None not in signs:
            return self._mirrored(expressions, signs)
        if self.labels_for is not None:
            expressions = self._at_labels(expressions)
        return {"compiled": self._returned(self.in_residual(expressions))}

    def _returned(self, expressions: Sequence[Expr], signs: Sequence[int | None] | None = None) -> list[str]:
        results = [self.write(e, class_axes(e)) for e in expressions]
        results = [f"sign * {result}" if sign == -1 else result for result, sign in zip(results, signs or results)]
        return [*self.lines, f"return {', '.join(results)},"]

    def _mirrored(self, expressions: Sequence[Expr], signs: Sequence[int | None]) -> dict[str, list[str]]:
        """The functions where the target 1 is the target 0 with the sign of the prediction turned."""
        prediction, target, *parameters = self.arguments
        turned = Symbol("turned")
        writer = _Writer((turned, target, *parameters))
        writer.lines = [f"sign = 1 - 2 * {target}", f"turned = sign * {prediction}"]
        labelled = writer._returned([e.xreplace({target: S.Zero, prediction: turned}) for e in expressions], signs)
        names = ", ".join(["xp", *map(_name, self.arguments)])
        return {
            "at_labels": labelled,
            "between": self._returned(expressions),
            "compiled": [f"return chosen(xp, {target}, at_labels({names}), between({names}))"],
        }

    def _at_labels(self, expressions: Sequence[Expr]) -> Sequence[Expr]:
        """`expressions` with a delta of its index and the label for each target, if that leaves no sum to write.

        Otherwise the labels are made rows of zeros and a one.
        """
        labelled = [_at_label(expression, self.labels_for) for expression in expressions]
        if None not in labelled:
            return labelled
        self.one_hot = self.labels_for
        row = _name(self.labels_for)
        self.lines.append(f"{row} = one_hot(xp, {row}, {self._some_row()})")
        return expressions

    def in_residual(self, expressions: Sequence[Expr]) -> Sequence[Expr]:
        """`expressions` in prediction - target alone, if that is all they depend on: it is computed once, first."""
        if len(self.arguments) < 2 or not all(isinstance(argument, Symbol) for argument in self.arguments):
            return expressions
        prediction, target = self.arguments[:2]
        residual = Symbol("residual")
        shifted = [e.xreplace({prediction: target + residual}) for e in expressions]
        if any(target in e.free_symbols for e in shifted):
            return expressions
        self.lines.append(f"residual = {_name(prediction)} - {_name(target)}")
        return shifted

    def write(self, expression: Expr, axes: tuple[Expr, ...]) -> str:
        """The code of `expression`, its free indices on the last axes, in the order of `axes`."""
        if isinstance(expression, Indexed):
            if expression.indices == (LABEL,):
                entry = self._name_for(f"at_label(xp, {_name(expression.base)}, {_name(self.labels_for)})")
                return self._constant(self._name_for(f"{entry}[..., 0]"), axes)
            return self._spread(_name(expression.base), expression.indices, axes)
        if self._is_of_parameters(expression):
            return self._name_for(f"constant(xp, {expression}, {_name(self.arguments[0])})")
        if expression.is_Atom:
            return self._atom(expression)
        return self._name_for(self._compound(expression, axes))

    def _is_of_parameters(self, expression: Expr) -> bool:
        """Whether `expression` is arithmetic of parameters: float64 numbers, rounded to the arrays' dtype last."""
        symbols = expression.free_symbols
        return bool(symbols) and symbols <= set(self.arguments[2:]) and all(
            part.is_Symbol or part.is_Rational or part.is_Add or part.is_Mul or (part.is_Pow and part.exp.is_Integer)
            for part in preorder_traversal(expression)
        )  # fmt: skip

    def _name_for(self, code: str) -> str:
        """The variable that holds what `code` computes; the same code is computed once."""
        if code.isidentifier():
            return code
        if code not in self.names:
            self.names[code] = f"t{len(self.names)}"
            self.lines.append(f"{self.names[code]} = {code}")
        return self.names[code]

    def _atom(self, atom: Expr) -> str:
        if atom == n:
            return f"{self._some_row()}.shape[-1]"
        if isinstance(atom, Integer):
            return str(atom)
        if isinstance(atom, (Rational, Float, NumberSymbol)):
            return repr(float(atom))
        if atom in AXES:
            raise TypeError(f"expression: no array code for {atom} where it is the number of a class")
        return _name(atom)

    def _some_row(self) -> str:
        return _name(next(argument for argument in self.arguments if isinstance(argument, IndexedBase)))

    def _spread(self, row: str, indices: Sequence[Expr], axes: tuple[Expr, ...]) -> str:
        """`row`, whose last axes are `indices`, with an axis of length 1 for each other index of `axes`."""
        if set(axes) == set(indices):
            return row
        return f"{row}[..., {', '.join(':' if axis in indices else 'None' for axis in axes)}]"

    def _constant(self, number: str, axes: tuple[Expr, ...]) -> str:
        """`number`, one value a row, with an axis of length 1 for each index of `axes`."""
        return f"{number}[{', '.join(['...', *('None' for _ in axes)])}]" if axes else number

    def _compound(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        delta = next((d for d in sorted(e.atoms(KroneckerDelta), key=str) if LABEL in d.args), None)
        if delta is not None:
            (index,) = set(delta.args) - {LABEL}
            elsewhere = e.xreplace({delta: S.Zero})
            row = f"xp.zeros_like({self._some_row()})" if elsewhere == 0 else self.write(elsewhere, axes)
            entry = self.write(e.xreplace({delta: S.One}).xreplace({index: LABEL}), ())
            return f"with_label(xp, {self._name_for(row)}, {_name(self.labels_for)}, {entry})"
        delta = next((d for d in sorted(e.atoms(KroneckerDelta), key=str) if set(d.args) <= set(axes)), None)
        if delta is not None and not isinstance(e, Sum):
            apart, same = self.write(e.xreplace({delta: S.Zero}), axes), self._array(e.xreplace({delta: S.One}), axes)
            return f"xp.where({self._spread(self._same_class(), delta.args, axes)}, {same}, {apart})"
        if isinstance(e, functions.RowFunction):
            if not isinstance(e.row, IndexedBase):
                raise TypeError(f"expression: no array code for {type(e.row).__name__} in {e}")
            parts = self._name_for(f"row_parts(xp, {_name(e.row)})")
            if e.class_index == LABEL:
                parts = self._name_for(f"parts_at_label(xp, {parts}, {_name(self.labels_for)})")
                return self._constant(self._name_for(f"{e.func.__name__}(xp, {parts})[..., 0]"), axes)
            row = self._name_for(f"{e.func.__name__}(xp, {parts})")
            return self._constant(row, axes) if e.class_index is None else self._spread(row, (e.class_index,), axes)
        if isinstance(e, (exp, Abs, sign, functions.tanh)):
            return f"xp.{type(e).__name__.lower()}({self.write(e.args[0], axes)})"
        if isinstance(e, functions.ScalarFunction):
            return self._scalar_function(e.func.__name__, e, axes)
        if isinstance(e, Pow) and isinstance(e.base, functions.sigmoid) and not e.exp.is_Integer:
            return self._scalar_function("sigmoid_power", e.base, axes, power=e.exp)
        writers = {
            Sum: self._sum,
            Add: self._add,
            Mul: self._mul,
            Pow: self._pow,
            log: self._log,
            Piecewise: self._piecewise,
            Heaviside: self._heaviside,
            (Max, Min): self._greatest,
        }
        for kind, writer in writers.items():
            if isinstance(e, kind):
                return writer(e, axes)
        if isinstance(e, Relational):
            return f"{self.write(e.lhs, axes)} {e.rel_op} {self.write(e.rhs, axes)}"
        raise TypeError(f"expression: no array code for {type(e).__name__} in {e}")

    def _scalar_function(
        self, body: str, e: Expr, axes: tuple[Expr, ...], *others: str, power: Expr | None = None
    ) -> str:
        """A call of `body`, which shares parts with all functions of the same number or of its opposite."""
        mirrored = e.args[0].could_extract_minus_sign()
        argument = self.write(-e.args[0] if mirrored else e.args[0], axes)
        parts = self._name_for(f"logistic_parts(xp, {argument})")
        if isinstance(e, (functions.softplus, functions.log_sigmoid)):
            parts = self._name_for(f"softplus_parts(xp, {parts})")
        if power is not None:
            parts = self._name_for(f"power_parts(xp, {parts}, {self.write(power, axes)})")
        return f"{body}(xp, {', '.join([argument, parts, *others])}, mirrored={mirrored})"

    def _same_class(self) -> str:
        return self._name_for(f"same_class(xp, {self._some_row()})")

    def _sum(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        index, left_out, function = split_guard(e)
        if index not in function.free_symbols:
            raise TypeError(f"expression: no array code for {e}, which counts classes")
        outer = tuple(axis for axis in axes if axis in function.free_symbols)
        if not outer:
            if not left_out and _is_divergence(function):
                logarithm = next(factor for factor in function.args if isinstance(factor, log))
                code = self._call("weighted_sum", (function / logarithm, logarithm), (index,))
                return self._constant(self._name_for(code), axes)
            terms = self.write(function, (index,))
            if len(left_out) == 1 and isinstance(function, Indexed) and function.base == self.one_hot:
                return f"1 - {self._spread(terms, left_out, axes)}"
            if left_out:
                body = "sum_of_others" if len(left_out) == 1 else "sum_of_others_but_two"
                return self._spread(self._name_for(f"{body}(xp, {terms})"), left_out, axes)
            return self._constant(self._name_for(f"xp.sum({terms}, axis=-1)"), axes)
        terms = self.write(function, (*axes, index))
        for other in left_out:
            same = self._spread(self._same_class(), (other, index), (*axes, index))
            terms = self._name_for(f"xp.where({same}, 0, {terms})")
        return f"xp.sum({terms}, axis=-1)"

    def _add(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        content, primitive = e.primitive()
        if content.is_Integer and content != 1:
            return self._product([content, primitive], axes)
        body = self._accurate_difference(e, axes)
        if body is not None:
            return body
        first, *others = sorted(e.args, key=lambda term: term.could_extract_minus_sign())
        signed = (
            f" - {self.write(-term, axes)}" if term.could_extract_minus_sign() else f" + {self.write(term, axes)}"
            for term in others
        )
        return self.write(first, axes) + "".join(signed)

    def _accurate_difference(self, e: Expr, axes: tuple[Expr, ...]) -> str | None:
        """The body for a difference that would lose digits as it stands, or None."""
        if len(e.args) != 2:
            return None
        for share in e.args:
            target = share - e
            if isinstance(share, functions.softmax) and ends_at_1(target):
                return self._call("difference", (share, complement(share), target), axes)
            if isinstance(share, exp) and isinstance(target, Symbol):
                return self._call("exp_difference", (share.args[0], target), axes)
            logit, truth = _sigmoid_less_target(e, share)
            if logit is not None:
                z, y = self.write(logit, axes), self.write(truth, axes)
                return f"sigmoid_difference(xp, {z}, {self._name_for(f'logistic_parts(xp, {z})')}, {y})"
            row, terms, index = _softmax_slope(e, share)
            if row is not None and axes == (index,):
                parts, target = self._name_for(f"row_parts(xp, {_name(row)})"), functions.softmax(row, index) - terms
                if ends_at_1(target):
                    terms, target = self.write(terms, axes), self.write(target, axes)
                    return f"softmax_slope_of_difference(xp, {parts}, {terms}, {target})"
                return f"softmax_slope(xp, {parts}, {self.write(terms, axes)})"
            if isinstance(share, functions.sigmoid) and target == complement(share):
                return f"0 - {self.write(functions.tanh(-share.args[0] / 2), axes)}"
            target, probability = (-share).as_numer_denom()
            if e == (1 - target) / (1 - probability) - target / probability and ends_at_1(target):
                return self._call("odds_difference", (probability, target), axes)
        return None

    def _call(self, body: str, arguments: Sequence[Expr], axes: tuple[Expr, ...]) -> str:
        return f"{body}(xp, {', '.join(self.write(argument, axes) for argument in arguments)})"

    def _mul(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        if e.could_extract_minus_sign():
            return f"0 - {self.write(-e, axes)}"  # not -x, which would make -0 of 0
        joined = _joined(e)
        if joined != e:
            return self.write(joined, axes)
        tops: list[Expr] = []
        bottoms: list[Expr] = []
        logs: list[Expr] = []
        for part in e.args:
            base, power = part.as_base_exp()
            if isinstance(part, (log, functions.log_softmax, functions.log_sigmoid, functions.softplus)):
                logs.append(part)
            elif part.is_Rational and part.q & (part.q - 1):  # one over a power of 2 is a float as it is
                tops, bottoms = [*tops, Integer(part.p)], [Integer(part.q), *bottoms]
            elif power.is_Integer and abs(power) <= 4:
                (tops if power > 0 else bottoms).extend([base] * abs(int(power)))
            else:
                tops.append(part)
        tops = [top for top in tops if top != 1]
        if not logs:
            return self._quotient(tops, bottoms, axes)
        shares = [top for top in tops if isinstance(top, functions.sigmoid)]
        weight = self._quotient([top for top in tops if top not in shares], bottoms, axes)
        code = f"weighted(xp, {weight}, {self._product(logs, axes)})"
        for share in shares:
            code = self._scalar_function("sigmoid_times", share, axes, self._name_for(code))
        return code

    def _quotient(self, tops: list[Expr], bottoms: list[Expr], axes: tuple[Expr, ...]) -> str:
        """The product of `tops` over each of `bottoms` in turn, a top between them, so that nothing overflows early."""
        numbers, tops = [top for top in tops if top.is_number], [top for top in tops if not top.is_number]
        code = self._product([*numbers, *tops[:1]] or [S.One], axes)
        tops = tops[1:]
        for bottom in sorted(bottoms, key=lambda bottom: bottom.is_number):
            top, below = self._name_for(code), self.write(bottom, axes)
            code = f"{top} / {below}" if bottom.is_number else f"ratio(xp, {top}, {below})"
            if tops:
                code = f"{self._name_for(code)} * {self.write(tops.pop(0), axes)}"
        return " * ".join([self._name_for(code) if tops else code, *(self.write(top, axes) for top in tops)])

    def _product(self, factors: Sequence[Expr], axes: tuple[Expr, ...]) -> str:
        return " * ".join(self.write(factor, axes) for factor in factors)

    def _pow(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        base, power = e.args
        if power.is_Integer and power < 0:
            return f"1 / {self.write(1 / e, axes)}"
        if power.is_Integer and power <= 4:
            return self._product([base] * int(power), axes)
        return f"{self.write(base, axes)} ** {self.write(power, axes)}"

    def _log(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        number, rest = e.args[0].as_coeff_Add()
        if number == 1:
            return f"xp.log1p({self.write(rest, axes)})"
        top, bottom = e.args[0].as_numer_denom()
        if bottom.is_number:
            return f"xp.log({self.write(e.args[0], axes)})"
        return self._call("log_ratio", (top, bottom), axes)

    def _piecewise(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        inner, x, bound, has_slope = _continued(e)
        if inner is not None:
            here, edge = self.write(x, axes), self.write(bound, axes)
            nearest = self._name_for(f"xp.clip({here}, {self.write(-bound, axes)}, {edge})")
            c = Symbol(nearest)
            result = inner.xreplace({x: c})
            if has_slope:
                beyond = Symbol(self._name_for(f"{here} - {nearest}"))
                result = factor_terms(result + inner.diff(x).xreplace({x: c}) * beyond)
            return self.write(result, axes)
        *branches, (last, condition) = e.args
        code = self.write(last, axes)
        if Or(*(each for _, each in e.args)) != True:  # noqa: E712
            code = self._name_for(f"xp.where({self.write(condition, axes)}, {code}, xp.nan)")
        for branch, condition in reversed(branches):
            first = self._array(branch, axes)  # where wants one array
            code = self._name_for(f"xp.where({self.write(condition, axes)}, {first}, {code})")
        return code

    def _heaviside(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        x, at_zero = e.args
        return self.write(Piecewise((S.One, x > 0), (S.Zero, x < 0), (at_zero, True)), axes)

    def _greatest(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        """The greatest argument of a Max, the least of a Min."""
        body = "xp.maximum" if isinstance(e, Max) else "xp.minimum"
        parts = [self._array(part, axes) for part in sorted(e.args, key=lambda part: (part.is_number, str(part)))]
        return reduce(lambda first, second: f"{body}({self._name_for(first)}, {second})", parts)

    def _array(self, e: Expr, axes: tuple[Expr, ...]) -> str:
        """The code of `e`, as an array also if it is a number."""
        code = self.write(e, axes)
        return self._name_for(f"constant(xp, {code}, {_name(self.arguments[0])})") if e.is_number else code


def _without_minus(expression: Expr) -> Expr:
    """`expression` with -softplus(-z) for log_sigmoid(z), if that leaves a sum without minus signs."""
    flipped = expression.replace(functions.log_sigmoid, lambda z: -functions.softplus(-z))
    return expression if any(term.could_extract_minus_sign() for term in Add.make_args(flipped)) else flipped


def _joined(e: Expr) -> Expr:
    """The product `e` with x^q / x as x^(q - 1) and |x|^q / x^2 as |x|^(q - 2), which SymPy leaves as they are."""
    bases = {part.as_base_exp()[0] for part in e.args}
    powers: dict[Expr, Expr] = {}
    for part in e.args:
        base, power = part.as_base_exp()
        base = Abs(base) if power.is_even and Abs(base) in bases else base
        powers[base] = powers.get(base, S.Zero) + power
    divides = any(part.as_base_exp()[1].could_extract_minus_sign() for part in e.args)
    return Mul(*(base**power for base, power in powers.items())) if divides and len(powers) < len(e.args) else e


def _softmax_slope(e: Expr, share: Expr) -> tuple[Any, Any, Any]:
    """z, a_i and i, if `e` is a_i times the slope of softmax(z)_i less the other classes' terms; else None thrice."""
    for a_sum in share.atoms(Sum):
        index, left_out, function = split_guard(a_sum)
        for softmax_k in function.atoms(functions.softmax):
            if len(left_out) == 1 and softmax_k.class_index == index:
                here = {index: left_out[0]}
                terms = (function / softmax_k).xreplace(here)
                p = softmax_k.xreplace(here)
                if e == terms * p * complement(p) - p * a_sum:
                    return softmax_k.row, terms, left_out[0]
    return None, None, None


def _sigmoid_less_target(e: Expr, share: Any) -> tuple[Any, Any]:
    """z and y, if `e` is sigmoid(z) - y, or the same as (1 - y) sigmoid(z) - y sigmoid(-z); else None twice."""
    for sigmoid_of_z in share.atoms(functions.sigmoid):
        z = sigmoid_of_z.args[0]
        for y in share.free_symbols | (share - e).free_symbols:
            plain = e == sigmoid_of_z - y
            split = e == (1 - y) * sigmoid_of_z - y * functions.sigmoid(-z)
            if ends_at_1(y) and (plain or split):
                return z, y
    return None, None


def complement(share: Any) -> Expr:
    """1 - share of a sigmoid or a softmax, as a function of its own."""
    if isinstance(share, functions.sigmoid):
        return functions.sigmoid(-share.args[0])
    return functions.softmax_complement(*share.args)


def ends_at_1(expression: Expr) -> bool:
    """Whether `expression` is a symbol or an entry of a row, such as a target or a probability, that is at most 1."""
    symbol = expression.base if isinstance(expression, Indexed) else expression
    return isinstance(symbol, (Symbol, IndexedBase)) and DOMAINS.get(symbol) is not None and DOMAINS[symbol].sup == 1


def _is_divergence(e: Expr) -> bool:
    """Whether `e` is a target times the logarithm of a ratio: terms of both signs, which may add to little."""
    logarithm = next((factor for factor in Mul.make_args(e) if isinstance(factor, log)), None)
    return logarithm is not None and ends_at_1(e / logarithm) and not logarithm.args[0].as_numer_denom()[1].is_number


@cache
def class_axes(expression: Expr) -> tuple[Expr, ...]:
    """The free indices of `expression`, in the order of the last axes of its result."""
    return tuple(index for index in AXES if index in expression.free_symbols)


def _at_label(expression: Expr, row: IndexedBase | None) -> Expr | None:
    """`expression` where the targets `row` are 1 at LABEL and 0 elsewhere; None if sums remain or it is undefined."""
    if len(class_axes(expression)) > 1:
        return None
    result = collapse(expression.replace(
        lambda e: isinstance(e, Indexed) and e.base == row, lambda e: KroneckerDelta(e.indices[0], LABEL)
    ))  # fmt: skip
    return None if result.has(Sum, S.NaN, S.ComplexInfinity) else result


def _sign_of_mirrored(expression: Expr, arguments: Sequence[Expr]) -> int | None:
    """The sign s, if `expression` at target 1 is s times itself at target 0 and the opposite prediction; else None."""
    if not all(isinstance(argument, Symbol) for argument in arguments[:2]):
        return None
    if [DOMAINS.get(argument) for argument in arguments[:2]] != [Reals, Interval(0, 1)]:
        return None
    prediction, target = arguments[:2]
    at_0 = functions.in_one_sigmoid(expression.xreplace({target: S.Zero}))
    at_1 = functions.in_one_sigmoid(expression.xreplace({target: S.One, prediction: -prediction}))
    return next((sign for sign in (1, -1) if (at_1 - sign * at_0).expand() == 0), None)


def _continued(e: Expr) -> tuple[Any, Any, Any, Any]:
    """f(x), x, b and whether the slope goes on, if `e` is f(x) up to |x| = b > 0 and goes on in straight lines.

    Then it is f(c), or f(c) + f'(c) (x - c), where c is the number nearest to x in [-b, b]. Else None four times.
    """
    unlike = None, None, None, None
    (inner, condition), (outer, _) = e.args[0], e.args[-1]
    if len(e.args) != 2 or not isinstance(condition, (StrictLessThan, StrictGreaterThan)):
        return unlike
    size, bound = condition.lts, condition.gts
    x = size.args[0] if isinstance(size, Abs) else None
    if not isinstance(x, Symbol) or not bound.is_positive or bound.has(x):
        return unlike
    for has_slope in (False, True):
        apart = []
        for side in (1, -1):
            value, slope = (f.xreplace({x: side * bound}) for f in (inner, inner.diff(x)))
            line = value + (slope * (x - side * bound) if has_slope else 0)
            apart.append((outer.xreplace({Abs(x): side * x, sign(x): S(side)}) - line).expand())
        if apart == [0, 0]:
            return inner, x, bound, has_slope
    return unlike
