"""`switchyard plan`: runs the program under Pulumi's mocks and prints what it would create, open and allow."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from typing import Any

import pulumi

from commands import stacks
from foundation.names import Names
from planning import parity, plan, text
from planning.recording import record
from stack import RefusedError, describe


def configure(parser: argparse.ArgumentParser) -> None:
    stacks.configure(parser)
    parser.add_argument(
        "--parity",
        action="store_true",
        help="compare what ECS and EKS would promise of each service instead: the same, different or impossible",
    )
    parser.add_argument("--json", action="store_true", help="print JSON with the keys that docs/plan.md explains")


def run(arguments: argparse.Namespace) -> int:
    project, config = stacks.config(arguments)
    if arguments.parity:
        return _parity(project, arguments.stack, config, as_json=arguments.json)
    found = _plan(project, arguments.stack, config)
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(text.text(found, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    return 1 if found["refusals"] else 0


def _parity(project: str, stack: str, config: dict[str, object], *, as_json: bool) -> int:
    try:
        wanted, described = describe(config, project=project, stack=stack, root=stacks.ROOT)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 1
    names = Names(project, stack)
    tables = {
        compute: parity.parity(described, compute, names, wanted.managed, wanted.site)
        for compute in dict.fromkeys(placement.compute for placement in wanted.placements)
    }
    if as_json:
        print(json.dumps({key: list(map(asdict, rows)) for key, rows in tables.items()}, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(f"ECS and EKS on {key}\n\n{parity.text(rows)}" for key, rows in tables.items()))
    return 0


def _plan(project: str, stack: str, config: dict[str, object]) -> dict[str, Any]:
    try:
        recording = record(stacks.ROOT / "__main__.py", project=project, stack=stack, config=config)
    except pulumi.RunError as error:
        reasons = error.__cause__.reasons if isinstance(error.__cause__, RefusedError) else (str(error),)
        return plan.refused(reasons, project=project, stack=stack)
    wanted, described = describe(config, project=project, stack=stack, root=stacks.ROOT)
    return plan.plan(recording, wanted, described)
