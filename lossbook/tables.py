"""Small tables that read the same in a notebook, on a page and in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from lossbook.checks import as_count


class Table:
    """Columns side by side under their names; numbers get `digits` decimals, columns of whole numbers none.

        >>> Table({"score": [-2.0, 0.0], "probability": [0.1192, 0.5]})
        score  probability
        −2          0.1192
        0           0.5000

    The first column names the rows. Raises ValueError if the columns differ in length.
    """

    def __init__(self, columns: Mapping[str, Iterable[str | float]], digits: int = 4) -> None:
        if not isinstance(columns, dict) or not columns:
            raise TypeError(f"columns: expected a dict from names to columns, got {columns!r}")
        digits = as_count("digits", digits)
        listed = {str(name): list(cells) for name, cells in columns.items()}
        lengths = {name: len(cells) for name, cells in listed.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns: expected columns of one length, got {lengths}")
        self.names = list(listed)
        self.rows = list(zip(*(_write_column(cells, digits) for cells in listed.values())))

    def __repr__(self) -> str:
        lines = [self.names, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))])
            for line in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.names)
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
            for name, *cells in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _write_column(cells: Sequence[str | float], digits: int) -> list[str]:
    """Text as it is, numbers with `digits` decimals, or with none if all are whole, and a true minus sign."""
    whole = all(isinstance(cell, str) or float(cell).is_integer() for cell in cells)
    decimals = 0 if whole else digits
    return [cell if isinstance(cell, str) else f"{cell:.{decimals}f}".replace("-", "−") for cell in cells]
