"""`switchyard secrets set NAME`: a new value for a secret of the workload, read from the input and shown nowhere."""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import workload as description
from commands import stacks
from commands.stacks import UsageError
from foundation.names import Names
from live.base import LiveError
from stack import RefusedError, Stack, describe
from stackconfig import nearest_of
from workload.errors import DescriptionError
from workload.model import Secret

LONGEST = 65536
"""Bytes of a secret value (AWS: PutSecretValue, Secrets Manager API Reference)."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["set"], help="set: write a new version")
    parser.add_argument("name", metavar="NAME", help="its name under `secrets:` in the description")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--local", action="store_true", help="the file that `switchyard run` takes it from on this machine, not a stack"
    )
    stacks.configure(parser, where)


def run(arguments: argparse.Namespace) -> int:
    """0 once the new version is the current one."""
    if arguments.local:
        return _local(arguments)
    project, config = stacks.config(arguments)
    try:
        stack = describe(config, project=project, stack=arguments.stack, root=stacks.ROOT)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 1
    secret = _named(arguments.name, stack.workload.secrets)
    if not secret.external and (service := _managed(stack, secret.name)):
        raise UsageError(
            f"{secret.name} is the password of {service}, which AWS runs: only an `up` changes it on both sides\n"
            f"    pulumi up --stack {arguments.stack} --replace '**RandomPassword::secrets-{secret.name}'"
        )
    name = (secret.key or secret.name) if secret.external else Names(project, arguments.stack).secret(secret.name)
    from live import secrets  # noqa: PLC0415 - boto3 only once there is something to write

    version = secrets.put(name, _value(), region=stack.settings.region, stack=arguments.stack)
    print(
        f"{secret.name}: version {version} is the current one. Its clients take it when they start:\n"
        f"    pulumi up --stack {arguments.stack}     starts them anew"
    )
    return 0


def _local(arguments: argparse.Namespace) -> int:
    if arguments.set:
        raise UsageError("--set changes a setting of a stack, and --local is about none: leave it out")
    try:
        secrets = description.read(arguments.file or [Path("compose.yaml")]).secrets
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 1
    secret = _named(arguments.name, secrets)
    if secret.file is None:
        raise UsageError(f"{secret.at}: {secret.name} comes from no file on this machine, so there is none to write")
    value = _value()
    try:
        secret.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret.file.write_text(value, encoding="utf-8")
    except OSError as error:
        raise LiveError(f"{secret.file} cannot be written: {error.strerror}") from None
    print(f"{secret.name} is in {os.path.relpath(secret.file)}: the next `switchyard run` takes it")
    return 0


def _named(name: str, secrets: Mapping[str, Secret]) -> Secret:
    if name in secrets:
        return secrets[name]
    near = nearest_of(name, secrets)
    known = f"there are {', '.join(secrets)}" if secrets else "there is none"
    raise UsageError(f"no secret {name} is described; {known}" + (f"; nearest: {near}" if near else ""))


def _managed(stack: Stack, secret: str) -> str | None:
    """The service of AWS's whose password the secret is."""
    managed = (stack.workload.services[name] for name in stack.settings.managed)
    return next((s.name for s in managed if s.managed and s.managed.password == secret), None)


def _value() -> str:
    """From a prompt, or from what is piped in, without the newline at its end. Never from the command line, which the
    shell keeps and every user of the machine can see.
    """
    prompted = sys.stdin.isatty()
    try:
        value = getpass.getpass("New value (not shown): ") if prompted else sys.stdin.buffer.read().decode()
    except (UnicodeDecodeError, EOFError):
        raise UsageError("the value is not text") from None
    value = value.removesuffix("\n")
    if not value or len(value.encode()) > LONGEST:
        raise UsageError(f"the value has {len(value.encode())} bytes; 1 to {LONGEST} are allowed")
    return value
