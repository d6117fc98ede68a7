"""The `switchyard` command. Each subcommand is a module with `configure(parser)` and `run(arguments) -> exit status`,
imported only when it is called.
"""

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from commands.stacks import UsageError
from live.base import LiveError

COMMANDS = {
    "run": "Run the application on this machine, with load, faults and alarms, and report.",
    "plan": "Show what a stack would create, open and allow, without a cloud account or the Pulumi CLI.",
    "status": "Show what runs of what should run.",
    "logs": "Show what all copies of a service wrote.",
    "exec": "Run a command beside a service, in its container.",
    "rollback": "Take a service back to the revision before.",
    "secrets": "Give a secret a new value.",
    "alerts": "Check that alarms can be mailed, test the whole way, send again what reached nobody.",
    "render": "Write the task definitions or manifests of a stack.",
    "policy": "Print the least that the role behind `pulumi up` has to be allowed.",
    "doctor": "Check the tools here and the account behind a stack, and say what to do.",
    "drift": "Tell what was changed in the cloud by its owners from what nobody should have changed.",
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 1 refused or failed, 2 used wrongly, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and not {"run", "logs"} & {*arguments}:
        gc.disable()  # a process of seconds that keeps nearly all it makes: collecting costs a fifth of it
    parser = argparse.ArgumentParser(prog="switchyard", description="One application of containers on ECS or EKS.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name == called:
            module = import_module(f"commands.{name}")
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    try:
        status = int(parsed.run(parsed))
        sys.stdout.flush()
    except UsageError as error:
        print(f"switchyard {called}: {error}", file=sys.stderr)
        return 2
    except LiveError as error:
        print(f"switchyard {called}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        if error.errno == errno.ENOSPC:
            print(f"switchyard {called}: the disk is full: free some room and call it again", file=sys.stderr)
        # Who reads has read enough, such as `head`, or nobody can: Python must not try to flush the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
