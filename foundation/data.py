"""Managed data: PostgreSQL by RDS, Redis and Valkey by ElastiCache."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.databasewatch import LOGS, database_logs, monitoring
from foundation.engines import CACHES, DATABASES, engine
from foundation.ledger import Owned, ignored
from foundation.names import Names
from foundation.network import Network
from foundation.secrets import Secrets
from foundation.signals import Metric, Signal
from foundation.trust import distrusted
from settings import Size
from workload.model import Managed, Workload

_VERIFIED = "verify-full"
_CACHE_NAME_LIMIT = 40  # AWS: ids of ElastiCache replication groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a managed service answers: the values of its clients' endpoint variables."""

    host: pulumi.Input[str]
    port: pulumi.Input[str]
    scheme: str
    sslmode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataArgs:
    workload: Workload
    managed: Sequence[str]
    names: Names
    account: pulumi.Input[str]
    network: Network
    secrets: Secrets
    key_arn: pulumi.Input[str]
    size: Size
    protect: bool
    tags: Mapping[str, str]


class Data(pulumi.ComponentResource):
    """A database or cache for each managed service: encrypted at rest and on the way, in isolated subnets, reached by
    the service's clients alone.

    A cache has a password only where `x-managed.password` names a secret, which its clients then have to mount;
    otherwise TLS and the boundaries protect it.
    """

    endpoints: Mapping[str, Endpoint]
    signals: Sequence[Signal]
    ledger: Sequence[Owned]

    def __init__(self, name: str, args: DataArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Data", name, None, opts)
        self._name, self._args = name, args
        engines = {service: managed for service in args.managed if (managed := args.workload.services[service].managed)}
        databases = [service for service, managed in engines.items() if managed.engine == "postgres"]
        self.ledger = [
            Owned(
                resource=f"{name}-{service}",
                field="allocated_storage",
                owner="RDS storage autoscaling",
                why="storage grows with the data and cannot shrink",
            )
            for service in databases
        ]
        for warning in distrusted(args.workload, databases):
            pulumi.log.warn(warning, self)
        self.endpoints = {
            service: self._database(service, managed) if service in databases else self._cache(service, managed)
            for service, managed in engines.items()
        }
        self.signals = [
            signal
            for service in engines
            for signal in (self._database_signals(service) if service in databases else self._cache_signals(service))
        ]
        self.register_outputs({})

    def _database(self, service: str, managed: Managed) -> Endpoint:
        args, name = self._args, f"{self._name}-{service}"
        size, tags, identifier = DATABASES[args.size], dict(args.tags), args.names.of(service)
        children = pulumi.ResourceOptions(parent=self)
        subnets = aws.rds.SubnetGroup(
            name,
            name=args.names.of(service),
            subnet_ids=list(args.network.isolated_subnet_ids),
            tags=tags,
            opts=children,
        )
        parameters = aws.rds.ParameterGroup(
            name,
            # A new major version needs a new group while the old one is still in use.
            name=args.names.of(service, f"postgres{managed.version}"),
            family=f"postgres{managed.version}",
            parameters=[{"name": "rds.force_ssl", "value": "1"}],
            tags=tags,
            opts=children,
        )
        password = args.secrets.password(managed.password) if managed.password else None
        logs = database_logs(name, identifier, protect=args.protect, tags=tags, parent=self)
        role = args.names.of(service, "monitoring", limit=64)
        watched = monitoring(name, role, account=args.account, tags=tags, parent=self)
        instance = aws.rds.Instance(
            name,
            identifier=identifier,
            engine="postgres",
            engine_version=managed.version,
            auto_minor_version_upgrade=True,
            # Another version in the description is the decision.
            allow_major_version_upgrade=True,
            instance_class=size.instance_class,
            multi_az=size.multi_az,
            storage_type="gp3",
            allocated_storage=size.storage,
            max_allocated_storage=size.max_storage,
            storage_encrypted=True,
            kms_key_id=args.key_arn,
            db_name=managed.database,
            username=managed.user,
            password_wo=password.value if password else None,
            password_wo_version=password.version if password else None,
            port=engine(managed).port,
            publicly_accessible=False,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.network.security_groups[service]],
            parameter_group_name=parameters.name,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            backup_retention_period=size.backup_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not args.protect,
            # Who destroys a stack lifts its protection first, so protection cannot decide about the last snapshot.
            skip_final_snapshot=args.size is Size.SMALL,
            final_snapshot_identifier=None if args.size is Size.SMALL else args.names.of(service, "final"),
            deletion_protection=args.protect,
            enabled_cloudwatch_logs_exports=list(LOGS),
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.key_arn,
            performance_insights_retention_period=7,
            database_insights_mode="standard",
            monitoring_interval=60,
            monitoring_role_arn=watched,
            iam_database_authentication_enabled=True,
            tags=tags,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect, ignore_changes=ignored(self.ledger, name), depends_on=logs
            ),
        )
        return Endpoint(
            host=instance.address,
            port=instance.port.apply(str),
            scheme=engine(managed).scheme,
            sslmode=_VERIFIED,
        )

    def _cache(self, service: str, managed: Managed) -> Endpoint:
        args, name = self._args, f"{self._name}-{service}"
        size, tags = CACHES[args.size], dict(args.tags)
        subnets = aws.elasticache.SubnetGroup(
            name,
            name=args.names.of(service),
            subnet_ids=list(args.network.isolated_subnet_ids),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        password = args.secrets.password(managed.password) if managed.password else None
        keep = args.size is not Size.SMALL and not args.workload.services[service].ephemeral
        group = aws.elasticache.ReplicationGroup(
            name,
            replication_group_id=self._cache_id(service),
            description=f"{service} of {args.names.prefix}",
            engine=managed.engine,
            engine_version=managed.version,
            auto_minor_version_upgrade=True,
            node_type=size.node_type,
            num_cache_clusters=size.nodes,
            automatic_failover_enabled=size.nodes > 1,
            multi_az_enabled=size.nodes > 1,
            port=engine(managed).port,
            at_rest_encryption_enabled=True,
            kms_key_id=args.key_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auth_token_wo=password.value if password else None,
            auth_token_wo_version=password.version if password else None,
            # Until the next change the old token is taken too, so clients roll without a failed request.
            auth_token_update_strategy="ROTATE" if password else None,
            subnet_group_name=subnets.name,
            security_group_ids=[args.network.security_groups[service]],
            snapshot_retention_limit=size.snapshot_days,
            final_snapshot_identifier=args.names.of(service, "final") if keep else None,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        return Endpoint(
            host=group.primary_endpoint_address,
            port=str(engine(managed).port),
            scheme=engine(managed).scheme,
            sslmode=_VERIFIED,
        )

    def _cache_id(self, service: str) -> str:
        return self._args.names.of(service, limit=_CACHE_NAME_LIMIT)

    def _database_signals(self, service: str) -> Sequence[Signal]:
        def metric(name: str, statistic: str, unit: str) -> Metric:
            return Metric(
                namespace="AWS/RDS",
                name=name,
                dimensions={"DBInstanceIdentifier": self._args.names.of(service)},
                statistic=statistic,
                unit=unit,
            )

        return (
            Signal(subject=service, name="db_cpu", metric=metric("CPUUtilization", "Average", "Percent")),
            Signal(subject=service, name="db_storage", metric=metric("FreeStorageSpace", "Minimum", "Bytes")),
            Signal(subject=service, name="db_connections", metric=metric("DatabaseConnections", "Maximum", "Count")),
        )

    def _cache_signals(self, service: str) -> Sequence[Signal]:
        memory = Metric(
            namespace="AWS/ElastiCache",
            name="DatabaseMemoryUsagePercentage",
            # Replicas hold what the primary holds, so the first node speaks for all.
            dimensions={"CacheClusterId": f"{self._cache_id(service)}-001"},
            statistic="Maximum",
            unit="Percent",
        )
        return (Signal(subject=service, name="cache_memory", metric=memory),)
