"""Reads the LaTeX that `lossbook.typeset` writes back into SymPy, by the rules of LaTeX and of reading mathematics.

It knows nothing of how the writer works. It stops with a ValueError at whatever it does not know; a reading takes one
token at a time and never goes back, so that it always ends.
"""

import re

from sympy import Abs, Integer, KroneckerDelta, Max, Piecewise, Sum, exp, log, sign, sqrt

from lossbook import functions
from lossbook.notation import n

TOKEN = re.compile(r"\\begin\{cases\}|\\end\{cases\}|\\text\{[^}]*\}|\\operatorname\{\w+\}|\\\\|\\[A-Za-z]+|\\.|\d+|\S")
NAMED = {r"\sigma": "sigmoid", r"\tanh": "tanh"}
NAMED |= {rf"\operatorname{{{name}}}": name for name in ("softmax", "softplus", "logsumexp")}
LOGARITHMS = {"sigmoid": "log_sigmoid", "softmax": "log_softmax", r"\cosh": "log_cosh"}
SPACES = {r"\:", r"\displaystyle", r"\textstyle"}


class Reader:
    """One reading; `symbols` and `rows` say what the letters stand for, as dicts from their LaTeX."""

    def __init__(self, written, symbols, rows):
        self.tokens = [token for token in TOKEN.findall(written.replace(r"\\[.4em]", r"\\")) if token not in SPACES]
        self.position = 0
        self.symbols = symbols
        self.rows = rows

    def read(self):
        result = self.sum()
        if self.position < len(self.tokens):
            raise ValueError(f"did not expect {self.tokens[self.position :]}")
        return result

    def next(self):
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, *expected):
        """The next token, and the step past it; one of `expected`, if any are given."""
        token = self.next()
        if not token or expected and token not in expected:
            raise ValueError(f"expected one of {expected}, got {token!r} at {self.position} of {self.tokens}")
        self.position += 1
        return token

    def takes(self, token):
        """Whether the next token is `token`, and if so the step past it."""
        if self.next() != token:
            return False
        self.take()
        return True

    def sum(self):
        result = -self.product() if self.takes("-") else self.product()
        while self.next() in ("+", "-"):
            result += self.product() if self.take() == "+" else -self.product()
        return result

    def product(self):
        result = self.power()
        while self.takes(r"\,"):
            result *= self.power()
        return result

    def power(self):
        base = self.atom()
        return base ** self.group() if self.takes("^") else base

    def group(self):
        """What stands in braces."""
        self.take("{")
        inner = self.sum()
        self.take("}")
        return inner

    def brackets(self):
        """What stands in round brackets, with or without braces around them."""
        braced = self.takes("{")
        self.take(r"\left")
        self.take("(")
        inner = [self.sum()]
        while self.takes(","):
            inner.append(self.sum())
        self.take(r"\right")
        self.take(")")
        if braced:
            self.take("}")
        return inner

    def atom(self):
        token = self.take()
        if token.isdigit():
            return Integer(token)
        if token == "e" and self.takes("^"):
            return exp(self.group())
        if token == r"\frac":
            top = self.group()
            return top / self.group()
        if token == r"\sqrt":
            return sqrt(self.group())
        if token == r"\left":
            return self.between_bars() if self.next() == "|" else self.round()
        if token == "{":
            return self.entry()
        if token == r"\log":
            return self.logarithm()
        if token == r"\max":
            return Max(*self.brackets())
        if token == r"\sum":
            return self.total()
        if token == r"\begin{cases}":
            return self.cases()
        if token == r"\delta" and self.takes("_"):
            return self.kronecker()
        if token == r"\operatorname{sign}":
            return self.function(sign)
        if token in NAMED:
            return self.named(NAMED[token])
        if token == r"\hat":
            self.take("{")
            token = rf"\hat{{{self.take()}}}"
            self.take("}")
        if token in self.symbols:
            return self.symbols[token]
        raise ValueError(f"did not expect {token!r} at {self.position} of {self.tokens}")

    def between_bars(self):
        self.take("|")
        braced = self.takes("{")
        inner = self.sum()
        if braced:
            self.take("}")
        self.take(r"\right")
        self.take("|")
        return Abs(inner)

    def round(self):
        self.position -= 1
        (inner,) = self.brackets()
        return inner

    def entry(self):
        row = self.rows[self.take()]
        self.take("}")
        self.take("_")
        return row[self.group()]

    def kronecker(self):
        self.take("{")
        indices = self.symbols[self.take()], self.symbols[self.take()]
        self.take("}")
        return KroneckerDelta(*indices)

    def function(self, function):
        """A function of one number, its power before its argument."""
        power = self.group() if self.takes("^") else 1
        (argument,) = self.brackets()
        return function(argument) ** power

    def logarithm(self):
        if self.next() not in (*NAMED, r"\cosh"):
            return self.function(log)
        token = self.take()
        return self.named(LOGARITHMS[NAMED.get(token, token)])

    def named(self, name):
        function = functions.catalogue[name]
        if not issubclass(function, functions.RowFunction):
            return self.function(function)
        self.take("{")
        self.take(r"\left")
        self.take("(")
        row = self.rows[self.take()]
        self.take(r"\right")
        self.take(")")
        self.take("}")
        return function(row, self.group()) if self.takes("_") else function(row)

    def total(self):
        self.take("_")
        self.take("{")
        index, guard = self.symbols[self.take()], 1
        if self.take("=", r"\ne") == "=":
            self.take("1")
            self.take("}")
            self.take("^")
            self.take("{")
            self.take("n")
        else:
            guard *= 1 - KroneckerDelta(self.symbols[self.take()], index)
            while self.takes(","):
                guard *= 1 - KroneckerDelta(self.symbols[self.take()], index)
        self.take("}")
        return Sum(guard * self.product(), (index, 1, n))

    def cases(self):
        branches = []
        while not self.takes(r"\end{cases}"):
            branch = self.sum()
            self.take("&")
            branches.append((branch, True if self.take() == r"\text{otherwise}" else self.condition()))
            self.takes(r"\\")
        return Piecewise(*branches)

    def condition(self):
        left = self.sum()
        relation = self.take("<", ">", r"\le", r"\ge")
        right = self.sum()
        return {"<": left < right, ">": left > right, r"\le": left <= right, r"\ge": left >= right}[relation]
