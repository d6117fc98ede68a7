"""The plan as text for people: 80 columns, the same on a screen and in a pipe, colours on a screen only."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

WIDTH = 80
Plan = Mapping[str, Any]


def text(plan: Plan, *, colour: bool = False) -> str:
    """The whole plan. `colour` allows ANSI escapes."""
    paint = _ansi if colour else _plain
    lines = [paint(f"Plan of {plan['project']}, stack {plan['stack']}", "1")]
    if plan["refusals"]:
        return "\n".join([*lines, "", *_section("Refused", paint, plan["refusals"], "1;31")])
    lines.append(f"{', '.join(plan['placements'])} in {plan['region']}")
    if plan["plain_http"]:
        shout = "PLAIN HTTP: everything that people send and read can be read on the way. Set edge.certificate_arn."
        lines += ["", *(paint(line, "1;31") for line in textwrap.wrap(shout, WIDTH))]
    count = sum(not resource["component"] for resource in plan["resources"])
    lines += ["", paint(f"Creates {count} resources", "1"), *_tree(plan["resources"])]
    if plan["sizes"]:
        lines += ["", *_section("Sizes of tasks on Fargate", paint, map(_sized, plan["sizes"]))]
    lines += ["", *_section("Reachable from the internet", paint, map(_public, plan["public"]))]
    lines += ["", *_section("Who may connect to whom", paint, _connections(plan["connections"]))]
    lines += ["", *_section("Who may do what", paint, _permissions(plan["permissions"]))]
    lines += ["", *_section("Protected from deletion", paint, map(_protected, plan["protected"]))]
    lines += ["", *_section("Who owns what several could write", paint, map(_owned, plan["ledger"]))]
    if outputs := list(_outputs(plan)):
        lines += ["", *_section("For the people who run the machines", paint, outputs)]
    if plan["hidden"]:
        inside = (f"{child['name']} ({child['type']}): {child['why']}" for child in plan["hidden"])
        lines += ["", *_section("Made inside of pulumi_eks.Cluster, not counted above", paint, inside)]
    lines += ["", *_section("Warnings", paint, plan["warnings"], "1;33")]
    return "\n".join(lines)


def _ansi(line: str, style: str) -> str:
    return f"\033[{style}m{line}\033[0m"


def _plain(line: str, style: str) -> str:  # noqa: ARG001 (the same call as `_ansi`)
    return line


def _section(title: str, paint: Any, entries: Iterable[str], style: str = "1") -> Iterator[str]:  # noqa: ANN401
    listed = list(entries)
    yield paint(title, style if listed else "1")
    for entry in listed or ["nothing"]:
        for line in entry.splitlines():
            yield from _wrap(line, "  ", "    ")


def _wrap(line: str, first: str, rest: str) -> list[str]:
    own = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line.strip(), WIDTH, initial_indent=first + own, subsequent_indent=rest + own, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _tree(resources: Sequence[Plan], parent: str = "", prefix: str = "", indent: str = "") -> Iterator[str]:
    """Components with what they hold; everything else by type, names without the component's before them."""
    groups: dict[str, list[Plan]] = {}
    for child in (resource for resource in resources if resource["parent"] == parent):
        groups.setdefault(child["urn"] if _holds(resources, child) else child["type"], []).append(child)
    for number, group in enumerate(groups.values(), 1):
        last = number == len(groups)
        first, rest = (indent + "└─ ", indent + "   ") if last else (indent + "├─ ", indent + "│  ")
        name = group[0]["name"]
        if _holds(resources, group[0]):
            yield f"{first}{name.removeprefix(prefix)} ({_kind(group[0])}): {_size(resources, group[0]['urn'])}"
            yield from _tree(resources, group[0]["urn"], f"{name}-", rest)
        else:
            names = ", ".join(child["name"].removeprefix(prefix) for child in group)
            times = f"{len(group)} " if len(group) > 1 else ""
            yield from _wrap(f"{times}{_kind(group[0])}: {names}", first, rest + "  ")


def _kind(resource: Plan) -> str:
    """`ec2.Subnet`, `apps/v1.Deployment`, `provider kubernetes`; a component by its class."""
    package, module, kind = resource["type"].split(":")
    if package == "pulumi":
        return f"provider {kind}"
    module = module.rpartition("/")[0] if package in ("aws", "random", "docker-build") else module
    return kind if resource["component"] or module in ("", "index") else f"{module}.{kind}"


def _holds(resources: Sequence[Plan], resource: Plan) -> bool:
    return resource["component"] or any(other["parent"] == resource["urn"] for other in resources)


def _size(resources: Sequence[Plan], urn: str) -> int:
    """How many resources stand below, components not counted."""
    below = [resource for resource in resources if resource["parent"] == urn]
    return sum((not resource["component"]) + _size(resources, resource["urn"]) for resource in below)


def _protected(resource: Plan) -> str:
    return f"{resource['name']} ({_kind({**resource, 'component': False})})"


def _public(found: Plan) -> str:
    ports, networks = ", ".join(found["ports"]), ", ".join(found["allow_from"])
    return f"{found['resource']}: {found['reason']}, port {ports} from {networks}"


def _connections(connections: Sequence[Plan]) -> Iterator[str]:
    """One line per party and port, whoever may call it behind it."""
    callers: dict[tuple[str, str], list[str]] = {}
    for found in connections:
        callers.setdefault((found["target"], found["port"]), []).append(found["source"])
    for (target, port), sources in callers.items():
        yield f"{_party(target)} {port} from {', '.join(map(_party, sources))}"


def _party(name: str) -> str:
    """A service's group by the service."""
    return name.removeprefix("network-unit-").removeprefix("network-")


def _permissions(statements: Sequence[Plan]) -> Iterator[str]:
    """One entry per party, its statements below it."""
    parties: dict[str, list[str]] = {}
    for statement in statements:
        whom = f"{', '.join(statement['principals'])}: " if statement["principals"] else ""
        on = f" on {', '.join(statement['resources'])}" if statement["resources"] else ""
        denied = "not " if statement["effect"] == "Deny" else ""
        condition = f" if {statement['conditions']}" if statement["conditions"] else ""
        line = f"  {whom}{denied}{', '.join(statement['actions'])}{on}{condition}"
        parties.setdefault(statement["who"], []).append(line)
    for who, lines in parties.items():
        yield "\n".join([who, *dict.fromkeys(lines)])


def _sized(entry: Plan) -> str:
    why = "" if entry["asked"] == entry["size"] else f", because of {entry['reason']}"
    return f"{entry['unit']}: {entry['size']}{why}"


def _owned(entry: Plan) -> str:
    return f"{entry['resource']}.{entry['field']}: {entry['owner']}, because {entry['why']}"


def _outputs(plan: Plan) -> Iterator[str]:
    """What placements hand to people. A list is shown in full; scripts and configurations are files for somebody else,
    so only their name is.
    """
    for name, value in plan["exports"].items():
        if not name.startswith(tuple(f"{placement}-" for placement in plan["placements"])):
            continue
        said, *more = value.splitlines() or [""]
        if more and said.startswith("#"):
            yield f"{name}: {len(more) + 1} lines, by `pulumi stack output --show-secrets {name}`"
        else:
            yield "\n".join([f"{name}:", *(f"  {line}" for line in (said, *more))]) if more else f"{name}: {said}"
