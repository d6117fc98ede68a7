"""A certificate of AWS Certificate Manager that proves itself by DNS, and the name that leads to the load balancer."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws


def certificate(
    name: str, *, domain: str, zone: str, tags: Mapping[str, str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """The ARN of a certificate for `domain`, once AWS has seen its record in the Route 53 zone and issued it. It renews
    itself while the record stands (AWS: "DNS validation", AWS Certificate Manager user guide).
    """
    opts = pulumi.ResourceOptions(parent=parent)
    requested = aws.acm.Certificate(name, domain_name=domain, validation_method="DNS", tags=dict(tags), opts=opts)
    proof = requested.domain_validation_options[0]
    record = aws.route53.Record(
        f"{name}-proof",
        zone_id=zone,
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        records=[proof.resource_record_value],
        ttl=300,
        # Two stacks may prove the same domain, and ask for the same record.
        allow_overwrite=True,
        opts=opts,
    )
    return aws.acm.CertificateValidation(
        name, certificate_arn=requested.arn, validation_record_fqdns=[record.fqdn], opts=opts
    ).certificate_arn


def alias(name: str, *, domain: str, zone: str, balancer: aws.lb.LoadBalancer, parent: pulumi.Resource) -> None:
    """`domain` leads to the load balancer, whatever addresses that has."""
    aws.route53.Record(
        name,
        zone_id=zone,
        name=domain,
        type="A",
        aliases=[{"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": False}],
        opts=pulumi.ResourceOptions(parent=parent),
    )
