"""Losses and functions on arrays of other libraries: the same numbers, in the library's own arrays.

Each library is tested where it is installed. NumPy's results, which tests/test_accuracy.py holds against
400-digit arithmetic, are what the others are compared with.
"""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from sympy import Lambda, Max, Min, Symbol

from lossbook import arrays, functions, losses
from lossbook.functions import log_softmax
from lossbook.loss import Loss
from lossbook.notation import k, logits, prediction, quantile, targets, total, value
from reference import CLASSES, EXAMPLES, METHODS, ROW_FUNCTIONS

LABELS = np.array([2, 0, 1, 1])
LOGITS = np.array([[0.5, -1.0, 3.0], [0.0, 0.0, 0.0], [20.0, -20.0, 1.0], [-3.5, 40.0, -8.0]])
ULPS = 8


class Library:
    """How a test makes arrays of a library and looks at them."""

    def __init__(self, name):
        module = pytest.importorskip({"dask": "dask.array"}.get(name, name))
        if name != "dask":
            pytest.importorskip("array_api_compat")
        if name == "jax":
            module.config.update("jax_enable_x64", True)
            module = module.numpy
        self.name, self.module = name, module

    def array(self, numbers):
        """`numbers`, a NumPy array, as an array of the library, of the same dtype."""
        if self.name == "dask":
            return self.module.from_array(numbers, chunks=2)
        return self.module.asarray(numbers)

    def numbers(self, array):
        """The NumPy array of an array of the library, and of nothing else."""
        assert isinstance(array, type(self.array(np.zeros(1)))), f"got an array of {type(array)}"
        if self.name == "torch":
            assert array.device.type == "cpu"
        return np.asarray(array.compute() if self.name == "dask" else array)


@pytest.fixture(params=["torch", "jax", "dask", "array_api_strict"])
def library(request):
    return Library(request.param)


dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def assert_same(library, result, numpy_result, over_classes=False, axes=-1, units=ULPS):
    """`result` has the dtype, the shape and but for `units` in the last place the numbers of NumPy's.

    A unit is that of the number itself, or of the largest of its row, along `axes`, if there are classes.
    """
    numpy_result = np.asarray(numpy_result)
    numbers = library.numbers(result)
    assert numbers.dtype == numpy_result.dtype
    assert numbers.shape == numpy_result.shape == tuple(result.shape)
    size = abs(numpy_result)
    if over_classes and size.ndim:
        size = np.max(size, axis=axes, keepdims=True)
    tiny = np.finfo(numbers.dtype).smallest_normal  # below it, JAX rounds to 0
    assert np.all(abs(numbers - numpy_result) <= units * np.spacing(np.maximum(size, tiny)) + tiny)


# --- the same numbers -----------------------------------------------------------------------------------


@pytest.mark.thorough(one_case_in=8)
@dtypes
@pytest.mark.parametrize("part", METHODS)
@pytest.mark.parametrize("name", losses.catalogue)
def test_a_loss_is_the_same_in_every_library(library, name, part, dtype):
    *examples, parameters = EXAMPLES[name]
    examples = [array.astype(dtype) for array in examples]
    compute = getattr(losses.catalogue[name], METHODS[part])
    result = compute(*map(library.array, examples), **parameters)
    assert_same(library, result, compute(*examples, **parameters), name in CLASSES)


@pytest.mark.thorough(one_case_in=8)
@dtypes
@pytest.mark.parametrize("reduction", [None, "mean", "sum"])
@pytest.mark.parametrize("name", losses.catalogue)
def test_value_and_gradient_reduce_the_same_in_every_library(library, name, reduction, dtype):
    *examples, parameters = EXAMPLES[name]
    examples = [array.astype(dtype) for array in examples]
    compute = losses.catalogue[name].value_and_gradient
    results = compute(*map(library.array, examples), reduction=reduction, **parameters)
    for result, numpy_result in zip(results, compute(*examples, reduction=reduction, **parameters), strict=True):
        assert_same(library, result, numpy_result, name in CLASSES)


@pytest.mark.thorough(one_case_in=8)
@dtypes
@pytest.mark.parametrize("part", METHODS)
@pytest.mark.parametrize("name", CLASSES)
def test_labels_are_taken_for_rows_in_every_library(library, name, part, dtype):
    prediction = functions.softmax.value(LOGITS) if name in ("cross_entropy", "kl_divergence") else LOGITS
    prediction = prediction.astype(dtype)
    compute = getattr(losses.catalogue[name], METHODS[part])
    result = compute(library.array(prediction), library.array(LABELS))
    assert_same(library, result, compute(prediction, LABELS), over_classes=True)
    listed = compute(library.array(prediction), LABELS.tolist())
    assert_same(library, listed, compute(prediction, LABELS), over_classes=True)


