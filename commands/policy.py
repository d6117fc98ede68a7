"""`switchyard policy`: the least that the role behind `pulumi up`, or behind a preview, has to be allowed."""

import argparse
import json
import sys
from pathlib import Path

import pulumi

from commands import folder, stacks
from planning.deployer import policies
from planning.recording import record
from stack import RefusedError, describe


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preview", action="store_true", help="for the role that only looks: what a preview calls")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write files there, one for each policy of at most 6,144 characters"
    )
    stacks.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    project, config = stacks.config(arguments)
    try:
        settings, workload = describe(config, project=project, stack=arguments.stack, root=stacks.ROOT)
        recording = record(stacks.ROOT / "__main__.py", project=project, stack=arguments.stack, config=config)
    except (RefusedError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    found = policies(recording, settings, workload, preview=arguments.preview)
    files = {name: json.dumps(document, indent=2) + "\n" for name, document in found.items()}
    if arguments.out is None:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        folder.write(arguments.out, files)
        print(f"{len(files)} files in {arguments.out}", file=sys.stderr)
    return 0
