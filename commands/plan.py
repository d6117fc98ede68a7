"""`switchyard plan`: runs the program under Pulumi's mocks and prints what it would create, open and allow."""

import argparse
import json
import os
import sys
from typing import Any

import pulumi

import settings
from commands import stacks
from planning import plan, text
from planning.recording import record
from stack import RefusedError


def configure(parser: argparse.ArgumentParser) -> None:
    stacks.configure(parser)
    parser.add_argument("--json", action="store_true", help="print JSON with the keys that docs/plan.md explains")


def run(arguments: argparse.Namespace) -> int:
    project, config = stacks.config(arguments)
    found = _plan(project, arguments.stack, config)
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(text.text(found, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    return 1 if found["refusals"] else 0


def _plan(project: str, stack: str, config: dict[str, object]) -> dict[str, Any]:
    try:
        recording = record(stacks.ROOT / "__main__.py", project=project, stack=stack, config=config)
    except pulumi.RunError as error:
        reasons = error.__cause__.reasons if isinstance(error.__cause__, RefusedError) else (str(error),)
        return plan.refused(reasons, project=project, stack=stack)
    return plan.plan(recording, settings.load(config, project=project, stack=stack))
