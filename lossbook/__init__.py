"""Losses and their gradients: each loss one SymPy expression, derived, proved and compiled.

from lossbook import losses
losses.softmax_cross_entropy.derivation()
losses.softmax_cross_entropy.gradient_at([[1, 5, 3]], [1])
"""

__version__ = "0.1.0"
