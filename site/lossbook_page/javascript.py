"""SymPy -> JavaScript: what figures that a reader moves compute in the browser is printed from the catalogue.

Each named function has one accurate body, in formulas.js. A sum over the classes becomes a reduction over a row, whose
entries JavaScript counts from 0. A predicted probability less its target is taken of their complements where both are
near 1, as in lossbook.arrays.
"""

from pathlib import Path

from sympy import IndexedBase
from sympy.printing.jscode import JavascriptCodePrinter

from lossbook import arrays, functions
from lossbook.indices import split_guard

BODIES = Path(__file__).with_name("formulas.js")


def javascript(expression):
    """`expression` as one of JavaScript, in the names of its symbols and rows. Raises TypeError if it knows no code."""
    return _Printer().doprint(expression)


class _Printer(JavascriptCodePrinter):
    def _print_Function(self, e):
        if isinstance(e, functions.ScalarFunction):
            return f"{e.func.__name__}({self._print(e.args[0])})"
        if isinstance(e, functions.RowFunction) and isinstance(e.row, IndexedBase):
            entry = [] if e.class_index is None else [self._index(e.class_index)]
            return f"{e.func.__name__}({', '.join([str(e.row), *entry])})"
        return super()._print_Function(e)

    def _print_Piecewise(self, e):
        *branches, (last, _) = e.args
        code = self._print(last)
        for branch, condition in reversed(branches):
            code = f"({self._print(condition)} ? {self._print(branch)} : {code})"
        return code

    def _print_Indexed(self, e):
        (index,) = e.indices
        return f"{e.base}[{self._index(index)}]"

    def _index(self, index):
        return str(index - 1 if index.is_number else index)

    def _print_Sum(self, e):
        index, left_out, term = split_guard(e)
        row = next((part for part in sorted(term.atoms(IndexedBase), key=str)), None)
        if row is None:
            raise TypeError(f"expression: no JavaScript for {e}, which counts classes")
        code = self._print(term)
        for other in left_out:
            code = f"{self._index(index)} === {self._index(other)} ? 0 : {code}"
        return f"sum({row}, ({index}) => {code})"

    def _print_KroneckerDelta(self, e):
        return f"({' === '.join(map(self._index, e.args))} ? 1 : 0)"

    def _print_Pow(self, e):
        if e.exp.is_Integer and e.exp > 1:
            return f"power({self._print(e.base)}, {e.exp})"
        return super()._print_Pow(e)

    def _print_log(self, e):
        number, rest = e.args[0].as_coeff_Add()
        return f"Math.log1p({self._print(rest)})" if number == 1 else f"Math.log({self._print(e.args[0])})"

    def _print_Add(self, e, order=None):
        for share in e.args:
            if isinstance(share, (functions.sigmoid, functions.softmax)) and arrays.ends_at_1(share - e):
                return f"difference({', '.join(map(self._print, (share, arrays.complement(share), share - e)))})"
        return super()._print_Add(e, order)

    def _print_not_supported(self, e):
        raise TypeError(f"expression: no JavaScript for {type(e).__name__} in {e}")
