"""Arguments that are not what they should be: one line that names the argument, what was expected and what came."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, TypeVar

from sympy import Expr, Indexed, Set, Symbol, sympify

Item = TypeVar("Item")


def as_expression(name: str, value: object) -> Expr:
    """`value` as a SymPy expression. Text is never evaluated: a string is a TypeError."""
    if isinstance(value, str):
        raise TypeError(f"{name}: expected a SymPy expression, got the string {value!r}, which is never evaluated")
    try:
        expression = sympify(value, strict=True)
    except Exception:
        expression = None
    if not isinstance(expression, Expr) or expression.is_Matrix:
        raise TypeError(f"{name}: expected a SymPy expression that stands for one number, got {value!r}")
    return expression


def as_variable(name: str, value: object) -> Expr:
    """`value`, if it is a symbol or an entry of a row, by which one can differentiate."""
    if not isinstance(value, (Symbol, Indexed)):
        raise TypeError(f"{name}: expected a symbol or an entry of a row such as z[i], got {value!r}")
    return value


def as_text(name: str, value: object) -> str:
    """`value`, if it is a string."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a string, got {value!r}")
    return value


def as_number(name: str, value: object, domain: Set) -> float:
    """`value` as a float, if it is a real number in the SymPy set `domain`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:  # a whole number or a fraction beyond the largest float
        number = float("inf")
    if number != number or abs(number) == float("inf") or not _contains(domain, number):
        raise ValueError(f"{name}: expected a number in {domain}, got {value!r}")
    return number


@lru_cache(maxsize=1024)  # the same parameters come with every step of a training
def _contains(domain: Set, number: float) -> bool:
    return domain.contains(sympify(number)) == True  # noqa: E712


def as_count(name: str, value: object) -> int:
    """`value` as an int, if it is a whole number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < 0:
        raise ValueError(f"{name}: expected a whole number from 0 up, got {value!r}")
    return int(value)


def as_entry(name: str, value: Any, entries: Mapping[str, Item], kind: str) -> Item:
    """The entry of the dict `entries` that is called `value`; the error suggests the nearest name."""
    if as_text(name, value) in entries:
        return entries[value]
    near = get_close_matches(value, entries, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(entries)}"
    raise ValueError(f"{name}: expected {kind}, got {value!r}{hint}")
