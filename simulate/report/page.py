"""The page: what a record looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from simulate.record import Mail, Record, Second, by_endpoint, by_second, total
from simulate.report.chart import Line, Mark, chart, lanes

HUES = ("one", "two", "three", "four", "five")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A chart with its words. The SVG is safe: `chart` and `lanes` escape every text that they are given."""

    title: str
    caption: str
    lines: Sequence[Line]
    svg: Markup


def milliseconds(seconds: float) -> str:
    """`12 ms`, or `1.25 s` from a second on."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def render(record: Record) -> str:
    """The whole HTML page; it loads nothing from anywhere."""
    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(), trim_blocks=True)
    environment.filters["milliseconds"] = milliseconds
    began = min((request.start for request in record.requests), default=record.started)
    length = max((request.end - began for request in record.requests), default=1.0)
    return environment.get_template("page.html").render(
        record=record,
        style=Markup((folder / "page.css").read_text()),  # noqa: S704 - our own file
        date=datetime.fromtimestamp(record.started, UTC).strftime("%-d %B %Y, %H:%M UTC"),
        length=length,
        all=total(record.requests),
        endpoints=by_endpoint(record.requests),
        plots=_plots(record, began, length),
        kills=[
            {
                "service": kill.service,
                "replica": kill.replica,
                "at": f"{kill.at - began:.1f} s",
                "back": f"{kill.back - kill.at:.1f} s" if kill.back else "never",
                "broken": sum(request.broken and kill.covers(request) for request in record.requests),
            }
            for kill in record.kills
        ],
        mails=[_mail(mail, began) for mail in record.mails],
    )


def _mail(mail: Mail, began: float) -> dict[str, object]:
    return {
        "at": f"after {mail.at - began:.0f} s",
        "subject": mail.subject,
        "sender": mail.sender,
        "to": mail.to,
        "html": mail.html or mail.text,
    }


def _plots(record: Record, began: float, length: float) -> list[Plot]:
    seconds = by_second(record.requests, began)
    kills = [Mark(kill.at - began, f"{kill.service} killed") for kill in record.kills]
    requests = [
        Line(label="answered", style="one", points=[(s.at + 0.5, s.answered) for s in seconds], filled=True),
        Line(label="broken", style="bad", points=[(s.at + 0.5, s.broken) for s in seconds]),
        Line(label="users", style="quiet", points=[(at - began, users) for at, users in record.users]),
    ]
    latency = [_latency(seconds, name, hue) for name, hue in (("p50", "four"), ("p95", "two"), ("p99", "five"))]
    replicas = [
        Line(
            label=name,
            style=HUES[index % len(HUES)],
            points=[(max(at - began, 0), count) for at, count in series],
            step=True,
            filled=True,
        )
        for index, (name, series) in enumerate(record.replicas.items())
    ]
    mails = [(mail.at - began, 0.5) for mail in record.mails]
    replicas.append(Line(label="mails", style="bad", points=mails, dots=True))
    return [
        Plot(
            title="Requests",
            caption="How many requests were answered each second, and how many users made them.",
            lines=requests,
            svg=Markup(chart("Requests over time", "requests per second, users", length, requests, kills)),  # noqa: S704
        ),
        Plot(
            title="Latency",
            caption="Within which time 50, 95 and 99 of a hundred requests were answered, each second.",
            lines=latency,
            svg=Markup(chart("Latency over time", "milliseconds", length, latency, kills)),  # noqa: S704
        ),
        Plot(
            title="Replicas and mails",
            caption="How many replicas of each service were healthy, and when a mail said so.",
            lines=(),
            svg=Markup(lanes("Healthy replicas and mails over time", length, replicas, kills)),  # noqa: S704
        ),
    ]


def _latency(seconds: Sequence[Second], name: str, hue: str) -> Line:
    points = [(s.at + 0.5, getattr(s, name) * 1000) for s in seconds if s.answered + s.broken]
    return Line(label=name, style=hue, points=points)
