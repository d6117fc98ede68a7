"""For every input: only DescriptionError leaves the reader, merging has laws, variables follow a small model."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workload import Workload, read
from workload.compose import load, plain, schema, tree, values
from workload.compose.interpolate import Scope, SubstitutionError
from workload.compose.shapes import Reading
from workload.errors import DescriptionError

SAMPLE = (Path(__file__).parents[2] / "compose.yaml").read_text()
CORPUS = [path.read_text() for path in sorted((Path(__file__).parent / "corpus").glob("*/compose.yaml"))]
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def said(error: Exception) -> Exception:
    """The error, which must say something."""
    assert str(error)
    return error


def outcome(content: bytes) -> Workload | Exception:
    with TemporaryDirectory() as directory:
        path = Path(directory, "compose.yaml")
        path.write_bytes(content)
        try:
            return read(path, environment={})
        except DescriptionError as error:
            return said(error)


@quick
@given(st.binary(max_size=300))
@example(b"\xff\xfe")
@example(b"a: &a [*a]")
@example(b"? [a]\n: b")
@example(b"services: {a: {image: x, ports: [99999999999999999999]}}")
@example(b"services: {a: {image: x, command: '${', stop_grace_period: 1e999h}}")
@example(b"services: {a: {image: x, cpus: .inf, mem_limit: .nan, scale: 1e400}}")
@example(b"services: {a: null}\nvolumes: null")
@example(b"services: {a: {image: x, volumes: [':', '::', '']}}")
def test_any_bytes_give_a_workload_or_a_described_error(content):
    outcome(content)


@quick
@given(st.text(alphabet="abs:{}[]&*<!-?|>'\"#%@` \n\t$0.", max_size=120))
def test_any_punctuation_gives_a_workload_or_a_described_error(text):
    outcome(b"services:\n  a:\n    image: x\n    " + text.encode())


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["${A:-b}", "${A", "$", "1-2:3", "/x:/y", "service:a", "90s", "1g", "a", "=", "80:80/udp", "\0", "${A_HOST:-x}"]
    ),
)
keys = st.sampled_from(
    [
        *schema.SERVICE.keys,
        *schema.TOP.keys,
        *schema.BUILD.keys,
        *schema.DEPLOY.keys,
        "a",
        "x-ingress",
        "x-scaling",
        "x-managed",
        "x-schedule",
        "x-storage",
        "x-links",
        "x-alarms",
        "test",
        "source",
        "target",
        "type",
        "min",
        "max",
    ]
)
values_of_yaml = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4))
)


@quick
@given(
    st.dictionaries(st.sampled_from(list(schema.SERVICE.keys)), values_of_yaml, max_size=6),
    st.dictionaries(keys, values_of_yaml, max_size=3),
)
def test_any_tree_gives_a_workload_or_a_described_error(service, top):
    document = {**top, "services": {"a": {"image": "x", **service}, "b": {"image": "y", "extends": "a"}}}
    outcome(yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"))


@quick
@given(st.sampled_from([SAMPLE, *CORPUS]), st.integers(0, 10**6), st.integers(0, 12), st.text(max_size=6))
def test_a_valid_file_with_a_hole_gives_a_workload_or_a_described_error(text, start, length, patch):
    start %= len(text)
    outcome((text[:start] + patch + text[start + length :]).encode("utf-8", "surrogatepass"))


def canonical(text: str) -> tree.Node:
    problems: list = []
    node = schema.TOP.read(tree.parse_text(text, "f")[0], "", Reading(Scope({}), Path("/"), problems))
    assert not problems
    return node


ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["a", "b"]),
        "command": st.sampled_from(["run", ["go", "on"]]),
        "environment": st.dictionaries(st.sampled_from("ABC"), st.sampled_from(["1", "2"])),
        "ports": st.lists(st.sampled_from(["80:80", "81:81", "8000-8001:90-91"]), max_size=3),
        "volumes": st.lists(st.sampled_from(["v:/a", "w:/a", "v:/b"]), max_size=3),
        "labels": st.dictionaries(st.sampled_from("LM"), st.sampled_from(["1", "2"])),
        "depends_on": st.lists(st.sampled_from(["x", "y"]), unique=True),
        "dns": st.lists(st.sampled_from(["1.1.1.1", "9.9.9.9"])),
    },
).map(lambda entry: canonical(yaml.safe_dump({"services": {"s": entry}})))


@quick
@given(ENTRIES, ENTRIES, ENTRIES)
def test_merging_is_associative(first, second, third):
    left = schema.TOP.merge(schema.TOP.merge(first, second), third)
    right = schema.TOP.merge(first, schema.TOP.merge(second, third))
    assert plain(left) == plain(right)


@quick
@given(ENTRIES)
def test_merging_with_nothing_changes_nothing(entry):
    nothing = canonical("services: {s: {}}")
    assert plain(schema.TOP.merge(entry, nothing)) == plain(entry)
    assert plain(schema.TOP.merge(nothing, entry)) == plain(entry)


@quick
@given(ENTRIES)
def test_merging_with_itself_changes_nothing(entry):
    assert plain(schema.TOP.merge(entry, entry)) == plain(entry)


VARIABLES = st.dictionaries(st.sampled_from(["A", "B", "LONG_1"]), st.sampled_from(["", "x", "a b", "$A"]))
TEMPLATES = st.recursive(
    st.sampled_from(
        [("text", "plain"), ("text", ": -"), ("dollar",), ("plain", "A"), ("braced", "B"), ("braced", "LONG_1")]
    ),
    lambda inner: st.tuples(st.sampled_from(["-", ":-", "+", ":+"]), st.sampled_from(["A", "B", "C"]), inner),
    max_leaves=5,
)


def written(template: tuple) -> str:
    match template:
        case ("text", text):
            return text
        case ("dollar",):
            return "$$"
        case ("plain", name):
            return f"${name} "
        case ("braced", name):
            return f"${{{name}}}"
        case (operator, name, inner):
            return f"${{{name}{operator}{written(inner)}}}"


def expected(template: tuple, variables: dict[str, str]) -> str:
    match template:
        case ("text", text):
            return text
        case ("dollar",):
            return "$"
        case ("plain", name):
            return variables.get(name, "") + " "
        case ("braced", name):
            return variables.get(name, "")
        case (operator, name, inner):
            value = variables.get(name)
            there = bool(value) if operator[0] == ":" else value is not None
            if operator[-1] == "-":
                return value or "" if there else expected(inner, variables)
            return expected(inner, variables) if there else ""


@quick
@given(st.lists(TEMPLATES, max_size=4), VARIABLES)
def test_variables_follow_the_model(templates, variables):
    text = "".join(map(written, templates))
    assert Scope(variables).substitute(text) == "".join(expected(template, variables) for template in templates)


@quick
@given(st.text(alphabet="${}AB:-+?_ 1", max_size=30))
def test_any_template_is_substituted_or_refused(text):
    try:
        Scope({"A": "x"}).substitute(text)
    except SubstitutionError as error:
        said(error)


@quick
@given(st.integers(0, 10**15))
def test_a_duration_survives_being_printed(nanoseconds):
    duration = values.Duration(nanoseconds // 1000 / 10**6)
    assert values.duration(str(duration)) == pytest.approx(duration)


@quick
@given(st.text(max_size=20))
def test_the_small_grammars_refuse_by_value_error_alone(text):
    for parse in (values.duration, values.size, values.mode, values.words, values.ports, values.expose, values.volume):
        try:
            parse(text)
        except ValueError as error:
            said(error)


@quick
@given(
    st.dictionaries(
        st.from_regex(re.compile(r"[A-Z_]{1,6}"), fullmatch=True), st.text(alphabet="ab '\"#$=\\\n", max_size=12)
    )
)
def test_an_environment_file_is_read_or_refused(variables):
    text = "".join(f"{key}={value}\n" for key, value in variables.items())
    with TemporaryDirectory() as directory:
        Path(directory, ".env").write_text(text)
        Path(directory, "compose.yaml").write_text("services: {a: {image: x}}")
        try:
            load(Path(directory, "compose.yaml"), environment={})
        except DescriptionError as error:
            said(error)
