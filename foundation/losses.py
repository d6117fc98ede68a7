"""What a change would lose of the data that a stack keeps, told by what its state recorded of it alone."""

from collections.abc import Collection, Iterator, Mapping

Texts = Mapping[str, Mapping[str, str]]
"""Stores by name, their fields as texts: what a state keeps of them."""


def given_up(recorded: Texts, earlier: Texts, after: Texts) -> dict[str, dict[str, str]]:
    """What of the `recorded` stores, and of those that were given up `earlier`, the stack does not keep: whole stores,
    and the part of one that would not last. Nobody knows whether the `up` that gave something up came to its end, so
    it counts until it is kept again.
    """
    kept = parts(after)
    left = {name: {"what": what, "dump": recorded[store]["dump"]} for name, what, store in _left(recorded, after)}
    return {name: dict(store) for name, store in {**earlier, **left}.items() if name not in kept}


def losses(lost: Texts, earlier: Texts, after: Texts, acknowledged: Collection[str], stack: str) -> list[str]:
    """A text for each of what is given up but not `acknowledged`, with the commands that save it, put it where its
    service keeps its data afterwards, and give it up; `earlier` is what an `up` before gave up.
    """
    losing = sorted(set(lost) - set(acknowledged))
    return [
        _loss(name, lost[name], after, again=name in earlier, give_up=f"'lose[{number}]' {name} --stack {stack}")
        for number, name in enumerate(losing, start=len(acknowledged))
    ]


def _left(before: Texts, after: Texts) -> Iterator[tuple[str, str, str]]:
    """Name and description of what does not last, and the store that it is of."""
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            yield name, old["what"], name
            continue
        for zone in old.get("zones", "").split():
            if zone not in new.get("zones", "").split():
                why = "no disk leaves its zone, so its pod would stay pending until its claim is deleted"
                yield _part(name, zone), f"{old['what']}, if it lies in {zone}, which goes: {why}", name
        if _anew(old.get("runs", ""), new.get("runs", "")):
            why = f"AWS makes no {new['runs']} of {old['runs']} but a new group"
            yield _part(name, old["runs"]), f"{old['what']}, as {why}", name


def parts(found: Texts) -> set[str]:
    """The names of the stores, and of what of each can be lost by itself."""
    of_each = {name: [*store.get("zones", "").split(), store.get("runs", "")] for name, store in found.items()}
    return {*found, *(_part(name, part) for name, of_it in of_each.items() for part in of_it if part)}


def _part(name: str, part: str) -> str:
    return f"{name}/{part.replace(' ', '-')}"


def _anew(old: str, new: str) -> bool:
    """ElastiCache turns Redis into Valkey, and either into a newer version, and nothing back (AWS: "Engine versions and
    upgrading", Amazon ElastiCache user guide).
    """
    if not old or not new or old.startswith("postgres"):
        return False
    return (old.split(maxsplit=1)[0], new.split(maxsplit=1)[0]) == ("valkey", "redis") or _version(new) < _version(old)


def _version(runs: str) -> tuple[int, ...]:
    return tuple(int(part) for part in runs.split()[1].split("."))


def backward(before: Texts, after: Texts) -> list[str]:
    """The databases that would run an older version, which RDS makes of none: such an `up` would end halfway."""
    return [
        f"{name} runs {old['runs']}, and RDS goes back to no {after[name]['runs']} (AWS: ModifyDBInstance). Keep the "
        "version in x-managed, or name another database there: that is another instance, to put back what was saved"
        for name, old in sorted(before.items())
        if name in after
        and old.get("runs", "").startswith("postgres")
        and _version(after[name]["runs"]) < _version(old["runs"])
    ]


def _loss(name: str, store: Mapping[str, str], after: Texts, *, again: bool, give_up: str) -> str:
    service = name.partition("@")[0]
    restores = [new["restore"] for key, new in after.items() if key.partition("@")[0] == service]
    back = restores or [f"nowhere: this stack would keep nothing of {service} any more"]
    would = "was given up before, and would be lost now if that `up` ended halfway" if again else "would be lost"
    return "\n".join((
        f"{name} {would}: {store['what']}.",
        f"    save it:      {store['dump']}",
        *(f"    put it back:  {each}" for each in back),
        f"    then give up the old one: pulumi config set --path {give_up}",
    ))  # fmt: skip
