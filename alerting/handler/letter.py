"""A Notification as a mail: subject, text and HTML. Pure."""

from datetime import datetime, timedelta
from html import escape

from alerting.notification import Measured, Notification, State
from alerting.rules import Severity

ACCENT = {Severity.PAGE: "#c62828", Severity.NOTIFY: "#b26a00", Severity.DIGEST: "#3f6090"}
RESOLVED = "#2e7d32"
ASKS = {
    Severity.PAGE: "Act now: users are hurt, or will be within minutes.",
    Severity.NOTIFY: "Look today: it hurts if it goes on.",
    Severity.DIGEST: "Nobody has to act; good to know.",
}
PICTURE = "metric"
"""The content id of the metric's picture, which the mail carries along."""
LONGEST_SUBJECT = 180
LONGEST_REASON = 1000

# Clients that know dark mode use these; the others keep the light colours of the style attributes.
STYLE = """
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background:#16181d!important}.card{background:#22252c!important}
.ink{color:#f1f3f5!important}.soft{color:#aab2bd!important}.line{border-color:#3a3f48!important}
.code{background:#16181d!important;color:#dfe3e8!important}.link{color:#8ab4f8!important}}
@media (max-width:480px){.pad{padding-left:16px!important;padding-right:16px!important}.title{font-size:20px!important}}
"""
FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
MONO = "font-family:ui-monospace,Menlo,Consolas,monospace"


def subject(told: Notification) -> str:
    """How bad, which stack, what, and where.

    `[PAGE] portal-prod: api, fewer replicas run than wanted (1 replica) on eks-ec2`.
    """
    tag = "RESOLVED" if told.state is State.OK else told.severity.upper()
    value = (
        f" ({_number(told.measured.value, told.measured.unit)})"
        if told.state is State.ALARM and told.measured and told.measured.value is not None
        else ""
    )
    place = f" on {told.place}" if told.place else ""
    line = f"[{tag}] {told.stack}: {told.subject}, {told.summary}{value}{_times(told)}{place}"
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def text(told: Notification) -> str:
    """The mail for a reader without HTML."""
    lines = [_headline(told), "", _ask(told), ""]
    width = max(len(name) for name, _ in _facts(told)) + 1
    lines += [f"{name + ':':{width}} {value}" for name, value in _facts(told)]
    if told.first and told.state is State.ALARM:
        lines += ["", "Look at first:", f"  {told.first}"]
    if told.reason:
        lines += ["", "Why:", f"  {told.reason[:LONGEST_REASON]}"]
    if told.log:
        lines += ["", "Last log lines:", *(f"  {line}" for line in told.log)]
    if told.links:
        lines += ["", *(f"{link.text}:\n  {link.url}" for link in told.links)]
    return "\n".join([*lines, "", "-- ", _footer(told), ""])


