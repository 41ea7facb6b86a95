"""Wrong calls, and what each says: which argument it was, what was expected, what came.

Every message starts with the name of the argument as the caller wrote it, and text is never evaluated.
"""

import math
import re

import numpy as np
import pytest
from sympy import Eq, I, IndexedBase, Piecewise, Sum, Symbol, log, oo, symbols

from lossbook import functions, losses
from lossbook.checking import check_gradient
from lossbook.derivation import Derivation
from lossbook.explanation import explain
from lossbook.loss import Loss
from lossbook.notation import k, logits, n, targets, total
from lossbook.proof import equal
from lossbook.tables import Table
from lossbook.training import Network, descend, fit_linear

EVALUATED = []
TEXT = "__import__('test_bad_input').EVALUATED.append(1)"
"""Text that leaves a trace if anything evaluates it."""

NAN, INF = math.nan, math.inf
x, y = symbols("x y", real=True)
rate, scale = symbols("r s", positive=True)
events = Symbol("m", nonnegative=True)
OWN = Loss("own", scale * (rate - events * log(rate)), rate, events, {"scale": (scale, 1)})
below = Symbol("b", negative=True)
BELOW = Loss("below", (below - x) ** 2, below, x)


def the(name):
    """The loss of this name, looked up when a call is made, so that a missing one fails its own tests only."""
    return getattr(losses, name)


def value(name, *arguments, **options):
    return lambda: the(name).value(*arguments, **options)


def call(function, *arguments, **options):
    return lambda: function(*arguments, **options)


