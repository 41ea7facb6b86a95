"""Small tables that read the same in a notebook, on a page and in a terminal."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from lossbook.checks import as_count


class Table:
    """Columns side by side under their names; numbers get `digits` decimals, columns of whole numbers none.

        >>> Table({"score": [-2.0, 0.0], "probability": [0.1192, 0.5]})
        score  probability
        −2          0.1192
        0           0.5000

    The first column names the rows; text stands on the left, numbers on the right. Raises ValueError if the columns
    differ in length.
    """

    def __init__(self, columns: dict[str, Iterable[str | float]], digits: int = 4) -> None:
        if not isinstance(columns, dict):
            raise TypeError(f"columns: expected a dict from names to columns, got {columns!r}")
        if not columns:
            raise ValueError("columns: expected at least one, got none")
        digits = as_count("digits", digits)
        listed = {str(name): list(cells) for name, cells in columns.items()}
        lengths = {name: len(cells) for name, cells in listed.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns: expected columns of one length, got {lengths}")
        self.names = list(listed)
        written = [_write_column(cells, digits) for cells in listed.values()]
        self.rows = list(zip(*written))
        self.is_text = [number > 0 and not any(map(_is_number, column)) for number, column in enumerate(written)]

    def __repr__(self) -> str:
        columns = []
        for number, column in enumerate(zip(self.names, *self.rows)):
            width = max(map(len, column))
            on_left = number == 0 or self.is_text[number]
            columns.append([cell.ljust(width) if on_left else cell.rjust(width) for cell in column])
        return "\n".join("  ".join(line).rstrip() for line in zip(*columns))

    def _repr_html_(self) -> str:
        marks = [' class="text-left"' if is_text else "" for is_text in self.is_text]
        head = "".join(f'<th scope="col"{mark}>{escape(name)}</th>' for name, mark in zip(self.names, marks))
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td{mark}>{escape(cell)}</td>" for cell, mark in zip(cells, marks[1:]))
            + "</tr>"
            for name, *cells in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _write_column(cells: Sequence[str | float], digits: int) -> list[str]:
    """Text as it is, numbers with `digits` decimals, or with none if all are whole; numbers have a true minus sign."""
    whole = all(isinstance(cell, str) or float(cell).is_integer() for cell in cells)
    decimals = 0 if whole else digits
    written = [cell if isinstance(cell, str) else f"{cell:.{decimals}f}" for cell in cells]
    return [cell.replace("-", "−") if _is_number(cell) else cell for cell in written]


def _is_number(cell: str) -> bool:
    """Whether `cell` is a number, alone or with more around it: 1e-06, > 3000, 0.5 °C."""
    return re.match(r"[<>]? ?[-−+]?(\d|\.\d|inf\b|nan\b)", cell) is not None
