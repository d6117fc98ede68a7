"""When ECS may take over the weights of the edge, and give them back: where no request would lose its targets.

It moves the weights of a rule that the program then leaves alone, so the rule has to name ECS's target groups before.
And it brings every other version into the second group of a service: the program, which knows the first alone, takes
the rule back when the requests are there again.
"""

from collections.abc import Mapping
from typing import Any


def refusal(before: Mapping[str, Any] | None, after: Mapping[str, Any], stack: str) -> str | None:
    """Why a stack may not change from the weights `before` to those `after`, with the way that does it. Asks AWS where
    the requests are, if the change gives the weights back.
    """
    if not before:
        return None
    if after["deployment"] == "rolling":
        return _not_back(before, after)
    if before["placements"] == after["placements"]:
        return None
    change = f"pulumi config set --path ecs.deployment {{}} --stack {stack} && pulumi up"
    return (
        f"ecs.deployment: {after['deployment']} moves the weights of a rule that names the targets of "
        f"{before['placements']}, and those of {after['placements']} have to be there first. One after the other:\n"
        f"    {change.format('rolling')}\n"
        f"    {change.format(after['deployment'])}"
    )


def _not_back(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    known = before.get("alternates", {}) if before["deployment"] != "rolling" else {}
    groups = {where: group for where, group in known.items() if where in after["alternates"]}
    if not groups:
        return None
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as below

    try:
        away = [where.split("/") for where in _held(groups, before["region"])]
    except (BotoCoreError, ClientError) as error:
        return f"ecs.deployment: which target groups have the requests could not be asked of AWS: {error}"
    if not away:
        return None
    commands = "".join(
        f"\n    aws ecs update-service --region {before['region']} --cluster {cluster} --service {service} "
        "--force-new-deployment"
        for cluster, service in away
    )
    return (
        f"ecs.deployment: after {before['deployment']} the requests of {' and '.join(s for _, s in away)} are at the "
        "second of two target groups, and rolling deployments have the first: they would lose their targets. One "
        f"deployment more brings them there; when it has ended, its bake time included, run this again:{commands}"
    )


def _held(groups: Mapping[str, str], region: str) -> list[str]:
    """Which of these target groups have targets, by their keys."""
    import boto3  # noqa: PLC0415 - asked by the keeper alone, in a process of its own

    elbv2 = boto3.Session(region_name=region).client("elbv2")
    found = []
    for where, group in groups.items():
        try:
            (described,) = elbv2.describe_target_groups(Names=[group])["TargetGroups"]
        except elbv2.exceptions.TargetGroupNotFoundException:
            continue
        if elbv2.describe_target_health(TargetGroupArn=described["TargetGroupArn"])["TargetHealthDescriptions"]:
            found.append(where)
    return found
