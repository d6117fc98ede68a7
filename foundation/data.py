"""Managed data: PostgreSQL by RDS, Redis and Valkey by ElastiCache."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a managed service answers: the values of its clients' endpoint variables."""

    host: pulumi.Input[str]
    port: pulumi.Input[str]
    scheme: str
    sslmode: str
