"""`pulumi preview` of the sample, whose stack exists, against a bare program with as many plain resources."""

import collections
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.engine.project import Project, project, resources

ROUNDS = 5
LIMIT = 1.3

BARE = """
import pulumi
import pulumi_aws
import pulumi_docker_build
import pulumi_random

{classes}
for type_, count in {counts}:
    for number in range(count):
        pulumi.CustomResource(type_, f"{{type_.rpartition(':')[2]}}-{{number}}", {{"name": f"{{type_}}-{{number}}"}})
"""


def plain(resource: Mapping[str, Any]) -> str:
    """The type of a plain resource in place of this one: a log group for a dynamic one, none for a provider."""
    if resource["type"].startswith("pulumi-python:"):
        return "aws:cloudwatch/logGroup:LogGroup"
    return "" if resource["type"].startswith("pulumi:") else resource["type"]


def python_class(type_: str) -> str:
    """`pulumi_aws.ec2.Vpc` for `aws:ec2/vpc:Vpc`."""
    package, module, name = type_.split(":")
    inside = module.partition("/")[0]
    return ".".join([f"pulumi_{package.replace('-', '_')}", *([] if inside == "index" else [inside]), name])


def as_users_run(made: Project) -> None:
    """By pip, as the repository's Pulumi.yaml has it, with the engine's log and with secrets by a passphrase, its own
    default: the tests spare themselves all three.
    """
    made.environment["PULUMI_CONFIG_PASSPHRASE"] = "a passphrase"
    made.run("pulumi", "stack", "init", "dev", "--secrets-provider", "passphrase").check_returncode()
    (made.folder.parent / "home/logs").unlink()
    file = made.folder / "Pulumi.yaml"
    content = yaml.safe_load(file.read_text())
    del content["runtime"]["options"]["toolchain"]
    file.write_text(yaml.safe_dump(content))


def seconds(made: Project) -> float:
    """The processor time of one preview with all of its processes but the plugin that runs in this one."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["pulumi", "preview", "--expect-no-changes", "--non-interactive", "--stack", "dev"],
        cwd=made.folder,
        env={**os.environ, **made.environment},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    if not (shutil.which("pulumi") and shutil.which("pulumi-language-python")):
        print("SKIPPED: preview against a bare program, as the Pulumi CLI is not on PATH", file=sys.stderr)
        return 0
    with (
        tempfile.TemporaryDirectory() as folder,
        project(Path(folder, "own")) as own,
        project(Path(folder, "bare")) as bare,
    ):
        for made in (own, bare):
            as_users_run(made)
        stack = own.stack("dev")
        stack.up()
        counts = collections.Counter(map(plain, (r for r in resources(stack.export_stack()) if r["custom"])))
        del counts[""]
        # The packages load a class's module only when it is asked for, as a program of classes would.
        classes = sorted(python_class(type_) for type_ in counts)
        (bare.folder / "__main__.py").write_text(BARE.format(classes="\n".join(classes), counts=sorted(counts.items())))
        bare.stack("dev").up()
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(seconds(bare))
            ours.append(seconds(own))
    own_median, bare_median = statistics.median(ours), statistics.median(theirs)
    ratio = own_median / bare_median
    print(
        f"preview of {sum(counts.values())} resources: {ratio:.2f} times a bare program's"
        f" ({own_median:.2f} s, {bare_median:.2f} s)"
    )
    return ratio > LIMIT


if __name__ == "__main__":
    sys.exit(main())
