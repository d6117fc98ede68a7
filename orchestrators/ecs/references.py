"""What the references in the documents stand for."""

from typing import Any

import pulumi

from orchestrators.base import OrchestratorArgs
from settings import Compute

Values = dict[str, pulumi.Input[Any]]
"""By the path of the reference."""


def known(args: OrchestratorArgs) -> Values:
    """The value of every reference that stands before anything of ECS does."""
    values: Values = {"region": args.region}
    if args.placement.compute is Compute.DATACENTER:
        values["site.address"] = str(args.site.address)
    for service, endpoint in args.endpoints.items():
        values |= {f"{service}.{key}": getattr(endpoint, key) for key in ("host", "port", "scheme", "sslmode")}
    for secret, ref in args.secrets.items():
        values |= {f"secret.{secret}": ref.arn, f"secret.{secret}.version": ref.version}
    for service, target in args.targets.items():
        values |= {
            f"target_group.{service}": target.arn,
            f"target_group_suffix.{service}": target.arn_suffix,
            f"balancer_suffix.{service}": target.balancer_suffix,
        }
        if target.shift:
            values |= {
                f"alternate_target_group.{service}": target.shift.arn,
                f"alternate_target_group_suffix.{service}": target.shift.arn_suffix,
                f"listener_rule.{service}": target.shift.rule.arn,
            }
    values |= {f"image.{container}": image for container, image in args.images.items()}
    values |= {f"security_group.{unit}": group for unit, group in args.network.security_groups.items()}
    values |= {f"subnet.private.{n}": subnet for n, subnet in enumerate(args.network.private_subnet_ids)}
    return values
