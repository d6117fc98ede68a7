"""An `up` that is interrupted in its middle, and what comes after."""

import os
import signal
import subprocess
import time

import pytest

from tests.engine.observe import lost
from tests.engine.project import PLACEMENTS, STACKS


@pytest.fixture
def sent(name, target):
    """In turn, so that either signal meets each stack, and each placement in one of them."""
    return (signal.SIGINT, signal.SIGKILL)[(STACKS.index(name) + PLACEMENTS.index(target)) % 2]


@pytest.fixture(scope="module")
def stack(account, name):
    """Not yet made; taken down at the end of its last test."""
    account.join()
    account.configure(name, {"protect": False})
    made = account.stack(name)
    yield made
    made.destroy()
    assert not lost(account)


@pytest.mark.parametrize("target", PLACEMENTS[:1])
def test_an_interrupted_first_up_is_finished_by_the_next_one(account, name, stack, sent, target):
    account.place(name, target)
    _interrupt(account, name, sent, held="data-db")
    _recover(stack, sent)
    assert not lost(account, stack)
    stack.preview(expect_no_changes=True)


@pytest.mark.parametrize("target", PLACEMENTS[1:])
def test_an_interrupted_switch_is_finished_by_the_next_up(account, name, stack, sent, target):
    account.place(name, target)
    _interrupt(account, name, sent, held=f"{target}-deployment-api" if target.startswith("eks") else f"{target}-api")
    _recover(stack, sent)
    assert not lost(account, stack)
    stack.preview(expect_no_changes=True)


def _interrupt(account, name, sent, held):
    """Sends the signal to an `up` when all it waits for is that the resource `held` is made."""
    account.cloud.forget_calls()
    account.cloud.delay("create", f"*::{held}", seconds=600)
    running = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", name],
        cwd=account.folder, start_new_session=True,
        env={**os.environ, **account.environment, "PULUMI_SKIP_CHECKPOINTS": "false"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 240
        while not _waits_for(account, held):
            assert running.poll() is None
            assert time.monotonic() < deadline
        running.send_signal(sent)
        if sent == signal.SIGINT:
            account.cloud.behave()  # the engine waits for the calls that are under way
        assert running.wait(timeout=240) != 0
    finally:
        running.kill()
    time.sleep(1)  # the plugins of a killed engine see that it is gone
    account.cloud.behave()


def _waits_for(account, held):
    """Whether the resource is being made and nothing else has happened for a while."""
    before = len(account.cloud.calls())
    time.sleep(2)
    calls = account.cloud.calls()
    return len(calls) == before and held in {call.name for call in calls if call.error == "began"}


def _recover(stack, sent):
    if sent == signal.SIGKILL:
        # The lock and the creates of unknown end stay, as the engine had no time to say anything.
        stack.cancel()
        stack.refresh(clear_pending_creates=True)
    stack.up()
