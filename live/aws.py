"""AWS as one person asks it: a session for a stack's region, and its refusals in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, TokenRetrievalError

from live.base import LiveError


@contextmanager
def asking(region: str) -> Iterator[boto3.Session]:
    """A session for `region`. What AWS refuses in the block, or why it cannot be asked, is raised as LiveError."""
    try:
        yield boto3.Session(region_name=region)
    except (NoCredentialsError, TokenRetrievalError):
        raise LiveError("there are no AWS credentials here: aws sso login, aws configure, or set AWS_PROFILE") from None
    except (BotoCoreError, ClientError) as error:
        raise LiveError(f"AWS refused in {region}: {error}") from error
