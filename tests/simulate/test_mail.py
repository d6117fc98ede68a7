import os
import socket
import sys
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from alerting.handler.function import respond
from alerting.handler.mailer import Mailer
from simulate.mail import MailServer, MailServerError
from tests.alerting import samples

SENDER, TEAM = "alarms@example.com", ["on-call@example.com", "lead@example.com"]


def test_each_change_of_state_arrives_as_one_mail_in_one_thread():
    with MailServer(SENDER) as server:
        mailer = Mailer(server.client(), sender=SENDER, recipients=TEAM)
        for event in (samples.on_the_bus("ALARM", "OK"), samples.on_the_bus("OK", "ALARM")):
            assert respond(event, samples.ALARMS, samples.STACK, mailer.send) == 1
        opening, closing = server.inbox()
        threads = {(message["References"], message["In-Reply-To"]) for message in server.messages()}
        with pytest.raises(ClientError, match="authority"):
            Mailer(server.client(), sender="stranger@example.org", recipients=TEAM).send(
                samples.told(samples.on_the_bus("ALARM", "OK"))
            )
    assert opening.subject.startswith("[PAGE] portal-prod: api, ")
    assert closing.subject.startswith("[RESOLVED] portal-prod: api, ")
    assert (opening.sender, opening.to) == (f"portal-prod alarms <{SENDER}>", tuple(TEAM))
    assert opening.at == datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()
    assert "Act now" in opening.text
    assert "<h1" in opening.html
    assert len(threads) == 1


def test_leaving_ends_the_server_and_frees_its_port():
    with MailServer(SENDER) as server:
        port = int(server.client().meta.endpoint_url.rpartition(":")[2])
        pid = server._process.pid
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with MailServer(SENDER) as server, pytest.raises(MailServerError, match="ended before it answered"):
        server.client()