def html(told: Notification) -> str:
    """The mail as HTML: one column of at most 600 px, tables and inline styles, as mail clients want it."""
    accent = RESOLVED if told.state is State.OK else ACCENT[told.severity]
    badge = "RESOLVED" if told.state is State.OK else told.severity.upper()
    facts = "".join(
        f'<tr><td class="soft line" style="padding:8px 12px 8px 0;border-top:1px solid #e3e6ea;color:#5b6570;'
        f'white-space:nowrap;vertical-align:top">{escape(name)}</td>'
        f'<td class="ink line" style="padding:8px 0;border-top:1px solid #e3e6ea;color:#1c2127;'
        f'overflow-wrap:anywhere;word-break:break-word">{escape(value)}</td></tr>'
        for name, value in _facts(told)
    )
    picture = (
        f'<img src="cid:{PICTURE}" width="544" alt="{escape(told.rule)} over the last hours" '
        f'style="display:block;width:100%;max-width:544px;height:auto;border-radius:6px;margin:0 0 16px 0">'
        if told.picture
        else ""
    )
    more = ""
    if told.first and told.state is State.ALARM:
        more += (
            f'<p class="ink" style="margin:18px 0 0 0;padding:10px 14px;border-left:4px solid {accent};font-size:15px;'
            f'line-height:1.5;color:#1c2127"><b>Look at first</b><br>{escape(told.first)}</p>'
        )
    if told.reason:
        more += _block("Why", told.reason[:LONGEST_REASON])
    if told.log:
        more += _block("Last log lines", "\n".join(told.log))
    links = " &nbsp;·&nbsp; ".join(
        f'<a class="link" href="{escape(link.url)}" style="color:#1a5fb4">{escape(link.text)}</a>'
        for link in told.links
        if link.url.startswith("https://")
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{escape(subject(told))}</title><style>{STYLE}</style></head>
<body class="page" style="margin:0;padding:0;background:#f1f3f5">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f1f3f5">
<tr><td align="center" style="padding:16px 8px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0"
 style="max-width:600px;background:#ffffff;border-radius:8px;border-top:6px solid {accent};{FONT};text-align:left">
<tr><td class="pad" style="padding:24px 28px 0 28px">
<span style="display:inline-block;background:{accent};color:#ffffff;border-radius:4px;padding:3px 9px;
font-size:12px;font-weight:700;letter-spacing:.06em">{badge}</span>
<span class="soft" style="color:#5b6570;font-size:14px">&nbsp; {escape(told.stack)}</span>
<h1 class="ink title" style="margin:14px 0 6px 0;font-size:23px;line-height:1.3;color:#1c2127;overflow-wrap:anywhere">
{escape(_headline(told))}</h1>
<p class="soft" style="margin:0 0 18px 0;font-size:15px;line-height:1.5;color:#5b6570">{escape(_ask(told))}</p>
{picture}
<table width="100%" cellpadding="0" cellspacing="0" style="font-size:15px;line-height:1.45">{facts}</table>
{more}
<p style="margin:20px 0 24px 0;font-size:15px;line-height:1.6">{links}</p>
</td></tr></table>
<p class="soft"
 style="max-width:600px;margin:14px auto;padding:0 12px;font-size:12px;line-height:1.5;color:#5b6570;{FONT}">
{escape(_footer(told))}</p>
</td></tr></table></body></html>
"""


def _headline(told: Notification) -> str:
    return f"{told.subject}: {'back to normal' if told.state is State.OK else told.summary}"


def _times(told: Notification) -> str:
    return f", {told.repeats} {'time' if told.repeats == 1 else 'times'}" if told.repeats else ""


def _ask(told: Notification) -> str:
    if told.repeats:
        over = "is over" if told.state is State.OK else "has not been reported as over"
        span = _duration(told.at - (told.since or told.at))
        return f"Gathered in one mail:{_times(told).removeprefix(',')} in {span}. The last {over}."
    if told.state is State.ALARM:
        return ASKS[told.severity]
    lasted = f" It lasted {_duration(told.at - told.since)}." if told.since and told.since < told.at else ""
    return f"It is over ({told.summary}).{lasted} Nothing is left to do."


def _facts(told: Notification) -> list[tuple[str, str]]:
    facts = [("Service", told.subject), ("Where", ", ".join(filter(None, (told.place, f"stack {told.stack}"))))]
    if told.measured:
        measured = told.measured
        facts += [("Value", _number(measured.value, measured.unit)), ("Alarm when", _line(measured))]
    if told.since and told.since < told.at:
        facts.append(("Began", _moment(told.since)))
    if told.changed:
        facts.append(("Changed last", told.changed))
    begun = "Last" if told.repeats else "Since"
    facts.append(("Ended" if told.state is State.OK else begun, _moment(told.at)))
    return [*facts, ("Rule", f"{told.rule} ({told.severity})")]


def _block(title: str, content: str) -> str:
    return (
        f'<p class="soft" style="margin:18px 0 6px 0;font-size:13px;color:#5b6570">{escape(title)}</p>'
        f'<div class="code" style="background:#f1f3f5;color:#1c2127;border-radius:6px;padding:10px 12px;font-size:13px;'
        f'line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere;word-break:break-word;{MONO}">{escape(content)}</div>'
    )


def _footer(told: Notification) -> str:
    tune = f"The threshold is tuned under x-alarms in compose.yaml (rule {told.rule}), " if told.measured else ""
    recipients = "recipients in the stack's config under alerts."
    copy = "This mail may have reached you before: an earlier attempt ended without an answer. " if told.copy else ""
    return f"{copy}Sent by the alarms of {told.stack}. {tune}{recipients if tune else recipients.capitalize()}"


def _line(measured: Measured) -> str:
    return f"{measured.comparison.words} {_number(measured.threshold, measured.unit)}"


def _number(value: float | None, unit: str) -> str:
    """With its unit, as a person writes it: `1.5 GiB`, `93 %`, `2 replicas`."""
    if value is None:
        return "no data"
    if unit == "bytes":
        return f"{value / 1024**3:,.1f} GiB"
    number = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{number} {unit.removesuffix('s') if number == '1' and len(unit) > 1 else unit}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _duration(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
