"""`switchyard render`: the task definitions or manifests of a stack as files, without pulumi."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from commands import folder, stacks
from commands.placeholders import placeholder
from commands.stacks import UsageError
from foundation.names import Names
from foundation.site import proxied
from orchestrators import registry
from orchestrators.documents import Document, fill
from orchestrators.ecs.anywhere.files import site_files
from orchestrators.eks.hybrid.ports import ports
from orchestrators.eks.render import files as eks
from orchestrators.site.proxy import proxy
from settings import Compute, Orchestrator, Settings
from stack import RefusedError, Stack, open_stack
from stackconfig import nearest_of
from workload.text import Ref

# The C emitter is ten times faster; PyYAML has it wherever libyaml is.
Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("orchestrator", choices=list(registry.ORCHESTRATORS), help="task definitions or manifests")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write files there instead of printing them")
    parser.add_argument(
        "--values",
        type=Path,
        metavar="FILE",
        help="JSON or YAML with what only the cloud knows, such as {db.host: ..., image.api: ...}",
    )
    stacks.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    project, config = stacks.config(arguments)
    config |= {f"{project}:orchestrator": arguments.orchestrator, f"{project}:placements": []}
    values = _values(arguments.values)
    try:
        stack = open_stack(config, project=project, stack=arguments.stack, root=stacks.ROOT)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return 1
    files = _files(stack, values)
    if arguments.out is None:
        sys.stdout.write("\n".join(f"# {name}\n{content}" for name, content in files.items()))
    else:
        folder.write(arguments.out, files)
        print(f"{len(files)} files in {arguments.out}", file=sys.stderr)
    return 0


def _files(stack: Stack, values: Mapping[str, str]) -> dict[str, str]:
    settings, workload = stack
    (placement,) = settings.placements
    names = Names(settings.project, settings.stack)
    given = _of_cluster(settings) if placement.orchestrator is Orchestrator.EKS else {}
    rendered = registry.render(placement)(workload, placement, names, settings.managed, **given)
    region = settings.region
    known = {"aws.region": region, "region": region, "site.address": settings.site.address or "", **values}
    if settings.network.vpc is None:
        known = {"network.cidr": settings.network.cidr, **known}
    used: set[str] = set()

    def value(ref: Ref) -> str:
        used.add(ref.path)
        return known.get(ref.path) or placeholder(ref)

    if isinstance(rendered, Mapping):
        files = {f"{name}.json": _json(fill(document, value)) for name, document in rendered.items()}
        if placement.compute is Compute.DATACENTER:
            files |= site_files(workload, settings, placement, value)
    else:
        folders = eks.files(rendered)
        files = {path: _yaml([fill(document, value) for document in found]) for path, found in folders.items()}
        if proxied(placement, settings.site):
            held = ports(workload, settings.managed, settings.site, value(Ref("network.cidr")))
            files["site/haproxy.cfg"] = proxy(held, settings.site, cluster=names.cluster(placement.key))
    for path in values.keys() - used:
        near = nearest_of(path, used)
        raise UsageError(f"--values: nothing asks for {path}" + (f"; nearest: {near}" if near else ""))
    return files


def _of_cluster(settings: Settings) -> dict[str, Any]:
    """What manifests take from the stack's config besides."""
    network = settings.network
    return {"zones": len(network.private) or network.zones, "spot": settings.cluster.spot, "site": settings.site}


def _json(document: Document) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _yaml(documents: Sequence[Document]) -> str:
    return str(yaml.dump_all(documents, Dumper=Dumper, sort_keys=True, allow_unicode=True, width=120))


def _values(path: Path | None) -> dict[str, str]:
    """The flat mapping of reference to value; JSON is YAML too."""
    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--values {path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"--values {path} is not YAML: {error}") from None
    if not isinstance(content, Mapping) or any(isinstance(value, Mapping | list) for value in content.values()):
        raise UsageError(f"--values {path}: write one object of reference and value, such as {{db.host: example}}")
    return {str(key): str(value) for key, value in content.items()}
