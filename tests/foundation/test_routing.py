import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.routing import health_path, parking_priorities, problems, routes
from tests.foundation.portal import container, portal, probe, workload
from workload.model import HealthCheck, Ingress, Service, Workload
from workload.text import Text

WEB = Ingress(port=8000)
names = st.text("abcdefghij", min_size=1, max_size=6)
paths = st.lists(names, max_size=4).map(lambda parts: "/" + "/".join(parts))
ingresses = st.builds(Ingress, port=st.just(80), path=paths, host=st.none() | names.map(lambda name: f"{name}.example"))


def serving(**asked: Ingress) -> Workload:
    return workload({name: Service(container=container(name), ingress=ingress) for name, ingress in asked.items()})


def checked(*test: str) -> Service:
    return Service(container=container("web", healthcheck=HealthCheck(test=tuple(Text.of(part) for part in test))))


def test_the_load_balancer_asks_what_the_health_check_asks() -> None:
    service = Service(container=container("web", healthcheck=probe(8000)))
    assert health_path(service, WEB) == "/health/ready"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("curl -f http://localhost:8000/up || exit 1", "/up"),
        ('curl "http://127.0.0.1:8000/up?deep=1"', "/up?deep=1"),
        ("curl http://localhost:8000", "/"),
        ("curl http://localhost:9000/metrics", "/"),
        ("pg_isready -h 127.0.0.1", "/"),
    ],
)
def test_the_path_is_read_from_a_shell_command_of_the_ingress_port(command: str, path: str) -> None:
    assert health_path(checked(command), WEB) == path


def test_without_a_health_check_the_ingress_path_is_asked() -> None:
    assert health_path(Service(container=container("web")), Ingress(port=80, path="/shop")) == "/shop"


def test_the_root_takes_every_path_of_every_host() -> None:
    (route,) = routes(portal())
    assert (route.service, route.hosts, route.paths) == ("web", (), ("/*",))


def test_a_path_takes_itself_and_what_is_below_but_no_neighbour() -> None:
    (route,) = routes(serving(shop=Ingress(port=80, path="/shop/")))
    assert route.paths == ("/shop", "/shop/*")


def test_a_longer_path_comes_first() -> None:
    root, shop = routes(serving(root=Ingress(port=80), shop=Ingress(port=80, path="/shop")))
    assert shop.priority < root.priority


def test_a_host_comes_before_a_path() -> None:
    shop, host = routes(serving(shop=Ingress(port=80, path="/shop"), host=Ingress(port=80, host="a.example")))
    assert host.priority < shop.priority


def test_one_host_comes_before_many() -> None:
    many, one = routes(serving(many=Ingress(port=80, host="*.example"), one=Ingress(port=80, host="a.example")))
    assert one.priority < many.priority


@given(st.dictionaries(names, ingresses, max_size=30))
def test_priorities_are_distinct_and_allowed(asked: dict[str, Ingress]) -> None:
    found = [route.priority for route in routes(serving(**asked))]
    found += parking_priorities(f"ecs-fargate-{name}" for name in asked).values()
    assert len(set(found)) == len(found)
    assert all(1 <= priority <= 50_000 for priority in found)


def test_a_new_service_moves_no_other_rule() -> None:
    asked = {name: Ingress(port=80, path=f"/{name}") for name in ("one", "two", "six")}
    before = {route.service: route.priority for route in routes(serving(**asked))}
    after = {route.service: route.priority for route in routes(serving(**asked, ten=Ingress(port=80, path="/ten")))}
    assert {name: after[name] for name in before} == before


def test_a_path_that_the_load_balancer_cannot_take_is_refused() -> None:
    (problem,) = problems(serving(one=Ingress(port=80, path="/" + "a" * 130)), 1)
    assert "has 131 characters; the load balancer takes 126" in problem.message


def test_more_rules_than_a_load_balancer_takes_are_refused() -> None:
    (problem,) = problems(serving(**{f"s{n}": Ingress(port=80, path=f"/{n}") for n in range(40)}), 2)
    assert problem.message.startswith("40 services with x-ingress need 120 listener rules on 2 placement(s)")
