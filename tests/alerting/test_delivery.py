"""Neither lost nor doubled: the real handler against moto's server, with every fault that it may meet."""

import copy
import json
from collections import Counter

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from alerting.handler.catalogue import TEST_SOURCE
from alerting.handler.delivery import SIMULATOR
from alerting.handler.quota import FRESH
from alerting.replay import replay
from tests.alerting import samples
from tests.alerting.cloud import Cloud, Killed, clients, reset, serve

endpoint = pytest.fixture(scope="module")(serve)


@pytest.fixture
def cloud(endpoint, monkeypatch):
    reset()
    return Cloud(endpoint, monkeypatch)


def stopped(number: int, group: str = "worker") -> dict:
    event = copy.deepcopy(samples.TASK_STOPPED)
    event["detail"]["taskArn"] += f"/{number}"
    event["detail"]["group"] = f"service:{group}"
    return event


BEGIN, END = samples.on_the_bus("ALARM", "OK"), samples.on_the_bus("OK", "ALARM")
STORY = (BEGIN, BEGIN, END, END, stopped(1), stopped(2), stopped(3), stopped(2))
"""An incident that begins and ends, and a crash loop of three; copies of both."""
FIRST = "[NOTIFY] portal-prod: worker, a task stopped on ecs-fargate"
REST = "[NOTIFY] portal-prod: worker, a task stopped, 2 times on ecs-fargate"
TOLD = {
    "[PAGE] portal-prod: api, fewer replicas run than wanted (1 replica) on eks-ec2": 1,
    "[RESOLVED] portal-prod: api, fewer replicas run than wanted on eks-ec2": 1,
    FIRST: 1,
    REST: 1,
}


def subjects(cloud: Cloud, *, copies: bool) -> Counter[str]:
    return Counter(str(mail["Subject"]) for mail in cloud.mails if ("X-Possible-Copy" in mail) == copies)


def answer(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendEmail")


def test_each_incident_is_mailed_once_at_once_and_the_rest_of_a_crash_loop_as_one_digest(cloud):
    assert cloud.play(*STORY) == []
    assert subjects(cloud, copies=False) == TOLD
    assert not subjects(cloud, copies=True)


def kill_points(endpoint, monkeypatch) -> list[tuple[str, int, str]]:
    reset()
    points: list[tuple[str, int, str]] = []
    Cloud(endpoint, monkeypatch, lambda when, operation, call: points.append((when, call, operation))).play(*STORY)
    return points


READS = {("after", "Get"), ("after", "Fil")}


def test_killed_at_any_step_nothing_is_lost_and_a_second_mail_says_that_it_may_be_one(endpoint, monkeypatch):
    # After a call that only reads is before the next one.
    points = [(w, c, o) for w, c, o in kill_points(endpoint, monkeypatch) if (w, o[:3]) not in READS]
    assert len(points) > 40
    mailed = {call for when, call, operation in points if operation == "SendEmail"}
    for point in points:
        when, call, _ = point
        alive = [True]

        def kill(when: str, operation: str, call: int, point=point, alive=alive) -> None:
            if alive[0] and (when, call, operation) == point:
                alive[0] = False
                raise Killed

        reset()
        cloud = Cloud(endpoint, monkeypatch, kill)
        assert cloud.play(*STORY) == [], point
        assert not alive[0], point
        seen = subjects(cloud, copies=False) + subjects(cloud, copies=True)
        assert set(seen) == set(TOLD), point
        twice = {subject for subject, times in seen.items() if times > 1}
        # SES has the mail and the journal does not know it: nobody can tell whether to send again.
        unavoidable = (when == "after" and call in mailed) or (when == "before" and call - 1 in mailed)
        assert bool(twice) == unavoidable, point
        assert all(subjects(cloud, copies=False)[subject] == 1 for subject in twice), point


def test_a_process_at_work_is_not_overtaken(cloud):
    cloud.fault = lambda when, operation, call: (_ for _ in ()).throw(Killed) if operation == "SendEmail" else None
    with pytest.raises(Killed):
        cloud.handle(BEGIN)
    cloud.fault = lambda *_: None
    assert cloud.handle(BEGIN) == [json.dumps(BEGIN)]
    assert cloud.mails == []


def fails(times: int, error: Exception, when: str = "before", operation: str = "SendEmail"):
    left = [times]

    def fault(now: str, called: str, call: int) -> None:
        if (now, called) == (when, operation) and left[0]:
            left[0] -= 1
            raise error

    return fault


@pytest.mark.parametrize(
    "error",
    [
        answer("TooManyRequestsException", 429),
        answer("LimitExceededException"),
        EndpointConnectionError(endpoint_url="x"),
    ],
)
def test_what_ses_certainly_did_not_take_is_sent_again_as_no_copy(cloud, error):
    cloud.fault = fails(3, error)
    assert cloud.handle(BEGIN) == []
    assert (len(cloud.mails), subjects(cloud, copies=True), cloud.told_by_sns) == (1, Counter(), [])


@pytest.mark.parametrize(
    "error",
    [ConnectionClosedError(endpoint_url="x"), ReadTimeoutError(endpoint_url="x"), answer("InternalFailure", 500)],
)
def test_a_mail_that_ses_took_before_the_line_dropped_is_followed_by_one_that_says_so(cloud, error):
    cloud.fault = fails(1, error, when="after")
    assert cloud.handle(BEGIN) == []
    assert ["X-Possible-Copy" in mail for mail in cloud.mails] == [False, True]
    assert "may have reached you before" in cloud.mails[1].get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "code",
    ["MessageRejected", "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"],
)
def test_what_ses_refuses_goes_the_second_way_at_once_and_once(cloud, code):
    cloud.fault = fails(99, answer(code))
    assert cloud.play(BEGIN, BEGIN) == []
    assert cloud.calls.count("SendEmail") == 1
    assert cloud.told_by_sns == [next(iter(TOLD))]


