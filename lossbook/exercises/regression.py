"""Chapters 9 to 11: losses of a residual, what they do in training, and outliers."""

from sympy import Abs, Piecewise, cancel, factor

from lossbook import losses
from lossbook.exercises.exercise import Exercise
from lossbook.exercises.symbols import beta_is_positive, rate, values
from lossbook.functions import log_cosh, sigmoid, tanh
from lossbook.losses import residual
from lossbook.notation import beta, delta, i, k, logit, n, prediction, quantile, total, value
from lossbook.typeset import Formula

# --- 9: L1, L2, Smooth L1 -------------------------------------------------------------------------

squared_error_gradient = Exercise(
    chapter=9,
    question="What is {slope}?",
    of=losses.squared_error.expression,
    by=(prediction,),
    terms={"r": residual},
    uses=(prediction, value),
    hints=("The outer function is a square.", "Twice {r}, times the inner derivative, which is 1."),
)

absolute_error_gradient = Exercise(
    chapter=9,
    question="What is the gradient of {loss} with respect to {prediction}? At the kink take the value half way between "
    "the slopes on both sides.",
    of=losses.absolute_error.expression,
    by=(prediction,),
    terms={"prediction": prediction, "value": value},
    uses=(prediction, value),
    hints=(
        "Do two cases: {prediction} above {value}, and below.",
        "The slopes are 1 and −1, however large the residual. What lies half way between them?",
        "SymPy's function `sign` does it all.",
    ),
)

smooth_l1 = Exercise(
    chapter=9,
    question="Write Smooth L1 for {beta} above 0: {inside} where the residual is smaller in size than {beta}, and "
    "outside it a line of slope 1 or −1 that joins on without a jump.",
    answer=losses.smooth_l1.expression,
    given=(beta_is_positive,),
    terms={"inside": residual**2 / (2 * beta), "beta": beta, "size": Abs(residual), "joint": beta / 2},
    uses=(prediction, value, beta),
    hints=(
        "Use SymPy's `Piecewise`. Outside, the line is {size} plus a constant.",
        "At the joint the residual is {beta} in size: what is the parabola there?",
        "It is {joint} there, so the line must be lower than {size} by as much.",
    ),
)

smooth_l1_gradient = Exercise(
    chapter=9,
    question="What is the gradient of Smooth L1 with respect to {prediction}, for {beta} above 0?",
    of=losses.smooth_l1.expression,
    by=(prediction,),
    given=(beta_is_positive,),
    terms={"prediction": prediction, "beta": beta, "inside": residual / beta},
    uses=(prediction, value, beta),
    hints=(
        "Branch by branch. Outside, it is the gradient of the absolute error.",
        "Inside, it is {inside}.",
        "Both branches meet at 1 and −1.",
    ),
)

huber_gradient = Exercise(
    chapter=9,
    question="What is the gradient of {loss} with respect to {prediction}?",
    of=losses.huber.expression,
    by=(prediction,),
    terms={"prediction": prediction, "delta": delta, "inside": residual},
    uses=(prediction, value, delta),
    hints=(
        "Branch by branch. Inside, the loss is half a square.",
        "So inside, the gradient is {inside}. Outside, its size no longer grows.",
        "Outside, it is {delta} with the sign of the residual.",
    ),
)

huber_from_smooth_l1 = Exercise(
    chapter=9,
    question="Take Smooth L1 with {same}. By which factor must it be multiplied to give Huber's loss?",
    answer=cancel(losses.huber.expression.args[0][0] / losses.smooth_l1.expression.args[0][0].xreplace({beta: delta})),
    terms={"same": Formula(beta, delta), "inner": residual**2 / 2, "smooth": residual**2 / (2 * delta)},
    uses=(delta,),
    hints=("Compare the two parabolas: {inner} and {smooth}.", "The factor does not depend on the residual."),
)


# --- 10: what the gradients do in training --------------------------------------------------------

residual_after_one_step = Exercise(
    chapter=10,
    question="One step of gradient descent on {loss} at rate {eta}. What is the residual, prediction less measured "
    "value, after it?",
    answer=factor(residual - rate * losses.squared_error.gradient),
    terms={
        "loss": losses.squared_error.expression,
        "eta": rate,
        "r": residual,
        "gradient": losses.squared_error.gradient,
    },
    uses=(prediction, value, rate),
    hints=(
        "The new prediction is the old one less {eta} times the gradient.",
        "The gradient is {gradient}. The measured value stays where it is.",
        "The old residual {r} is multiplied by a factor that has only {eta} in it.",
    ),
)

