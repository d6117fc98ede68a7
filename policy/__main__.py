"""The policy pack: `pulumi preview --policy-pack policy` holds every rule over any stack."""

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from planning.exposure import public
from planning.resources import Recording, Resource
from policy.catalogue import RULES
from policy.rule import Rule

BALANCER = "aws:lb/loadBalancer:LoadBalancer"


def resource_policy(rule: Rule) -> ResourceValidationPolicy:
    """One rule as Pulumi asks for it."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in rule.types:
            for message in rule.check(args.props):
                report(message, None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=f"{rule.requires} ({rule.source})",
        enforcement_level=EnforcementLevel.ADVISORY if rule.advisory else EnforcementLevel.MANDATORY,
        validate=validate,
    )


def only_balancers_are_public(args: StackValidationArgs, report: ReportViolation) -> None:
    """The plan's own question, asked of the engine's resources."""
    resources = tuple(
        Resource(urn=each.urn, type=each.resource_type, name=each.name, id=each.props.get("id", ""), inputs=each.props)
        for each in args.resources
    )
    urns = {(each.type, each.name): each.urn for each in resources}
    for found in public(Recording(resources=resources, exports={})):
        if found.type != BALANCER:
            message = f"{found.reason}: port {', '.join(found.ports)} from {', '.join(found.allow_from)}"
            report(message, urns[found.type, found.resource])


if __name__ == "__main__":
    PolicyPack(
        name="switchyard",
        policies=[
            *map(resource_policy, RULES),
            StackValidationPolicy(
                name="only-balancers-are-public",
                description="Nothing but a load balancer is reached from the internet.",
                enforcement_level=EnforcementLevel.MANDATORY,
                validate=only_balancers_are_public,
            ),
        ],
    )
