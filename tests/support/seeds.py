"""Whether a program prints the same in two processes, whose sets and dicts Python orders differently."""

import os
import subprocess
import sys


def same_output(program: str, *arguments: str) -> str:
    """What the Python program prints under two hash seeds. Fails when that is not one thing."""
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    (one,) = printed
    return one
