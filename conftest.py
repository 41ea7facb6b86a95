# Here and not under tests/, so that `pytest chapters/02-the-sigmoid.ipynb` is guarded too.
pytest_plugins = ["notebook_guard"]
