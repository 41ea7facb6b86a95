"""Names for the types that signatures share. SymPy's classes stand in them under their own names."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from sympy import Expr

Array: TypeAlias = Any
"""An array of NumPy, of Dask or of any library that follows the array API, which share no class; or a NumPy number."""

ArrayLike: TypeAlias = Any
"""What is taken for an array: an array of any library, a number, or nested lists of numbers."""

Namespace: TypeAlias = Any
"""The functions of an array library, such as the module `numpy`."""


class ArrayCode(Protocol):
    """A function of a namespace and of arrays."""

    def __call__(self, xp: Namespace, *arrays: Array) -> tuple[Array, ...]: ...


class Compiled(ArrayCode, Protocol):
    """What `arrays.compile` returns: array code and its source.

    Its cases, if it has any, are what it computes where all targets are 0 or 1, and where none is.
    """

    source: str
    cases: Sequence[ArrayCode]


Cell: TypeAlias = list[str | Expr]
"""A cell of a table: words (Markdown) and expressions."""
