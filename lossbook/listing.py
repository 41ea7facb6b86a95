"""Tables of words and expressions: Markdown with its mathematics on a page, lines in a terminal.

A cell is a list of words (Markdown) and SymPy expressions, or one of either.
"""

from collections.abc import Callable, Iterable, Sequence

from sympy import Expr

from lossbook.types import Cell
from lossbook.typeset import latex, text


class Listing:
    """Rows under `titles`, or without titles; it shows itself in a notebook, on a page and in a terminal.

        domain = ["between ", S.Zero, " and ", S.One]
        Listing(["symbol", "domain"], [[z, "any number"], [p, domain]])

    With `shares`, softmax(z)_i is written p_i.
    """

    def __init__(
        self, titles: Sequence[str], rows: Sequence[Sequence[Cell | Expr | str]], shares: bool = False
    ) -> None:
        self.titles = list(titles)
        self.rows = [[cell if isinstance(cell, list) else [cell] for cell in row] for row in rows]
        self.shares = shares

    def _repr_markdown_(self) -> str:
        heads = self.titles or [""] * len(self.rows[0])
        rows = [[_in_cell(self._write(cell, self._inline)) for cell in row] for row in self.rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in [heads, [":---"] * len(heads), *rows])

    def __str__(self) -> str:
        rows = [[self._write(cell, self._plain).replace("`", "") for cell in row] for row in self.rows]
        return "\n".join(": ".join([row[0], "; ".join(cell for cell in row[1:] if cell)]) for row in rows)

    __repr__ = __str__

    def _inline(self, expression: Expr) -> str:
        return f"${latex(expression, self.shares)}$"

    def _plain(self, expression: Expr) -> str:
        return text(expression, self.shares)

    @staticmethod
    def _write(parts: Cell, writer: Callable[[Expr], str]) -> str:
        return "".join(part if isinstance(part, str) else writer(part) for part in parts)


def join(cells: Iterable[Cell], between: str = "; ") -> Cell:
    """One cell of many, with `between` between them."""
    first, *others = cells
    return [*first, *(part for cell in others for part in (between, *cell))]


def _in_cell(written: str) -> str:
    """Markdown that does not end its cell of a table."""
    return written.replace(r"\left|", r"\left\vert ").replace(r"\right|", r"\right\vert ").replace("|", r"\|")
