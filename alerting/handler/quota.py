"""What Amazon SES lets the account send, in a second and in 24 hours."""

import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

log = logging.getLogger(__name__)
SANDBOX_RATE = 1.0
"""Recipients per second in the sandbox (AWS: Amazon SES developer guide, service quotas)."""
RESERVE = 0.2
"""The share of 24 hours' quota that is spared for pages and digests."""
FRESH = 120
"""Seconds for which SES's answer is believed."""


class Rest(Enum):
    AMPLE = auto()
    LOW = auto()
    NONE = auto()


class Quota:
    """The account's quota as SES tells it. While SES does not tell, the last that it told stands; before any, the
    sandbox's rate does and the day has no limit.
    """

    def __init__(self, ses: "SESV2Client", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ses = ses
        self._clock = clock
        self._stale_at = float("-inf")
        self._rate: float | None = SANDBOX_RATE
        self._rest = Rest.AMPLE

    def rate(self) -> float | None:
        """Recipients per second; None is any."""
        self._refresh()
        return self._rate

    def rest(self) -> Rest:
        """What is left of the 24 hours' quota."""
        self._refresh()
        return self._rest

    def _refresh(self) -> None:
        if self._clock() < self._stale_at:
            return
        self._stale_at = self._clock() + FRESH
        try:
            told = self._ses.get_account()["SendQuota"]
        except (BotoCoreError, ClientError, KeyError) as problem:
            log.warning("SES does not tell its quota: %s", problem)
            return
        # -1 is no limit (AWS: Amazon SES API v2, SendQuota, of the 24 hours; taken alike for the rate).
        rate, most = told.get("MaxSendRate", SANDBOX_RATE), told.get("Max24HourSend", -1)
        self._rate = rate if rate > 0 else None
        left = most - told.get("SentLast24Hours", 0)
        if most < 0 or left > RESERVE * most:
            self._rest = Rest.AMPLE
        else:
            self._rest = Rest.LOW if left > 0 else Rest.NONE
