"""Line charts as SVG text, coloured by the page's style sheet."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 28, 30
LANE = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A named series of (seconds, value). A `step` keeps its value until the next point, `dots` stand each for itself;
    `style` is a CSS class.
    """

    label: str
    style: str
    points: Sequence[tuple[float, float]]
    step: bool = False
    filled: bool = False
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to point at, by a dashed line and its label."""

    at: float
    label: str


def ticks(top: float, wanted: int = 4) -> list[float]:
    """Round values from 0 to at least `top`, about `wanted` of them after the 0."""
    rough = max(top, 1e-9) / wanted
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    return [step * i for i in range(math.ceil(max(top, step) / step - 1e-9) + 1)]


def chart(title: str, unit: str, seconds: float, lines: Sequence[Line], marks: Iterable[Mark] = ()) -> str:
    """An `<svg>` of the lines over `seconds`, with its title for those who cannot see it. Values start at 0."""
    heights = ticks(max((value for line in lines for _, value in line.points), default=1))
    floor = HEIGHT - BOTTOM

    def y(value: float) -> float:
        return round(floor - (floor - TOP) * value / heights[-1], 1)

    parts = [f'<text class="tick" x="4" y="12">{escape(unit)}</text>']
    for value in heights:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value)}" y2="{y(value)}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{value:g}</text>')
    for line in lines:
        points = [(_x(at, seconds), y(value)) for at, value in line.points]
        parts.extend(_drawn(line, points, floor))
    return _svg(title, seconds, HEIGHT, parts, marks)


def lanes(title: str, seconds: float, lines: Sequence[Line], marks: Iterable[Mark] = ()) -> str:
    """An `<svg>` with one lane per line, one under the other, each from 0 to its own highest value."""
    floor = TOP
    parts = []
    for line in lines:
        floor += LANE
        top = max((value for _, value in line.points), default=0) or 1
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{floor - 6}" text-anchor="end">{escape(line.label)}</text>')
        if not line.dots:
            parts.append(
                f'<text class="tick" x="{WIDTH - RIGHT}" y="{floor - LANE + 12}" text-anchor="end">{top:g}</text>'
            )
        points = [(_x(at, seconds), round(floor - (LANE - 16) * value / top, 1)) for at, value in line.points]
        parts.extend(_drawn(line, points, floor))
    return _svg(title, seconds, floor + BOTTOM, parts, marks)


def _x(at: float, seconds: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * min(max(at / seconds, 0), 1), 1)


def _svg(title: str, seconds: float, height: int, parts: Iterable[str], marks: Iterable[Mark]) -> str:
    """The frame that every chart shares: the time axis, the parts, and the marks over them."""
    frame = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">']
    for at in ticks(seconds, 8):
        if at <= seconds:
            x = _x(at, seconds)
            frame.append(f'<text class="tick" x="{x}" y="{height - 10}" text-anchor="middle">{at:g} s</text>')
    frame.extend(parts)
    for mark in marks:
        x = _x(mark.at, seconds)
        anchor, shift = ("end", -4) if mark.at > seconds * 0.75 else ("start", 4)
        frame.append(f'<line class="mark" x1="{x}" x2="{x}" y1="{TOP - 8}" y2="{height - BOTTOM}"/>')
        frame.append(
            f'<text class="mark" x="{x + shift}" y="{TOP - 8}" text-anchor="{anchor}">{escape(mark.label)}</text>'
        )
    return "".join([*frame, "</svg>"])


def _drawn(line: Line, points: Sequence[tuple[float, float]], floor: float) -> Iterator[str]:
    if line.dots:
        yield from (f'<circle class="{line.style} dot" cx="{x}" cy="{y}" r="4"/>' for x, y in points)
        return
    path = _path(points, step=line.step)
    if line.filled and points:
        yield f'<path class="{line.style} area" d="{path}L{points[-1][0]},{floor}L{points[0][0]},{floor}Z"/>'
    yield f'<path class="{line.style} line" d="{path}"/>'


def _path(points: Sequence[tuple[float, float]], *, step: bool) -> str:
    pieces = []
    for index, (x, y) in enumerate(points):
        if index == 0:
            pieces.append(f"M{x},{y}")
        elif step:
            pieces.append(f"H{x}V{y}")
        else:
            pieces.append(f"L{x},{y}")
    return "".join(pieces)