@pytest.mark.parametrize("name", [*CLASSES, *ROW_FUNCTIONS])
def test_a_box_of_rows_is_the_same_in_every_library(library, name):
    """Its second axis is not that of the classes, as it is in a matrix. Either result may be off by 16 units."""
    random = np.random.default_rng(0)
    z, labels = random.normal(0, 3, (2, 7, 5)), random.integers(0, 5, (2, 7))
    z[1] *= 20  # entries far above the others, which are not to be subtracted from them
    soft = functions.softmax.value(z + random.normal(0, 1, (2, 7, 5)))
    if name in functions.catalogue:
        calls = [(getattr(functions.catalogue[name], method), z) for method in ("value", "gradient_at")]
    else:
        prediction = z if name.startswith("softmax") else functions.softmax.value(z)
        computes = [getattr(losses.catalogue[name], method) for method in METHODS.values()]
        calls = [(compute, prediction, target) for compute in computes for target in (soft, labels)]
    for compute, *examples in calls:
        expected = compute(*examples)
        axes = (-2, -1) if expected.ndim == 4 else -1  # a matrix of classes has one scale
        assert_same(library, compute(*map(library.array, examples)), expected, over_classes=True, axes=axes, units=16)


def test_labels_of_a_box_are_numbers_of_classes_in_every_library(library):
    box, labels = np.ones((2, 7, 5)), np.full((2, 7), 5)
    with pytest.raises(ValueError, match="^target: expected labels from 0 to 4, got 5"):
        library.numbers(losses.softmax_cross_entropy.value(library.array(box), library.array(labels)))


@pytest.mark.thorough(one_case_in=4)
@dtypes
@pytest.mark.parametrize("method", ["value", "gradient_at"])
@pytest.mark.parametrize("name", functions.catalogue)
def test_a_function_is_the_same_in_every_library(library, name, method, dtype):
    compute = getattr(functions.catalogue[name], method)
    z = LOGITS.astype(dtype)
    over_classes = issubclass(functions.catalogue[name], functions.RowFunction)
    assert_same(library, compute(library.array(z)), compute(z), over_classes)


@dtypes
@pytest.mark.parametrize("method", METHODS.values())
def test_the_greatest_of_several_is_the_same_in_every_library(library, method, dtype):
    expression = Max(0, prediction - value, 2 * prediction - 1) + Min(quantile, 1 - quantile, prediction)
    parameters = {"quantile": (quantile, 0.3)}
    loss = Loss(name="own", expression=expression, prediction=prediction, target=value, parameters=parameters)
    a, y = np.array([-2.0, 0.1, 0.5, 3.0], dtype), np.array([1.0, 0.25, -1.0, -7.0], dtype)
    computed = getattr(loss, method)(library.array(a), library.array(y))
    assert_same(library, computed, getattr(loss, method)(a, y))


def test_a_hessian_of_ones_is_one_of_floats_in_every_library(library):
    halves = Loss(name="halves", expression=total(logits[k] ** 2) / 2, prediction=logits, target=targets)
    for z in (LOGITS, LOGITS[0]):
        y = np.full_like(z, 1 / 3)
        assert_same(library, halves.hessian_at(library.array(z), library.array(y)), halves.hessian_at(z, y))


def test_shapes_broadcast_in_every_library(library):
    prediction, target = np.linspace(-3, 3, 12).reshape(4, 1, 3), np.array([[0.5], [1.0]])
    for part in METHODS.values():
        compute = getattr(losses.huber, part)
        assert_same(library, compute(library.array(prediction), library.array(target)), compute(prediction, target))


def test_smoothed_labels_are_the_same_in_every_library(library):
    rows = np.eye(3)
    assert_same(library, losses.smooth_labels(library.array(rows), 0.1), losses.smooth_labels(rows, 0.1))


def test_a_masked_class_has_no_gradient_in_any_library(library):
    z, y = np.array([[1.0, -np.inf, 2.0]]), np.array([[0.0, 0.0, 1.0]])
    for part in METHODS.values():
        compute = getattr(losses.softmax_cross_entropy, part)
        assert_same(library, compute(library.array(z), library.array(y)), compute(z, y), over_classes=True)


@pytest.mark.parametrize("classes", [3, 10, 100, 200])
@pytest.mark.parametrize("name", CLASSES)
def test_a_row_has_the_same_bits_alone_as_among_others(name, classes):
    random = np.random.default_rng(0)
    rows = functions.softmax.value(random.normal(0, 5, (2, 60, classes)))
    prediction = random.normal(0, 5, (60, classes)) if name.startswith("softmax") else rows[0]
    compute = losses.catalogue[name].value_and_gradient
    for target in (rows[1], random.integers(0, classes, 60)):
        for count in (1, 2, 7):
            for row in (0, 20, 60 - count):
                here = slice(row, row + count)
                for part, alone in zip(compute(prediction, target), compute(prediction[here], target[here])):
                    np.testing.assert_array_equal(part[here], alone)


