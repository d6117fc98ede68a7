"""An `up` that is interrupted in its middle, and what comes after."""

import os
import signal
import subprocess
import time

import pytest

from tests.engine.observe import lost


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
def test_an_interrupted_up_is_finished_by_the_next_one(account, sent):
    stack = account.stack("dev")
    account.cloud.forget_calls()
    account.cloud.delay("create", "*aws:rds/instance:Instance*", seconds=600)
    running = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"],
        cwd=account.folder, start_new_session=True,
        env={**os.environ, **account.environment, "PULUMI_SKIP_CHECKPOINTS": "false"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 240
        while not _only_the_database_is_missing(account):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.5)
        running.send_signal(sent)
        if sent == signal.SIGINT:
            account.cloud.behave()  # the engine waits for the calls that are under way
        assert running.wait(timeout=240) != 0
    finally:
        running.kill()
    time.sleep(1)  # the plugins of a killed engine see that it is gone
    account.cloud.behave()
    if sent == signal.SIGKILL:
        # The lock and the creates of unknown end stay, as the engine had no time to say anything.
        stack.cancel()
        stack.refresh(clear_pending_creates=True)
    stack.up()
    assert not lost(account, stack)
    stack.preview(expect_no_changes=True)
    stack.destroy()
    assert account.cloud.objects() == []


def _only_the_database_is_missing(account):
    """Whether the database is being made and nothing else has happened for a while."""
    calls = account.cloud.calls()
    if "data-db" not in {call.name for call in calls if call.error == "began"}:
        return False
    time.sleep(3)
    return len(account.cloud.calls()) == len(calls)
