"""What importing the package brings with it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["lossbook", "lossbook.losses", "lossbook.explanation", "lossbook.proof"])
def test_the_symbolic_half_runs_without_numpy(module):
    check = f"import sys, {module}; sys.exit('numpy' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


def test_a_derivation_runs_without_numpy():
    check = (
        "import sys; sys.modules['numpy'] = None\n"
        "from lossbook import losses\n"
        "print(losses.softmax_cross_entropy.derivation().result)"
    )
    shown = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "softmax(z, i) - y[i]"
