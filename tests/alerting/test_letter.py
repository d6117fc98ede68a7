from dataclasses import replace

import pytest

from alerting.handler import letter
from alerting.handler.mailer import message
from alerting.notification import Link
from tests.alerting.samples import DEPLOYMENT_FAILED, TASK_STOPPED, on_the_bus, told

OPENING, CLOSING = told(on_the_bus("ALARM", "OK")), told(on_the_bus("OK", "ALARM"))
MARKUP = "<script>document.title='stolen'</script>" + "x" * 120


@pytest.mark.parametrize(
    ("notification", "subject"),
    [
        (OPENING, "[PAGE] portal-prod: api, fewer replicas run than wanted (1 replica) on eks-ec2"),
        (CLOSING, "[RESOLVED] portal-prod: api, fewer replicas run than wanted on eks-ec2"),
        (told(TASK_STOPPED), "[NOTIFY] portal-prod: worker, a task stopped on ecs-fargate"),
        (told(DEPLOYMENT_FAILED), "[PAGE] portal-prod: api, its deployment failed on ecs-fargate"),
        (replace(OPENING, place=""), "[PAGE] portal-prod: api, fewer replicas run than wanted (1 replica)"),
    ],
)
def test_the_subject_says_how_bad_what_and_where(notification, subject):
    assert letter.subject(notification) == subject


def test_a_long_subject_is_cut():
    subject = letter.subject(replace(OPENING, subject="x" * 500))
    assert len(subject) == 180
    assert subject.endswith("…")


def test_the_text_is_for_people():
    assert (
        letter.text(CLOSING)
        == """\
api: back to normal

It is over (fewer replicas run than wanted). It lasted 12 min. Nothing is left to do.

Service:    api
Where:      eks-ec2, stack portal-prod
Value:      2 replicas
Alarm when: below 2 replicas
Began:      2026-11-23 10:00:00 UTC
Ended:      2026-11-23 10:12:30 UTC
Rule:       running (page)

Why:
  Threshold Crossed: 2 of 3

The alarm in CloudWatch:
  https://eu-central-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/portal-prod-alarm-eks-ec2-api-running

--\x20
Sent by the alarms of portal-prod. The threshold is tuned under x-alarms in compose.yaml (rule running), \
recipients in the stack's config under alerts.
"""
    )


def test_the_headers_make_one_thread_and_mark_a_robot():
    opening, closing = (message(n, "alarms@example.com", ["a@example.com"]) for n in (OPENING, CLOSING))
    assert opening["References"] == closing["References"] == opening["In-Reply-To"]
    assert opening["Message-ID"] != closing["Message-ID"]
    assert opening["Auto-Submitted"] == "auto-generated"
    assert opening["List-Unsubscribe"] == "<mailto:alarms@example.com?subject=unsubscribe>"
    assert (opening["Importance"], closing["Importance"]) == ("high", None)


def test_a_link_that_is_no_web_page_is_left_out():
    assert "javascript" not in letter.html(replace(OPENING, links=(Link(text="click", url="javascript:alert(1)"),)))


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 600, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mail_fits_every_width_and_runs_nothing(browser, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 400}, color_scheme=scheme)
    page.set_content(letter.html(replace(OPENING, subject=MARKUP, summary=MARKUP, reason=MARKUP, log=(MARKUP,))))
    card = page.locator("table.card")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert card.bounding_box()["width"] <= 600
    assert page.title() != "stolen"
    assert MARKUP in page.locator("h1").inner_text().replace("\n", "")
    background = card.evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(34, 37, 44)")
    page.close()
