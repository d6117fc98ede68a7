"""Before anything is made: does Amazon SES let the alarms' mails through? Said aloud, and never in the way of `up`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pulumi

from settings import Settings

VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
FILES = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}
VENDOR = Path("/sys/class/dmi/id/sys_vendor")
"""Says `Amazon EC2` on an instance (Amazon EC2 user guide, detect whether a host is an EC2 instance)."""
SECONDS = 3


def preflight(settings: Settings) -> None:
    """Warn of what keeps this stack's mails from their readers; `preview`, `up` and `switchyard plan` show it."""
    for warning in warnings(settings):
        pulumi.log.warn(warning)


def warnings(settings: Settings) -> Iterator[str]:
    """In plain words, each with its repair. Without credentials one that nothing was asked: this takes no time then."""
    if not (settings.alerts.sender and settings.alerts.to):
        return
    if not credentials():
        yield "SKIPPED: whether Amazon SES will mail the alarms was not asked, as there are no AWS credentials here"
        return
    # Importing boto3 takes longer than the rest of a plan's own work.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from alerting.obstacles import obstacles  # noqa: PLC0415

    brief = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1})
    try:
        ses = boto3.client("sesv2", region_name=settings.region, config=brief)
        yield from (f"alerts: {obstacle}" for obstacle in obstacles(ses, settings.alerts))
    except (BotoCoreError, ClientError) as error:
        yield f"SKIPPED: whether Amazon SES will mail the alarms could not be asked: {error}"


def credentials() -> bool:
    """Whether the environment or a file names credentials, or this is an EC2 instance, which may have a role."""
    files = (Path(os.environ.get(variable, file)).expanduser() for variable, file in FILES.items())
    return any(os.environ.get(variable) for variable in VARIABLES) or any(file.is_file() for file in files) or _on_ec2()


def _on_ec2() -> bool:
    try:
        return VENDOR.read_text().strip() == "Amazon EC2"
    except OSError:
        return False