def test_a_lone_last_row_of_a_block_has_the_same_bits_too():
    random = np.random.default_rng(0)
    rows = arrays.BLOCK // 100 + 1
    z, labels = random.normal(0, 5, (rows, 100)), random.integers(0, 100, rows)
    compute = losses.softmax_cross_entropy.value_and_gradient
    for part, turned in zip(compute(z, labels), compute(z[::-1], labels[::-1])):
        np.testing.assert_array_equal(part, turned[::-1])


# --- nothing is converted unasked -----------------------------------------------------------------------


@dtypes
def test_numbers_and_lists_are_taken_in_the_library_and_dtype_of_the_prediction(library, dtype):
    z = np.array([0.5, -1.0, 3.0, 0.1], dtype)
    for target in (0.1, [0.1, 1.0, 0.0, 0.3], 1, [0, 1, 1, 0]):
        numpy_result = losses.binary_cross_entropy_with_logits.value(z, target)
        assert numpy_result.dtype == dtype
        assert_same(library, losses.binary_cross_entropy_with_logits.value(library.array(z), target), numpy_result)


def test_whole_numbers_take_the_dtype_of_the_prediction(library):
    z, y = np.array([0.5, -1.0], np.float32), np.array([0, 1])
    assert losses.hinge.value(z, 2 * y - 1).dtype == np.float32
    result = losses.hinge.gradient_at(library.array(z), library.array(2 * y - 1))
    assert_same(library, result, losses.hinge.gradient_at(z, 2 * y - 1))


def test_arrays_of_two_libraries_are_not_mixed(library):
    numbers = np.ones(3)
    for mixed in ((library.array(numbers), numbers), (numbers, library.array(numbers))):
        with pytest.raises(TypeError, match="^target: expected an array of .* as prediction is, got one of "):
            losses.squared_error.value(*mixed)


def test_a_wrong_number_is_named_in_every_library(library):
    def value(name, *examples):
        library.numbers(getattr(losses, name).value(*(library.array(np.array(example)) for example in examples)))

    for message, *call in [
        ("prediction: expected numbers, got nan", "squared_error", [np.nan, 1.0], [1.0, 1.0]),
        ("prediction: expected numbers from 0 to 1, got 1.5", "binary_cross_entropy", [1.5, 0.5], [1.0, 1.0]),
        ("target: expected numbers -1 or 1, got 0.0", "hinge", [1.0, 2.0], [1.0, 0.0]),
        ("target: expected labels from 0 to 2, got 3", "softmax_cross_entropy", LOGITS, [0, 1, 2, 3]),
        ("target: expected rows that sum to 1", "softmax_cross_entropy", LOGITS, np.ones((4, 3)) / 2),
    ]:
        with pytest.raises(ValueError, match=message):
            value(*call)
    for kind in ("complex64", "float16"):
        if library.name != "array_api_strict" or kind == "complex64":
            with pytest.raises(TypeError, match="prediction: expected real numbers.*" + kind):
                losses.squared_error.value(library.array(np.ones(2, kind)), 1.0)