residual_after_one_step_of_absolute_error = Exercise(
    chapter=10,
    question="One step of gradient descent on {loss} at rate {eta}. What is the residual after it? On the kink the "
    "gradient is 0.",
    answer=residual - rate * losses.absolute_error.gradient,
    terms={"loss": losses.absolute_error.expression, "eta": rate, "r": residual},
    uses=(prediction, value, rate),
    hints=(
        "The step has the same length wherever it starts.",
        "Above the measured value it goes down by {eta}, below it up by {eta}.",
        "Take {eta} times the sign of {r} away from {r}.",
    ),
)

largest_stable_rate = Exercise(
    chapter=10,
    question="Gradient descent on {loss} converges below a certain rate {eta} and diverges above it. Which rate?",
    answer=2 / losses.squared_error.hessian,
    terms={"loss": losses.squared_error.expression, "eta": rate, "factor": 1 - 2 * rate},
    uses=(),
    hints=(
        "Each step multiplies the residual by {factor}.",
        "The residual shrinks if that factor lies between −1 and 1.",
        "At the limit the factor is −1.",
    ),
)

largest_stable_rate_of_smooth_l1 = Exercise(
    chapter=10,
    question="Near its minimum Smooth L1 is {loss}. Below which rate does gradient descent settle there?",
    answer=2 / losses.smooth_l1.hessian.args[0][0],
    terms={"loss": residual**2 / (2 * beta), "curvature": 1 / beta},
    uses=(beta,),
    hints=(
        "By which factor does one step multiply the residual?",
        "The curvature there is {curvature}. The factor is 1 less the rate times the curvature.",
        "The limit is 2 over the curvature.",
    ),
)


# --- 11: outliers ---------------------------------------------------------------------------------

best_constant_of_squared_error = Exercise(
    chapter=11,
    question="There are {n} measured values {y_k}. Which one number {prediction} makes {loss} smallest?",
    answer=total(values[k]) / n,
    terms={"n": n, "y_k": values[k], "prediction": prediction, "loss": total((prediction - values[k]) ** 2)},
    uses=(values, i, k, n),
    hints=(
        "Where is the derivative of the sum zero?",
        "The residuals add to 0 there.",
        "It is the mean of the measured values.",
    ),
)

weight_of_an_outlier = Exercise(
    chapter=11,
    question="Huber's gradient is the residual times a factor that is 1 inside {delta}. Write the factor for every "
    "residual.",
    answer=Piecewise((1, Abs(residual) < delta), (delta / Abs(residual), True)),
    terms={"delta": delta, "size": Abs(residual)},
    uses=(prediction, value, delta),
    hints=(
        "Outside, the gradient is {delta} in size and has the residual's sign.",
        "Divide that by the residual: the signs cancel.",
        "Outside, the factor is {delta} over {size}.",
    ),
)

pinball_gradient = Exercise(
    chapter=11,
    question="What is the gradient of {loss} with respect to {prediction}? On the kink take the slope above it.",
    of=losses.pinball.expression,
    by=(prediction,),
    terms={"prediction": prediction, "tau": quantile},
    uses=(prediction, value, quantile),
    hints=(
        "Both branches are straight lines.",
        "Too low a prediction is pushed up with strength {tau}.",
        "Too high a prediction is pushed down with what {tau} lacks to 1.",
    ),
)

log_cosh_gradient = Exercise(
    chapter=11,
    question="What is {slope}?",
    of=losses.log_cosh.expression,
    by=(prediction,),
    terms={"z": logit, "definition": log_cosh(logit).definition()},
    uses=(prediction, value, tanh, sigmoid),
    hints=(
        "The logarithm brings a hyperbolic cosine below. What stands above?",
        "With {z} for the residual, it is {definition}. Its derivative is a difference over a sum of exponentials.",
        "It is the hyperbolic tangent of the residual.",
    ),
)

log_cosh_curvature = Exercise(
    chapter=11,
    question="What is the second derivative {slope}?",
    of=losses.log_cosh.expression,
    by=(prediction, prediction),
    terms={"first": tanh(residual), "product": losses.log_cosh.hessian},
    uses=(prediction, value, tanh, sigmoid),
    hints=(
        "The first derivative is {first}.",
        "Differentiate the quotient of hyperbolic sine and cosine.",
        "It is 1 less the square of {first}, which can be written as {product}.",
    ),
)
