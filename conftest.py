"""Notebooks are tests, and plain `pytest` takes a part of what `make test` runs."""

from collections import Counter
from pathlib import Path

# Here and not under tests/, so that `pytest chapters/02-the-sigmoid.ipynb` is guarded too.
pytest_plugins = ["notebook_guard"]


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="run every test, as `make test` does")


def pytest_configure(config):
    named = (Path(argument.partition("::")[0]) for argument in config.args)
    config.option.thorough = config.option.thorough or any(map(Path.is_file, named))


def pytest_collection_modifyitems(config, items):
    """Leave out what is marked `thorough`, but for one in so many cases of a test, unless it is asked for or named."""
    if config.option.thorough:
        return
    seen, kept, left = Counter(), [], []
    for item in items:
        mark = item.get_closest_marker("thorough")
        test = item.nodeid.partition("[")[0]
        part = mark and mark.kwargs.get("one_case_in")
        (kept if mark is None or part and seen[test] % part == 0 else left).append(item)
        seen[test] += 1
    config.hook.pytest_deselected(items=left)
    items[:] = kept