def test_without_any_way_out_it_waits_and_is_told_once_when_one_opens(cloud):
    ses, sns = fails(8, answer("TooManyRequestsException")), fails(2, answer("InternalFailure"), operation="Publish")
    cloud.fault = lambda *call: (ses(*call), sns(*call))
    assert cloud.play(BEGIN) == []
    assert (len(cloud.mails), subjects(cloud, copies=True)) == (1, Counter())


def test_what_no_way_takes_ends_in_the_dead_letters(cloud):
    ses, sns = fails(999, answer("MessageRejected")), fails(999, answer("InternalFailure"), operation="Publish")
    cloud.fault = lambda *call: (ses(*call), sns(*call))
    assert cloud.play(BEGIN) == [BEGIN]


def test_a_page_does_not_wait_for_a_journal_that_is_down(cloud):
    cloud.fault = fails(99, answer("InternalServerError", 500), operation="UpdateItem")
    assert cloud.handle(BEGIN) == []
    assert ["X-Possible-Copy" in mail for mail in cloud.mails] == [True]


def test_an_alarm_that_flaps_gives_its_first_pair_and_one_digest(cloud):
    pairs = []
    for minute in range(4):
        begin, end = copy.deepcopy(BEGIN), copy.deepcopy(END)
        for event, began, at in (
            (begin, None, f"2026-11-23T10:0{minute}:00Z"),
            (end, f"2026-11-23T10:0{minute}:00Z", f"2026-11-23T10:0{minute}:30Z"),
        ):
            event["detail"]["state"]["timestamp"] = at
            event["detail"]["previousState"]["timestamp"] = began or "2026-11-23T09:00:00Z"
        pairs += [begin, end]
    assert cloud.play(*pairs) == []
    tags = [str(mail["Subject"]).partition("]")[0] for mail in cloud.mails]
    assert tags == ["[PAGE", "[RESOLVED", "[RESOLVED"]
    assert ", 3 times on eks-ec2" in cloud.mails[2]["Subject"]
    assert "The last is over." in cloud.mails[2].get_body(("plain",)).get_content()


def test_what_still_goes_on_after_a_digest_is_closed_by_a_mail_of_its_own(cloud):
    again, over = copy.deepcopy(BEGIN), copy.deepcopy(END)
    again["detail"]["state"]["timestamp"] = over["detail"]["previousState"]["timestamp"] = "2026-11-23T10:13:00Z"
    over["detail"]["state"]["timestamp"] = "2026-11-23T10:30:00Z"
    assert cloud.play(BEGIN, END, again) == []
    assert "The last has not been reported as over." in cloud.mails[2].get_body(("plain",)).get_content()
    assert cloud.handle(over) == []
    assert str(cloud.mails[3]["Subject"]).startswith("[RESOLVED] portal-prod: api")