def test_a_missing_array_api_compat_is_named():
    code = """
import sys
sys.modules["array_api_compat"] = None
class array:
    dtype, ndim, shape = "float64", 1, (1,)
    def __array_namespace__(self): pass
from lossbook import losses
losses.huber.hessian_at([1.0], 0.0)
losses.softmax_cross_entropy.hessian_at([[1.0, 2.0]], [1])
try:
    losses.squared_error.value(array(), 0.0)
except ImportError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "arrays of __main__ need the package array-api-compat: pip install array-api-compat\n"


# --- what each library is for ---------------------------------------------------------------------------


def test_a_derived_gradient_is_pytorchs_own_and_passes_through_its_autograd():
    torch = Library("torch").module
    z = torch.tensor(LOGITS, requires_grad=True)
    losses.softmax_cross_entropy.value(z, torch.tensor(LABELS), reduction="mean").backward()
    derived = losses.softmax_cross_entropy.gradient_at(z.detach(), torch.tensor(LABELS), reduction="mean")
    np.testing.assert_allclose(z.grad, derived, rtol=1e-12, atol=1e-12)


def test_jax_compiles_and_maps_a_derived_gradient():
    library = Library("jax")
    import jax

    for loss, target in ((losses.softmax_cross_entropy, LABELS), (losses.huber, LOGITS + 1.0)):
        examples = LOGITS, target
        for compiled in (jax.jit(loss.value_and_gradient), jax.jit(jax.vmap(loss.value_and_gradient))):
            for result, numpy_result in zip(
                compiled(*map(library.array, examples)), loss.value_and_gradient(*examples)
            ):
                assert_same(library, result, numpy_result, over_classes=loss.over_classes)


def test_jax_differentiates_and_compiles_a_loss_of_known_targets():
    library = Library("jax")
    import jax

    for loss, target in ((losses.softmax_cross_entropy, LABELS), (losses.huber, LOGITS + 1.0)):
        given = library.array(target)
        compiled = jax.jit(lambda z: loss.gradient_at(z, given))
        own = jax.grad(lambda z: loss.value(z, given, reduction="sum"))
        derived = loss.gradient_at(LOGITS, target)
        assert_same(library, compiled(library.array(LOGITS)), derived, over_classes=loss.over_classes)
        np.testing.assert_allclose(own(library.array(LOGITS)), derived, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("classes_in_a_chunk", [4, 2])
def test_dask_arrays_stay_lazy_and_keep_their_chunks(classes_in_a_chunk):
    da = Library("dask").module
    computed = []

    def watched(block):
        computed.append(len(block))
        return block

    z = da.zeros((10, 4), chunks=(3, classes_in_a_chunk)).map_blocks(watched, dtype=float)
    y = da.full((10, 4), 0.25, chunks=(3, classes_in_a_chunk))
    value, gradient = losses.softmax_cross_entropy.value_and_gradient(z, y)
    hessian = losses.softmax_cross_entropy.hessian_at(z, y)
    assert value.chunks == ((3, 3, 3, 1),)
    assert gradient.chunks == ((3, 3, 3, 1), (4,))
    assert hessian.chunks == ((3, 3, 3, 1), (4,), (4,))
    box = da.zeros((4, 6, 4), chunks=(2, 3, classes_in_a_chunk))
    assert losses.softmax_cross_entropy.value(box, da.full_like(box, 0.25)).chunks == ((2, 2), (3, 3))
    labels = da.zeros(10, chunks=3, dtype=int).map_blocks(watched, dtype=int)
    losses.softmax_cross_entropy.value(z, labels, reduction="mean")
    functions.softmax.value(z)
    assert not any(computed)  # Dask may try it on an empty block
    np.testing.assert_allclose(value.compute(), np.log(4))
    assert any(computed)


@pytest.mark.thorough
def test_dask_holds_more_rows_than_memory_does():
    """200 chunks of 10,000 rows: 160 MB of logits, of which a few chunks at a time are there."""
    library = Library("dask")
    import dask

    da, rows, classes, chunk = library.module, 2_000_000, 10, 10_000
    z = da.random.default_rng(0).normal(0, 3, (rows, classes), chunks=(chunk, classes))
    labels = da.random.default_rng(1).integers(0, classes, rows, chunks=chunk)
    loss = losses.softmax_cross_entropy
    value, gradient = loss.value_and_gradient(z, labels, reduction="mean")
    assert gradient.chunks == z.chunks
    with dask.config.set(scheduler="single-threaded"):
        tracemalloc.start()
        mean, squares = dask.compute(value, (gradient**2).sum())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < rows * classes * 8 / 10

        expected_mean = expected_squares = 0.0
        for block_z, block_labels in zip(z.blocks, labels.blocks):
            block_z, block_labels = dask.compute(block_z, block_labels)
            block_value, block_gradient = loss.value_and_gradient(block_z, block_labels)
            expected_mean += block_value.sum() / rows
            expected_squares += ((block_gradient / rows) ** 2).sum()
    np.testing.assert_allclose([mean, squares], [expected_mean, expected_squares], rtol=1e-12)


def test_a_mask_is_refused_in_the_chunks_of_dask_too():
    da = Library("dask").module
    hidden = da.ma.masked_array(da.ones(3), mask=da.array([False, True, False]))
    with pytest.raises(TypeError, match="^prediction: expected an array without a mask, got a masked array$"):
        losses.squared_error.value(hidden, 0.0)


def test_numbers_of_the_other_byte_order_are_numbers():
    assert losses.squared_error.value(np.array([1.0, 2.0], ">f8"), np.array([0.0, 0.0], "<f8")).tolist() == [1, 4]


def test_a_row_that_is_no_array_has_no_array_code():
    index = Symbol("j", integer=True)
    scaled = Lambda(index, logits[index] / 2)
    expression = -total(targets[k] * log_softmax(scaled, k))
    loss = Loss(name="scaled", expression=expression, prediction=logits, target=targets)
    with pytest.raises(TypeError, match="^expression: no array code for Lambda"):
        loss.value([1.0, 2.0], [1.0, 0.0])
