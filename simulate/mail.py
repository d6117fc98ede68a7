"""A mail server for the local run: Amazon SES's API, answered by moto on this machine."""

import email
import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from queue import Empty, Queue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import boto3

from simulate.record import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

ENDPOINT = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
REGION = "us-east-1"


class MailServerError(Exception):
    """The mail server does not run; `str()` says why."""


class MailServer:
    """SES's API on a free loopback port from which `sender` may send. Use as a context manager.

    It is a process of its own that starts in the background (importing moto takes more than a second):
    entering returns at once, the first use of it waits until it answers.
    """

    def __init__(self, sender: str, *, timeout: float = 30) -> None:
        self.sender = sender
        self.timeout = timeout
        self._process: subprocess.Popen[str] | None = None
        self._lines: Queue[str] = Queue()
        self._port: int | None = None
        self._client: SESV2Client | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "MOTO_CALL_RESET_API": "false"},
            start_new_session=True,  # Ctrl-C in the terminal ends the run, and the run ends this
        )
        threading.Thread(target=self._drain, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client:
            self._client.close()
        if self._process:
            self._process.kill()
            self._process.wait()

    def client(self) -> "SESV2Client":
        """SES's client for this server, its sender's identity verified."""
        if self._client is None:
            self._client = boto3.client(
                "sesv2",
                region_name=REGION,
                endpoint_url=f"http://127.0.0.1:{self._wait()}",
                aws_access_key_id="local",
                aws_secret_access_key="local",  # noqa: S106 -- moto asks for none, boto3 for some
            )
            self._client.create_email_identity(EmailIdentity=self.sender)
        return self._client

    def messages(self) -> Sequence[EmailMessage]:
        """What arrived, in order, parsed."""
        connection = http.client.HTTPConnection("127.0.0.1", self._wait(), timeout=self.timeout)
        try:
            connection.request("GET", "/moto-api/data.json")
            data: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        raw = data.get("ses", {}).get("RawMessage", [])
        return [email.message_from_string(message["raw_data"], policy=default) for message in raw]

    def inbox(self) -> Sequence[Mail]:
        """The mails that arrived, in order, for the record of the run."""
        return [_mail(message) for message in self.messages()]

    def _drain(self) -> None:
        """Hand on the server's lines, and keep its pipe empty."""
        assert self._process
        assert self._process.stderr
        with self._process.stderr as lines:
            for line in lines:
                if self._port is None:
                    self._lines.put(line)
        self._lines.put("")

    def _wait(self) -> int:
        said: list[str] = []
        while self._port is None:
            try:
                line = self._lines.get(timeout=self.timeout)
            except Empty:
                raise MailServerError(f"The mail server (moto) did not answer within {self.timeout:g} s.") from None
            if not line:
                raise MailServerError(
                    f"The mail server (moto) ended before it answered: {''.join(said)[-500:].strip()}"
                )
            said.append(line)
            if found := ENDPOINT.search(line):
                self._port = int(found[1])
        return self._port


def _mail(message: EmailMessage) -> Mail:
    return Mail(
        at=parsedate_to_datetime(message["Date"]).timestamp(),
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        to=tuple(str(address) for address in message["To"].addresses),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return part.get_content() if part else ""