def test_a_storm_gives_one_mail_and_one_digest_for_each_of_its_incidents(cloud):
    storm = [stopped(number, f"service-{number % 5}") for number in range(200)]
    assert cloud.play(*storm) == []
    seen = subjects(cloud, copies=False)
    assert sum(seen.values()) == len(seen)
    gathered = Counter(subject.partition(", ")[0] for subject in seen)
    assert set(gathered.values()) == {2}
    assert sum(int(s.split(", ")[2].split()[0]) for s in seen if "times" in s) == 200 - 5


def used(cloud: Cloud, share: float) -> None:
    """SES says so from now on."""
    cloud.quota |= {"SentLast24Hours": share * cloud.quota["Max24HourSend"]}
    cloud.now += FRESH


def test_when_little_is_left_of_the_days_quota_pages_go_out_and_the_rest_is_one_digest(cloud):
    used(cloud, 0.9)
    assert cloud.play(*STORY) == []
    gathered = {FIRST: 0, REST.replace("2 times", "3 times"): 1}
    assert subjects(cloud, copies=False) == Counter({**TOLD, REST: 0, **gathered})
    assert cloud.told_by_sns == []


def test_when_nothing_is_left_all_goes_the_second_way_once_and_ses_is_not_tried(cloud):
    used(cloud, 1)
    assert cloud.play(*STORY) == []
    assert (cloud.calls.count("SendEmail"), len(cloud.told_by_sns)) == (0, 3)


def test_what_was_told_is_not_told_again_when_the_quota_runs_low(cloud):
    assert cloud.handle(stopped(1)) == []
    used(cloud, 0.9)
    assert cloud.play(stopped(1)) == []
    assert subjects(cloud, copies=False) == {FIRST: 1}


def test_what_was_held_for_the_quota_is_told_once_when_there_is_more_again(cloud):
    used(cloud, 0.9)
    assert cloud.handle(stopped(1)) == []
    used(cloud, 0)
    assert cloud.play(stopped(1)) == []
    assert len(cloud.mails) == 1


def test_without_a_limit_nothing_is_spared(cloud):
    cloud.quota |= {"Max24HourSend": -1.0}
    used(cloud, -100_000)
    assert cloud.handle(stopped(1)) == []
    assert subjects(cloud, copies=False) == {FIRST: 1}


TEST = {"source": TEST_SOURCE, "detail": {"stack": samples.STACK, "name": "one"}}
ARRIVED = {"source": "aws.ses", "detail-type": "Email Delivered", "detail": {"mail": {"tags": {"probe": ["one"]}}}}


def test_a_test_event_mails_the_simulator_alone_and_its_arrival_is_noted(cloud):
    assert cloud.handle(TEST) == []
    assert [str(mail["To"]) for mail in cloud.mails] == [SIMULATOR]
    assert cloud.journal.told("test/one") is None
    assert cloud.handle(ARRIVED) == []
    assert cloud.journal.told("test/one") == "delivered"


def test_a_test_that_ses_refuses_is_not_tried_again_nor_told_to_people(cloud):
    cloud.fault = fails(9, answer("MessageRejected"))
    assert cloud.handle(TEST) == []
    assert (cloud.calls.count("SendEmail"), cloud.told_by_sns) == (1, [])


def test_a_test_that_ses_throttles_comes_again(cloud):
    cloud.fault = fails(1, answer("TooManyRequestsException"))
    assert cloud.handle(TEST) == [json.dumps(TEST)]


def test_replay_moves_every_dead_letter_once_and_leaves_none(cloud, endpoint):
    sqs = clients(endpoint)["sqs"]
    queue, undelivered = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "undelivered"))
    for number in range(23):
        sqs.send_message(QueueUrl=undelivered, MessageBody=json.dumps(stopped(number)))
    assert replay(sqs, undelivered=undelivered, queue=queue) == 23
    assert replay(sqs, undelivered=undelivered, queue=queue) == 0
    assert [event for _, event in cloud.asked_for()] == [stopped(number) for number in range(23)]


def test_what_is_replayed_after_it_was_told_is_not_told_again(cloud):
    cloud.play(BEGIN, END)
    cloud.now += 3600
    assert cloud.play(BEGIN, END) == []
    assert len(cloud.mails) == 2
