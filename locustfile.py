"""The sample's visitors: students who browse, and the registrar who enrols them and asks for transcripts.

`switchyard run` uses it as it stands beside `compose.yaml`; `locust --host URL` does as well.
"""

import random
import time
import uuid

from locust import FastHttpUser, between, events, task
from locust.env import Environment

from simulate.load.promises import keep_promise

SECONDS_FOR_TRANSCRIPTS = 20

asked: set[uuid.UUID] = set()


class Student(FastHttpUser):
    """Looks around."""

    weight = 3
    wait_time = between(0.2, 0.6)

    @task(3)
    def courses(self) -> None:
        self.client.get("/courses")

    @task(3)
    def course(self) -> None:
        self.client.get(f"/courses/{random.randint(1, 8)}", name="/courses/[id]")

    @task(2)
    def students(self) -> None:
        self.client.get(f"/students?page={random.randint(1, 3)}", name="/students?page=[n]")

    @task
    def home(self) -> None:
        self.client.get("/")


class Registrar(FastHttpUser):
    """Registers a student, enrols them in a few courses and asks for their transcript, over and over."""

    weight = 1
    wait_time = between(0.2, 0.6)

    @task
    def semester(self) -> None:
        name = uuid.uuid4().hex[:8]
        form = {"name": f"Student {name}", "email": f"{name}@example.edu"}
        with self.client.post(
            "/students", data=form, allow_redirects=False, name="/students (register)", catch_response=True
        ) as answer:
            if answer.status_code != 303:
                return
            student = answer.headers["location"].split("?")[0]
        for course in random.sample(range(1, 9), 3):
            self.wait()
            self.enrol(student, course)
        self.wait()
        self.ask_for_transcript(student)

    def enrol(self, student: str, course: int) -> None:
        with self.client.post(
            f"{student}/enrol",
            data={"course": str(course)},
            allow_redirects=False,
            name="/students/[id]/enrol",
            catch_response=True,
        ) as answer:
            if answer.status_code == 409:  # the course is full, which the portal says as it should
                answer.success()

    def ask_for_transcript(self, student: str) -> None:
        transcript = uuid.uuid4()
        answer = self.client.post(
            f"{student}/transcripts",
            data={"id": str(transcript)},
            allow_redirects=False,
            name="/students/[id]/transcripts",
        )
        if answer.status_code == 303:
            asked.add(transcript)
            self.client.get(f"/transcripts/{transcript}", name="/transcripts/[id]")


@events.quitting.add_listener
def every_transcript_is_made(environment: Environment, **_: object) -> None:
    """What was promised with a 303 has to be made in the end, whatever died in between."""
    visitor = Student(environment)
    pending, until = set(asked), time.monotonic() + SECONDS_FOR_TRANSCRIPTS
    while pending and time.monotonic() < until:
        for transcript in sorted(pending):
            answer = visitor.client.get(f"/transcripts/{transcript}/state", name="/transcripts/[id]/state")
            if answer.status_code == 200 and answer.json()["state"] == "made":
                pending.discard(transcript)
        time.sleep(0.2 if pending else 0)
    made = len(asked) - len(pending)
    keep_promise(
        "No job was lost: every transcript asked for was made",
        kept=bool(asked) and not pending,
        detail=f"{made} of {len(asked)}",
    )
