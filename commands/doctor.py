"""`switchyard doctor`: whether this machine and this account can do what the stack asks for, and what to do if not."""

import argparse
import sys
from itertools import chain

from commands import stacks
from commands.account import account
from commands.tools import tools
from stack import RefusedError, describe


def configure(parser: argparse.ArgumentParser) -> None:
    stacks.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when everything is well, 1 when something is to be done."""
    project, config = stacks.config(arguments)
    try:
        wanted = describe(config, project=project, stack=arguments.stack, root=stacks.ROOT)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 1
    well = True
    for finding in chain(tools(wanted), account(wanted)):
        print(finding, flush=True)
        well = well and not finding.repair
    return 0 if well else 1
