"""A secret of a stack in AWS Secrets Manager: written, never read."""

from botocore.exceptions import ClientError

from live.aws import asking
from live.base import LiveError


def put(name: str, value: str, *, region: str, stack: str) -> str:
    """Make `value` the current version of the secret `name`; gives its id. Raises LiveError."""
    with asking(region) as session:
        try:
            answer = session.client("secretsmanager").put_secret_value(SecretId=name, SecretString=value)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise LiveError(
                f"there is no secret {name} in {region}. A stack's own comes with its `up`, an external one from you:\n"
                f"    pulumi up --stack {stack}\n"
                f"    aws secretsmanager create-secret --name {name} --region {region}"
            ) from None
    return str(answer["VersionId"])
