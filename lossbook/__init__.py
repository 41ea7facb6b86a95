"""Losses and their gradients: each loss one SymPy expression, derived, proved and compiled.

>>> from lossbook import losses
>>> losses.softmax_cross_entropy.derivation().result
softmax(z, i) - y[i]
>>> losses.softmax_cross_entropy.gradient_at([[1, 5, 3]], [1]).round(3)
array([[ 0.016, -0.133,  0.117]])
"""

__version__ = "0.1.0"
