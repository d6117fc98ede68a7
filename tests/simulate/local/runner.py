"""A program that runs a workload until it is stopped: `runner.py COMPOSE_FILE FOLDER`; says `up` when it is up."""

import sys
import time
from pathlib import Path

from simulate.local.engine import choose
from workload import read

with choose(read(Path(sys.argv[1])), Path(sys.argv[2]), progress=lambda _: None, engine="processes") as engine:
    engine.start()
    print("up", *engine.address("db"), flush=True)
    time.sleep(300)
