"""When ECS may take over the weights of the edge: in a stack whose requests go to its targets already.

It moves the weights of a rule that the program then leaves alone, so the rule has to name ECS's target groups before.
"""

from collections.abc import Mapping

from settings import Settings


def weights(settings: Settings) -> dict[str, str]:
    """Whose targets the edge's rules name, and how ECS moves their weights, as a state keeps it."""
    return {
        "placements": " and ".join(placement.key for placement in settings.placements),
        "deployment": settings.ecs.deployment if settings.shifts else "rolling",
    }


def refusal(before: Mapping[str, str] | None, after: Mapping[str, str], stack: str) -> str | None:
    """Why a stack may not change from the weights `before` to those `after`, with the way that does it."""
    if not before or after["deployment"] == "rolling" or before["placements"] == after["placements"]:
        return None
    change = f"pulumi config set --path ecs.deployment {{}} --stack {stack} && pulumi up"
    return (
        f"ecs.deployment: {after['deployment']} moves the weights of a rule that names the targets of "
        f"{before['placements']}, and those of {after['placements']} have to be there first. One after the other:\n"
        f"    {change.format('rolling')}\n"
        f"    {change.format(after['deployment'])}"
    )
