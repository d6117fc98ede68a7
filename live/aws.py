"""AWS as one person asks it: a session for a stack's region, and what it says instead of an answer in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from live.base import LiveError

WITHOUT = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    LoginError,
    TokenRetrievalError,
)
INVALID = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
"""Codes by which AWS refuses credentials (AWS: IAM user guide, common errors)."""


@contextmanager
def asking(region: str) -> Iterator[boto3.Session]:
    """A session for `region`. What AWS refuses in the block, or why it cannot be asked, is raised as LiveError."""
    try:
        yield boto3.Session(region_name=region)
    except WITHOUT as error:
        raise _credentials(error) from None
    except ClientError as error:
        if error.response["Error"]["Code"] in INVALID:
            raise _credentials(error) from None
        raise LiveError(f"AWS refused in {region}: {error}") from error
    except BotoCoreError as error:
        raise LiveError(f"AWS cannot be asked in {region}: {error}") from error


def _credentials(error: Exception) -> LiveError:
    return LiveError(f"no AWS credentials that are valid: {error}: aws sso login, aws configure, or set AWS_PROFILE")
