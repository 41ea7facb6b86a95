"""Names for the types that signatures share. SymPy's classes stand in them under their own names."""

from typing import Any, Protocol, TypeAlias

from sympy import Expr

Array: TypeAlias = Any
"""An array of NumPy, of Dask or of any library that follows the array API, which share no class; or a NumPy number."""

ArrayLike: TypeAlias = Any
"""What is taken for an array: an array of any library, a number, or nested lists of numbers."""

Namespace: TypeAlias = Any
"""The functions of an array library, such as the module `numpy`."""


class Compiled(Protocol):
    """What `arrays.compile` returns: a function of a namespace and of arrays, and its source."""

    source: str

    def __call__(self, xp: Namespace, *arrays: Array) -> tuple[Array, ...]: ...


Cell: TypeAlias = list[str | Expr]
"""A cell of a table: words (Markdown) and expressions."""
