"""Rules for what keeps data."""

from collections.abc import Iterator

from policy.rule import Inputs, Rule, each, expects, needs, refuses, shown

BACKUP_DAYS = 7
ENVELOPE = ("kmsKeyId", "kmsMasterKeyId", "sqsManagedSseEnabled")


def backups(inputs: Inputs) -> Iterator[str]:
    days = inputs.get("backupRetentionPeriod")
    if not isinstance(days, int | float) or days < BACKUP_DAYS:
        yield f"backupRetentionPeriod is {shown(days)}, it has to be {BACKUP_DAYS} days or more"


def forced_tls(inputs: Inputs) -> Iterator[str]:
    family = str(inputs.get("family", ""))
    values = {each["name"]: str(each["value"]) for each in inputs.get("parameters") or ()}
    if family.startswith("postgres") and values.get("rds.force_ssl") != "1":
        yield f"rds.force_ssl is {shown(values.get('rds.force_ssl'))}, it has to be 1"


def encrypted_messages(inputs: Inputs) -> Iterator[str]:
    if not any(inputs.get(key) for key in ENVELOPE):
        yield "its messages are not encrypted; set sqsManagedSseEnabled or a key"


def fixed_tags(inputs: Inputs) -> Iterator[str]:
    """`cache` is no image that anybody runs: BuildKit moves it with each build."""
    exclusions = [each.get("filter") for each in inputs.get("imageTagMutabilityExclusionFilters") or ()]
    if inputs.get("imageTagMutability") == "IMMUTABLE_WITH_EXCLUSION" and exclusions == ["cache"]:
        return
    yield from expects(imageTagMutability="IMMUTABLE")(inputs)


def encrypted_repository(inputs: Inputs) -> Iterator[str]:
    scanning = (inputs.get("imageScanningConfiguration") or {}).get("scanOnPush")
    if scanning is not True:
        yield f"imageScanningConfiguration.scanOnPush is {shown(scanning)}, it has to be true"
    kinds = [each.get("encryptionType") for each in inputs.get("encryptionConfigurations") or ()]
    if kinds != ["KMS"]:
        yield f"encryptionConfigurations has {shown(kinds)}, it has to be one of KMS"


def encrypted_disks(inputs: Inputs) -> Iterator[str]:
    for mapping in inputs.get("blockDeviceMappings") or ():
        # The API knows this one as text (RequestLaunchTemplateData), so a provider may hand on either.
        if str((mapping.get("ebs") or {}).get("encrypted")).lower() != "true":
            yield f"the disk {mapping.get('deviceName')} is not encrypted"


RULES = (
    Rule(
        name="private-encrypted-database",
        requires="Databases are encrypted, have no public address and keep their backups.",
        types=("aws:rds/instance:Instance",),
        check=each(refuses("publiclyAccessible"), expects(storageEncrypted=True, copyTagsToSnapshot=True), backups),
        source="Security Hub RDS.2, RDS.3, RDS.11, RDS.17",
    ),
    Rule(
        name="database-forces-tls",
        requires="PostgreSQL takes no connection without TLS.",
        types=("aws:rds/parameterGroup:ParameterGroup",),
        check=forced_tls,
        source="Security Hub RDS.38",
    ),
    Rule(
        name="encrypted-cache",
        requires="Caches are encrypted, at rest and on the way.",
        types=("aws:elasticache/replicationGroup:ReplicationGroup",),
        check=each(
            expects(atRestEncryptionEnabled=True, transitEncryptionEnabled=True), needs("subnetGroupName", "kmsKeyId")
        ),
        source="Security Hub ElastiCache.4, ElastiCache.5, ElastiCache.7",
    ),
    Rule(
        name="private-buckets",
        requires="No bucket can be made public.",
        types=("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",),
        check=expects(blockPublicAcls=True, blockPublicPolicy=True, ignorePublicAcls=True, restrictPublicBuckets=True),
        source="Security Hub S3.8",
    ),
    Rule(
        name="own-key-for-secrets",
        requires="Secrets are encrypted with a key of the stack.",
        types=("aws:secretsmanager/secret:Secret",),
        check=needs("kmsKeyId"),
        source="CIS AWS 7.0, 6",
    ),
    Rule(
        name="rotated-keys",
        requires="Keys are rotated, and can be had back for a while after their deletion.",
        types=("aws:kms/key:Key",),
        check=each(expects(enableKeyRotation=True), needs("deletionWindowInDays")),
        source="Security Hub KMS.3, KMS.4",
    ),
    Rule(
        name="fixed-scanned-images",
        requires="Images are scanned and encrypted, and no tag ever names another one but that of builds' caches.",
        types=("aws:ecr/repository:Repository",),
        check=each(fixed_tags, encrypted_repository),
        source="Security Hub ECR.1, ECR.2, ECR.5",
    ),
    Rule(
        name="encrypted-queues",
        requires="Messages in queues are encrypted.",
        types=("aws:sqs/queue:Queue",),
        check=encrypted_messages,
        source="Security Hub SQS.1",
    ),
    Rule(
        name="encrypted-disks",
        requires="The disks of machines are encrypted.",
        types=("aws:ec2/launchTemplate:LaunchTemplate",),
        check=encrypted_disks,
        source="Security Hub EC2.181",
    ),
    Rule(
        name="logs-have-an-end",
        requires="Every log group says how long it keeps its events.",
        types=("aws:cloudwatch/logGroup:LogGroup",),
        check=needs("retentionInDays"),
        source="Security Hub CloudWatch.16",
    ),
)