# What is wrong, the call, the argument that the message starts with, the type, and what else it says.
WRONG = [
    # shapes
    ("shapes that do not broadcast",
     value("squared_error", [1, 2, 3], [1, 2]), "target", ValueError, r"\(3,\).*\(2,\)"),
    ("matrices that do not broadcast",
     value("hinge", np.ones((2, 3)), np.ones((3, 2))), "target", ValueError, r"\(3, 2\)"),
    ("matrices of unlike lengths",
     value("hinge", np.ones((2, 3)), np.ones((4, 3))), "target", ValueError, r"\(4, 3\)"),
    ("boxes of unlike heights",
     value("hinge", np.ones((2, 2, 3)), np.ones((4, 2, 3))), "target", ValueError, r"\(4, 2, 3\)"),
    ("a label past the classes of a box",
     value("softmax_cross_entropy", np.ones((2, 7, 5)), np.full((2, 7), 5)), "target", ValueError, "to 4, got 5"),
    ("a whole number that is no float",
     value("squared_error", 2**53 + 1, 2**53), "prediction", ValueError, "below 2.53.*9007199254740993"),
    ("a target that is no float",
     value("poisson", [1.0, 2.0], [3, 2**60]), "target", ValueError, "below 2.53.*1152921504606846976"),
    ("rows of different lengths", value("softmax_cross_entropy", [1, 2, 3], [0, 1]), "target", ValueError, "3.*2"),
    ("fewer target rows",
     value("softmax_cross_entropy", np.ones((4, 3)), np.eye(3)), "target", ValueError, r"\(3, 3\)"),
    ("one column for many",
     value("softmax_cross_entropy", np.ones((2, 3)), np.ones((2, 1))), "target", ValueError, r"\(2, 1\)"),
    ("fewer labels than rows", value("softmax_cross_entropy", np.ones((4, 3)), [0, 1]), "target", ValueError, "4.*2"),
    ("a lone label", value("softmax_cross_entropy", [[1.0, 2.0]], [2]), "target", ValueError, "from 0 to 1, got 2"),
    ("labels as a column",
     value("softmax_cross_entropy", np.ones((2, 3)), np.array([[0], [1]])), "target", ValueError, r"\(2, 1\)"),
    ("a label too deep",
     value("softmax_cross_entropy", [1.0, 2.0], np.zeros((2, 2, 2))), "target", ValueError, r"\(2, 2, 2\)"),
    ("a number for a row", value("softmax_cross_entropy", 1.0, 1), "prediction", ValueError, "classes"),
    ("a number for probabilities", value("cross_entropy", 0.5, 1.0), "prediction", ValueError, "classes"),
    ("no classes", value("softmax_cross_entropy", np.ones((2, 0)), np.ones((2, 0))), "prediction", ValueError, "class"),
    ("no classes, with labels",
     value("softmax_cross_entropy", np.ones((2, 0)), [0, 0]), "prediction", ValueError, "class"),
    ("no classes in a divergence",
     value("kl_divergence", np.ones((0,)), np.ones((0,))), "prediction", ValueError, "class"),
    ("ragged predictions", value("squared_error", [[1, 2], [3]], 0.0), "prediction", ValueError, "expected"),
    ("ragged targets", value("squared_error", 0.0, [[1, 2], [3]]), "target", ValueError, "expected"),
    ("ragged rows", value("softmax_cross_entropy", [[1, 2], [3]], [0, 0]), "prediction", ValueError, "expected"),
    # kinds of data
    ("text for a prediction", value("squared_error", TEXT, 0.0), "prediction", TypeError, "str"),
    ("text for a target", value("squared_error", 0.0, TEXT), "target", TypeError, "str"),
    ("numbers as text", value("squared_error", ["1", "2"], 0.0), "prediction", TypeError, "<U1|str"),
    ("text for labels", value("softmax_cross_entropy", [[1.0, 2.0]], ["cat"]), "target", TypeError, "<U3|str"),
    ("bytes", value("squared_error", b"1", 0.0), "prediction", TypeError, "bytes|S1"),
    ("complex predictions", value("squared_error", [1 + 2j], 0.0), "prediction", TypeError, "complex"),
    ("complex targets", value("absolute_error", 0.0, 1j), "target", TypeError, "complex"),
    ("None for a prediction", value("squared_error", None, 0.0), "prediction", TypeError, "None"),
    ("None for a target", value("softmax_cross_entropy", [1.0, 2.0], None), "target", TypeError, "None|object"),
    ("objects", value("squared_error", [object()], 0.0), "prediction", TypeError, "object"),
    ("a dictionary", value("squared_error", {"a": 1}, 0.0), "prediction", TypeError, "dict"),
    ("a SymPy symbol", value("squared_error", x, 0.0), "prediction", TypeError, "Symbol"),
    ("dates",
     value("squared_error", np.array(["2000-01-01"], "datetime64[D]"), 0.0), "prediction", TypeError, "datetime64"),
    ("half precision", value("squared_error", np.ones(2, np.float16), 0.0), "prediction", TypeError, "float16"),
    ("nan in a prediction", value("squared_error", [1.0, NAN], 0.0), "prediction", ValueError, "nan"),
    ("nan in a target", value("absolute_error", 0.0, [0.0, NAN]), "target", ValueError, "nan"),
    ("nan in a logit", value("softmax_cross_entropy", [1.0, NAN], 0), "prediction", ValueError, "nan"),
    ("nan in a probability", value("binary_cross_entropy", NAN, 1.0), "prediction", ValueError, "nan"),
    ("nan in a row of targets", value("cross_entropy", [0.5, 0.5], [NAN, 1.0]), "target", ValueError, "nan"),
    # labels and targets
    ("a label of n", value("softmax_cross_entropy", [[1.0, 2.0, 3.0]], [3]), "target", ValueError, "0 to 2.*3"),
    ("a negative label", value("softmax_cross_entropy", [[1.0, 2.0, 3.0]], [-1]), "target", ValueError, "0 to 2.*-1"),
    ("a wrong label among right ones",
     value("cross_entropy", np.full((3, 2), 0.5), [0, 1, 7]), "target", ValueError, "7"),
    ("a label that is not whole", value("softmax_cross_entropy", [[1.0, 2.0]], [0.5]), "target", TypeError, "whole"),
    ("labels as floats", value("softmax_squared_error", [[1.0, 2.0]], [1.0]), "target", TypeError, "whole"),
    ("truth values for labels", value("softmax_cross_entropy", [[1.0, 2.0]], [True]), "target", TypeError, "bool"),
    ("an infinite target",
     value("softmax_cross_entropy", [1.0, 2.0], [INF, 0.0]), "target", ValueError, "expected finite numbers, got inf"),
    ("a masked array",
     value("squared_error", np.ma.masked_array([1.0, 2.0], [True, False]), 0.0), "prediction", TypeError, "mask"),
    ("more than float32 holds", value("squared_error", np.float32([1]), 1e300), "target", ValueError, "got inf"),
    ("an infinite logit", value("softmax_cross_entropy", [1.0, INF], 0), "prediction", ValueError, "masked.*got inf"),
    ("a row of masks", value("softmax_cross_entropy", [-INF, -INF], 0), "prediction", ValueError, "masked.*got -inf"),
    ("targets that sum to 2",
     value("softmax_cross_entropy", [1.0, 2.0], [1.0, 1.0]), "target", ValueError, "sum to 1.*2"),
    ("targets that sum to 0", value("cross_entropy", [0.5, 0.5], [0.0, 0.0]), "target", ValueError, "sum to 1.*0"),
    ("a negative target", value("softmax_cross_entropy", [1.0, 2.0], [-0.5, 1.5]), "target", ValueError, "-0.5|1.5"),
    ("a binary target of 2", value("binary_cross_entropy_with_logits", 0.0, 2.0), "target", ValueError, "2"),
    ("a binary target of -1", value("binary_cross_entropy", 0.5, -1), "target", ValueError, "-1"),
    ("a squared-error target of 1.5", value("sigmoid_squared_error", 0.0, 1.5), "target", ValueError, "1.5"),
    ("a focal target of -1", value("focal", 0.0, -1.0), "target", ValueError, "-1"),
    ("a hinge target of 0", value("hinge", [0.5, 0.5], [1, 0]), "target", ValueError, "-1.*1.*0"),
    ("a hinge target of 2", value("squared_hinge", 0.5, 2.0), "target", ValueError, "2"),
    ("a negative count", value("poisson", 0.0, [3, -1]), "target", ValueError, "-1"),
    # probabilities
    ("a probability above 1", value("binary_cross_entropy", 1.5, 1.0), "prediction", ValueError, r"1\.5"),
    ("a negative probability", value("binary_cross_entropy", -0.1, 0.0), "prediction", ValueError, r"-0\.1"),
    ("an infinite probability", value("binary_cross_entropy", INF, 0.0), "prediction", ValueError, "inf"),
    ("a row with a negative entry", value("cross_entropy", [-0.5, 1.5], 0), "prediction", ValueError, r"-0\.5|1\.5"),
    ("a row that sums to 0.9",
     value("cross_entropy", [[0.5, 0.5], [0.5, 0.4]], [0, 1]), "prediction", ValueError, r"sum to 1.*0\.9"),
    ("logits for probabilities", value("cross_entropy", [1.0, 5.0, 3.0], 1), "prediction", ValueError, "5|9|3"),
    ("a divergence of what sums to 2",
     value("kl_divergence", [1.0, 1.0], [0.5, 0.5]), "prediction", ValueError, "sum to 1.*2"),
    ("a divergence from what sums to 2",
     value("kl_divergence", [0.5, 0.5], [1.0, 1.0]), "target", ValueError, "sum to 1.*2"),
    # parameters
    ("a negative beta", value("smooth_l1", 1.0, 0.0, beta=-1.0), "beta", ValueError, "-1"),
    ("an infinite beta", value("smooth_l1", 1.0, 0.0, beta=INF), "beta", ValueError, "inf"),
    ("a beta of nan", value("smooth_l1", 1.0, 0.0, beta=NAN), "beta", ValueError, "nan"),
    ("a whole number beyond the largest float", value("smooth_l1", 1.0, 0.0, beta=10**400), "beta", ValueError, "1000"),
    ("a delta of 0", value("huber", 1.0, 0.0, delta=0.0), "delta", ValueError, "0"),
    ("a negative delta", value("huber", 1.0, 0.0, delta=-1), "delta", ValueError, "-1"),
    ("a delta of nan", value("huber", 1.0, 0.0, delta=NAN), "delta", ValueError, "nan"),
    ("a quantile of 0", value("pinball", 1.0, 0.0, quantile=0), "quantile", ValueError, "0"),
    ("a quantile of 1", value("pinball", 1.0, 0.0, quantile=1.0), "quantile", ValueError, "1"),
    ("a quantile in percent", value("pinball", 1.0, 0.0, quantile=90), "quantile", ValueError, "90"),
    ("a negative gamma", value("focal", 1.0, 0.0, gamma=-0.5), "gamma", ValueError, r"-0\.5"),
    ("a beta as text", value("smooth_l1", 1.0, 0.0, beta=TEXT), "beta", TypeError, "__import__|str"),
    ("a delta of None", value("huber", 1.0, 0.0, delta=None), "delta", TypeError, "None"),
    ("a complex gamma", value("focal", 1.0, 0.0, gamma=1j), "gamma", TypeError, "1j|complex"),
    ("a delta for each sample", value("huber", [1.0, 2.0], 0.0, delta=[1.0, 2.0]), "delta", TypeError, r"\[1|list"),
    ("Huber's delta called beta", value("huber", 1.0, 0.0, beta=1.0), "beta", TypeError, "delta"),
    ("a parameter of no loss", value("squared_error", 1.0, 0.0, epsilon=1.0), "epsilon", TypeError, "it has none"),
    ("a misspelt reduction",
     value("squared_error", 1.0, 0.0, reduction="avg"), "reduction", ValueError, "mean.*sum.*avg"),
    ("PyTorch's reduction", value("squared_error", 1.0, 0.0, reduction="none"), "reduction", ValueError, "None.*none"),
    ("a truth value for reduction", value("squared_error", 1.0, 0.0, reduction=True), "reduction", ValueError, "True"),
    ("a list for reduction",
     value("squared_error", 1.0, 0.0, reduction=["mean"]), "reduction", (ValueError, TypeError), "mean"),
    ("an array for reduction",
     value("squared_error", 1.0, 0.0, reduction=np.array(["mean", "sum"])), "reduction", ValueError, "mean.*array"),
    ("a reduction of Hessians",
     lambda: losses.squared_error.hessian_at([1.0], [0.0], reduction="mean"), "reduction", TypeError, "each.*'mean'"),
    ("the mean of no samples",
     value("squared_error", np.ones(0), 0.0, reduction="mean"), "reduction", ValueError, "mean"),
    ("a negative epsilon", lambda: losses.smooth_labels([0.0, 1.0], -0.1), "epsilon", ValueError, r"-0\.1"),
    ("an epsilon above 1", lambda: losses.smooth_labels([0.0, 1.0], 1.5), "epsilon", ValueError, r"1\.5"),
    ("an epsilon of nan", lambda: losses.smooth_labels([0.0, 1.0], NAN), "epsilon", ValueError, "nan"),
    ("an epsilon as text", lambda: losses.smooth_labels([0.0, 1.0], TEXT), "epsilon", TypeError, "__import__|str"),
    ("labels that sum to 2, smoothed", lambda: losses.smooth_labels([1.0, 1.0], 0.1), "y", ValueError, "sum to 1.*2"),
    ("text, smoothed", lambda: losses.smooth_labels(TEXT, 0.1), "y", TypeError, "str"),
    ("nan, smoothed", lambda: losses.smooth_labels([NAN, 1.0], 0.1), "y", ValueError, "nan"),
    # names of losses
    ("a misspelt loss", lambda: losses.get("hubr"), "name", ValueError, "hubr.*huber"),
    ("a loss under another name", lambda: losses.get("smooth_L1"), "name", ValueError, "smooth_l1"),
    ("a loss like no other", lambda: losses.get("zzzz"), "name", ValueError, "zzzz"),
    ("a number for a name", lambda: losses.get(3), "name", TypeError, "3|int"),
    # functions
    ("text for logits", call(functions.sigmoid.value, TEXT), "z", TypeError, "str"),
    ("None for logits", call(functions.softplus.value, None), "z", TypeError, "None"),
    ("complex logits", call(functions.log_sigmoid.gradient_at, 1j), "z", TypeError, "complex"),
    ("nan in a function", call(functions.sigmoid.value, [0.0, NAN]), "z", ValueError, "nan"),
    ("nan in a row", call(functions.softmax.value, [0.0, NAN]), "z", ValueError, "nan"),
    ("a number for a row of logits", call(functions.softmax.value, 1.0), "z", ValueError, "classes"),
    ("a softmax of no classes", call(functions.log_softmax.value, np.ones((2, 0))), "z", ValueError, "class"),
    ("a logsumexp of nothing", call(functions.logsumexp.gradient_at, []), "z", ValueError, "class"),
    ("a softmax of masks", call(functions.softmax.value, [[0.0, 1.0], [-INF, -INF]]), "z", ValueError, "masked.*-inf"),
    ("a slope of masks", call(functions.log_softmax.gradient_at, [-INF, -INF]), "z", ValueError, "masked.*-inf"),
    ("an infinite logit in a row", call(functions.logsumexp.value, [0.0, INF]), "z", ValueError, "masked.*got inf"),
    ("a ragged row", call(functions.softmax.value, [[1, 2], [3]]), "z", ValueError, "expected"),
    # a loss of one's own: its symbols live where their assumptions let them
    ("a negative number for a positive one", call(OWN.value, -1.0, 0.5), "prediction", ValueError, "from 0 up"),
    ("a negative target that is never so", call(OWN.value, 1.0, -0.5), "target", ValueError, "from 0 up"),
    ("a positive number for a negative one",
     call(BELOW.value, [-1.0, 5.0], 0.0), "prediction", ValueError, "up to 0, got 5"),
    ("a negative parameter that is positive", call(OWN.value, 1.0, 0.5, scale=-2), "scale", ValueError, "-2"),
    # gradient descent
    ("a rate of 0", call(descend, losses.squared_error, 0.0, 1.0, 0, 1), "rate", ValueError, "0"),
    ("a negative rate", call(descend, losses.squared_error, 0.0, 1.0, -0.5, 1), "rate", ValueError, r"-0\.5"),
    ("a rate of nan", call(descend, losses.squared_error, 0.0, 1.0, NAN, 1), "rate", ValueError, "nan"),
    ("an infinite rate", call(descend, losses.squared_error, 0.0, 1.0, INF, 1), "rate", ValueError, "inf"),
    ("a rate as text", call(descend, losses.squared_error, 0.0, 1.0, TEXT, 1), "rate", TypeError, "__import__|str"),
    ("negative steps", call(descend, losses.squared_error, 0.0, 1.0, 0.1, -1), "steps", ValueError, "-1"),
    ("half a step", call(descend, losses.squared_error, 0.0, 1.0, 0.1, 2.5), "steps", (ValueError, TypeError), r"2\.5"),
    ("steps as text", call(descend, losses.squared_error, 0.0, 1.0, 0.1, "3"), "steps", TypeError, "'3'|str"),
    ("a start as text", call(descend, losses.squared_error, TEXT, 1.0, 0.1, 1), "start", TypeError, "str"),
    ("a start of nan", call(descend, losses.squared_error, NAN, 1.0, 0.1, 1), "start", ValueError, "nan"),
    ("a name for a loss", call(descend, "huber", 0.0, 1.0, 0.1, 1), "loss", TypeError, "huber|str"),
    # proofs and derivations
    ("text on the left of a claim", call(equal, TEXT, x), "left", TypeError, "never evaluated"),
    ("text in a list on the left of a claim", call(equal, [TEXT], x), "left", TypeError, "stands for one number"),
    ("text on the right of a claim", call(equal, x, "x"), "right", TypeError, "never evaluated"),
    ("None in a claim", call(equal, x, None), "right", TypeError, "None"),
    ("a list in a claim", call(equal, [x], x), "left", TypeError, r"list|\[x\]"),
    ("an equation for an expression", call(equal, Eq(x, y), x), "left", TypeError, r"Equality|Eq\(x, y\)"),
    ("a comparison for an expression", call(equal, x, x < y), "right", TypeError, "LessThan|x < y"),
    ("an array in a claim", call(equal, np.ones(2), x), "left", TypeError, "array"),
    ("an expression for an equation", call(equal, x, x, given=[x - y]), "given", TypeError, "x - y"),
    ("an equation as text", call(equal, x, x, given=[TEXT]), "given", TypeError, "__import__"),
    ("an equation outside a list", call(equal, x, y, given=Eq(x, y)), "given", TypeError, "Eq"),
    ("a text of equations", call(equal, x, x, given="x = y"), "given", TypeError, "x"),
    ("a derivation of text", call(Derivation, TEXT), "start", TypeError, "never evaluated"),
    ("a step of text",
     lambda: Derivation(x).step(TEXT, because="it is so"), "expression", TypeError, "never evaluated"),
    ("a step to None", lambda: Derivation(x).step(None, because="it is so"), "expression", TypeError, "None"),
    ("a step without a reason", lambda: Derivation(x).step(x, because=None), "because", TypeError, "None"),
    ("a condition as text", lambda: Derivation(x).given("x = y"), "equation", TypeError, "x = y"),
    ("an explanation of text", call(explain, TEXT, x), "expression", TypeError, "str|never evaluated"),
    ("an explanation by text", call(explain, x**2, "x"), "symbol", TypeError, "str|'x'"),
    ("an explanation by an expression", call(explain, x**2, x**2), "symbol", TypeError, r"x\*\*2"),
    # a loss of one's own
    ("a loss of text",
     call(Loss, name="mine", expression=TEXT, prediction=x, target=y), "expression", TypeError, "__import__|str"),
    ("a loss of a list",
     call(Loss, name="mine", expression=[x], prediction=x, target=y), "expression", TypeError, "list|x"),
    ("a prediction as text",
     call(Loss, name="mine", expression=x - y, prediction="x", target=y), "prediction", TypeError, "'x'|str"),
    ("a target as an expression",
     call(Loss, name="mine", expression=x - y, prediction=x, target=2 * y), "target", TypeError, r"2\*y|Mul"),
    ("a number against a row",
     call(Loss, name="mine", expression=x, prediction=x, target=IndexedBase("t")), "target", TypeError, "t"),
    ("a symbol that is neither",
     call(Loss, name="mine", expression=x - Symbol("w"), prediction=x, target=y), "expression", ValueError, "w"),
    ("one symbol twice", call(Loss, "mine", x**2, x, x), "target", ValueError, "name of its own.*x"),
    ("one name twice",
     call(Loss, "mine", (x - Symbol("x")) ** 2, x, Symbol("x")), "target", ValueError, "name of its own.*x"),
    ("a parameter with the name of the target",
     call(Loss, "mine", x - y, x, y, {"slack": (Symbol("y"), 1)}), "slack", ValueError, "name of its own.*y"),
    ("parameters in a list", call(Loss, "mine", x - y, x, y, ["scale"]), "parameters", TypeError, "dict.*scale"),
    ("a parameter without a default", call(Loss, "mine", x - y, x, y, {"scale": scale}), "scale", TypeError, "default"),
    ("a default outside the domain",
     call(Loss, "mine", x - y, x, y, {"scale": (scale, -1)}), "scale", ValueError, "-1"),
    ("a keyword that is taken",
     call(Loss, "mine", x - y, x, y, {"reduction": (scale, 1)}), "parameters", ValueError, "reduction"),
    ("the keyword of a method", call(Loss, "mine", x - y, x, y, {"self": (scale, 1)}),
     "parameters", ValueError, "self"),
    ("a sum over the first classes",
     call(Loss, "mine", Sum(targets[k] * logits[k], (k, 1, 2)), logits, targets),
     "expression", ValueError, "from 1 to n"),
    ("a sum over all classes but the last",
     call(Loss, "mine", Sum(logits[k], (k, 1, n - 1)), logits, targets), "expression", ValueError, "from 1 to n"),
    ("an infinite loss", call(Loss, "mine", x + oo * y, x, y), "expression", ValueError, "real numbers.*oo"),
    ("a loss that is minus infinity in a branch",
     call(Loss, "mine", Piecewise((-oo, x < y), (x, True)), x, y), "expression", ValueError, "real numbers.*oo"),
    ("a loss of one class", call(Loss, "mine", logits[k] ** 2 + 0 * targets[k], logits, targets),
     "expression", ValueError, "free index k"),
    ("an imaginary loss", call(Loss, "mine", x + I * y, x, y), "expression", ValueError, "real numbers.*I"),
    ("a size of what may be complex",
     call(Loss, "mine", abs(Symbol("u") - Symbol("v")), Symbol("u"), Symbol("v")),
     "prediction", ValueError, "real=True"),
    ("a class by its number",
     call(Loss("mine", total(k * logits[k]), logits, targets).value, [1.0, 2.0], 0),
     "expression", TypeError, "number of"),
    ("a function that returns rows of two lengths",
     call(check_gradient, lambda x: [[1], [1, 2]], 1.0, 1.0), "function", ValueError, "lengths"),
    ("a seed as text", call(Network, [2, 2], seed="0"), "seed", TypeError, "'0'|str"),
    ("a fit to nothing", call(fit_linear, losses.huber, np.ones((0, 0)), []), "features", ValueError, r"\(0, 0\)"),
    ("a name that is none", call(Loss, name=3, expression=x - y, prediction=x, target=y), "name", TypeError, "3|int"),
    # tables
    ("columns of two lengths", call(Table, {"a": [1, 2], "b": [1]}), "columns", ValueError, "2.*1"),
    ("a table of nothing", call(Table, {}), "columns", ValueError, "at least one"),
    ("columns as text", call(Table, TEXT), "columns", TypeError, "__import__|str"),
    ("rows for columns", call(Table, [[1, 2], [3, 4]]), "columns", TypeError, r"\[\[1|list"),
    ("negative digits", call(Table, {"a": [0.5]}, digits=-1), "digits", ValueError, "-1"),
    ("half a digit", call(Table, {"a": [0.5]}, digits=2.5), "digits", (TypeError, ValueError), r"2\.5"),
    ("digits as text", call(Table, {"a": [0.5]}, digits="2"), "digits", TypeError, "'2'|str"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, argument, kind, says", [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_a_wrong_call_names_its_argument(wrong, argument, kind, says):
    with pytest.raises(kind) as caught:
        wrong()
    message = str(caught.value)
    assert message.startswith(f"{argument}: ")
    assert re.search(says, message.partition(": ")[2]), message
    assert "\n" not in message
    assert not EVALUATED


BAD_PAIRS = [
    ("squared_error", [1.0, NAN], 0.0, "prediction"),
    ("binary_cross_entropy", 1.5, 1.0, "prediction"),
    ("softmax_cross_entropy", [[1.0, 2.0]], [5], "target"),
    ("cross_entropy", [0.5, 0.4], 0, "prediction"),
    ("hinge", 1.0, 0.0, "target"),
]


@pytest.mark.parametrize("method", ["value", "gradient_at", "hessian_at", "value_and_gradient"])
@pytest.mark.parametrize("name, prediction, target, argument", BAD_PAIRS)
def test_every_method_checks_the_same(method, name, prediction, target, argument):
    with pytest.raises(ValueError, match=f"^{argument}: "):
        getattr(the(name), method)(prediction, target)


@pytest.mark.parametrize("method", ["value", "gradient_at", "value_and_gradient"])
def test_every_reduction_is_checked(method):
    with pytest.raises(ValueError, match="^reduction: .*'avg'"):
        getattr(losses.squared_error, method)([1.0], [0.0], reduction="avg")


def test_a_bad_sample_is_found_among_many():
    logits, labels = np.zeros((100_000, 3)), np.zeros(100_000, int)
    logits[77_777, 1] = NAN
    with pytest.raises(ValueError, match="^prediction: .*nan"):
        losses.softmax_cross_entropy.value(logits, labels)
    logits[77_777, 1], labels[99_999] = 0, 3
    with pytest.raises(ValueError, match="^target: .*3"):
        losses.softmax_cross_entropy.value(logits, labels)
    scores = np.zeros(100_000)
    scores[99_999] = NAN
    with pytest.raises(ValueError, match="^target: .*nan"):
        losses.squared_error.value(np.zeros(100_000), scores)


@pytest.mark.parametrize("count", [-1.0, INF, NAN])
def test_a_number_from_0_up_is_neither_negative_nor_infinite(count):
    with pytest.raises(ValueError, match="^target: "):
        OWN.value([1.0, 2.0], [1.0, count])


def test_rounding_is_no_error():
    """Rows that sum to 1 but for rounding are distributions, in float32 too."""
    tenths = np.full((1, 10), 0.1)
    assert np.cumsum(tenths)[-1] != 1
    for dtype in (np.float64, np.float32):
        losses.cross_entropy.value(tenths.astype(dtype), tenths.astype(dtype))
    thousandths = np.full((1, 1000), 1e-3, np.float32)
    losses.kl_divergence.value(thousandths, thousandths)
    rough = thousandths * np.float32(1 + 3e-4)  # each sum of float32 may have been rounded in its last digits
    losses.kl_divergence.value(rough, rough)


def test_whole_numbers_and_truth_values_are_numbers():
    assert losses.squared_error.value(3, 1) == 4
    assert losses.binary_cross_entropy.value(0.5, True) == losses.binary_cross_entropy.value(0.5, 1)
    assert losses.squared_error.value(np.array([3], np.uint8), np.array([5], np.uint8)) == 4


def test_an_empty_list_holds_no_labels():
    for loss in (losses.softmax_cross_entropy, losses.softmax_squared_error):
        assert loss.value(np.ones((0, 3)), []).shape == (0,)
        assert loss.gradient_at(np.ones((0, 3)), []).shape == (0, 3)


def test_a_mean_is_finite_where_the_sum_of_the_losses_is_not():
    """(1e154)^2 = 1e308, and four of them are beyond the largest float, about 1.8e308."""
    big = np.full(4, 1e154)
    assert losses.squared_error.value(big, 0.0, reduction="mean") == losses.squared_error.value(1e154, 0.0)
    assert losses.squared_error.value(big, 0.0, reduction="sum") == INF


def test_bounds_belong_to_the_domains_that_are_closed():
    assert losses.smooth_l1.value(2.0, 0.0, beta=0) == 2
    assert losses.focal.value(0.0, 1.0, gamma=0) == losses.focal.value(0.0, 0.0, gamma=0)
    assert losses.poisson.value(1.0, 0) == np.exp(1.0)
