"""The workload's secrets in AWS Secrets Manager."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """A secret by reference; its value never passes through the program's outputs."""

    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    """Changes with the value, so that clients roll."""
