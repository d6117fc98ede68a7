"""Where the load balancer keeps the record of every request."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from foundation.iam import policy
from foundation.names import Names

_DAYS = 365
_PREFIX_LIMIT = 37  # AWS's provider: the rest of the 63 characters is its random suffix


def access_logs(
    name: str,
    *,
    names: Names,
    account: pulumi.Input[str],
    protect: bool,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> aws.s3.BucketPolicy:
    """A private encrypted bucket that a load balancer of this account and region may write to, and nobody reads without
    TLS. The policy is given, as it has to stand before the load balancer names its `bucket`.

    Encryption is SSE-S3, the only one that access logs take, and one service principal serves all regions (AWS: "Enable
    access logs for your Application Load Balancer", Elastic Load Balancing user guide).
    """
    opts = pulumi.ResourceOptions(parent=parent)
    bucket = aws.s3.Bucket(
        name,
        bucket_prefix=f"{names.of('requests', limit=_PREFIX_LIMIT - 1)}-",
        force_destroy=not protect,
        tags=dict(tags),
        opts=pulumi.ResourceOptions(parent=parent, protect=protect),
    )
    private = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": _DAYS},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
        opts=opts,
    )
    return aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=policy(
            {
                "Sid": "LoadBalancerWrites",
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": pulumi.Output.concat(bucket.arn, "/AWSLogs/", account, "/*"),
            },
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[private]),
    )
