"""Small tables that read the same in a notebook, on a page and in a terminal."""

from html import escape


class Table:
    """Rows under column heads; numbers are written with `digits` decimals, whole columns without.

        Table(["picture", "loss"], [["pig", 0.54], ["dog", 0.54]], digits=2)
    """

    def __init__(self, columns, rows, digits=4):
        self.columns = [str(column) for column in columns]
        rows = [list(row) for row in rows]
        whole = [all(not isinstance(cell, float) or cell.is_integer() for cell in column) for column in zip(*rows)]
        self.rows = [[_write(cell, 0 if is_whole else digits) for cell, is_whole in zip(row, whole)] for row in rows]

    def __repr__(self):
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))])
            for line in lines
        )

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{escape(column)}</th>' for column in self.columns)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _write(cell, digits):
    """Text as it is, numbers with `digits` decimals and a true minus sign."""
    if isinstance(cell, str):
        return cell
    written = f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell)
    return written.replace("-", "−")
