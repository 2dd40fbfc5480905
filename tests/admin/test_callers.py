"""Who is let in: reviews by the cluster, or a file of digests; whatever goes wrong, nobody is let in by mistake."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from exporter.cancel.statictokens import new_token
from exporter.simulator.access import Rule
from tests.admin.port import ELSEWHERE, OPERATOR, READER, STRANGER, A, Port, listening
from tests.runtime.follow import open_access
from tests.support.controlplane_files import free_port
from tests.support.hostile import Hostile, Peer


def failures(port: Port) -> dict[str, int]:
    return dict(port.admin.tally.freeze().auth_failures)


@pytest.mark.fault(87)
def test_a_token_for_another_audience_is_refused(port: Port) -> None:
    """It opens the API server itself, and its owner may delete Jobs there; still it was not made for us."""
    port.search()
    answer = port.cancel(token=ELSEWHERE)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert port.deletes() == []
    assert failures(port) == {"audience": 1}


@pytest.mark.fault(87)
@pytest.mark.parametrize(("audiences", "status"), [([], 401), (["x"], 401), (["x", "elasticblast-exporter"], 404)])
def test_a_review_must_name_our_audience(port: Port, audiences: list[str], status: int) -> None:
    """A server that does not know audiences says authenticated for any token."""
    review = {"status": {"authenticated": True, "user": {"username": "op", "groups": ["operators"]}}}
    review["status"]["audiences"] = audiences
    port.simulator.api.intercept = instead("tokenreviews", lambda: json_answer(review))
    assert port.cancel().status == status
    assert failures(port) == ({"audience": 1} if status == 401 else {})


def test_a_token_that_is_nobodys_is_refused(port: Port) -> None:
    answer = port.cancel(token="guess")
    assert (answer.status, answer.problem, answer.headers["www-authenticate"]) == (401, "unauthenticated", "bearer")
    assert failures(port) == {"invalid": 1}


@pytest.mark.fault(89)
def test_who_may_not_delete_jobs_is_refused_and_recorded(port: Port) -> None:
    port.search()
    for token, name in ((READER, "reader"), (STRANGER, "stranger")):
        answer = port.cancel(token=token)
        assert (answer.status, answer.problem) == (403, "forbidden")
        record = port.records()[-1]
        assert (record["event"], record["refusal"], record["caller"]) == ("cancel_refused", "forbidden", name)
        assert (record["id"], record["namespace"], record["source"]) == (A, "default", "127.0.0.1")
    assert port.deletes() == []
    assert failures(port) == {"forbidden": 2}


def test_who_may_list_jobs_sees_the_plan_and_no_more(port: Port) -> None:
    port.search()
    assert port.get(f"/v1/searches/{A}", READER).status == 200
    assert port.get(f"/v1/searches/{A}", STRANGER).problem == "forbidden"
    assert port.get("/v1/searches", STRANGER).problem == "forbidden"
    key = port.cancel(dry_run=True, headers={"idempotency-key": "k"}).status
    assert key == 200
    assert port.get("/v1/cancels/k", READER).status == 200
    assert port.get("/v1/cancels/k", STRANGER).problem == "forbidden"
    assert [port.get("/v1/cancels/other", token).status for token in (READER, "guess")] == [404, 401]


def test_the_review_is_about_the_caller_and_all_that_is_known_of_them(port: Port) -> None:
    port.cancel()
    asked = [json.loads(one.body)["spec"] for one in port.simulator.api.seen if "subjectaccess" in one.path]
    assert asked == [
        {
            "user": "op",
            "uid": "u-1",
            "groups": ["operators", "system:authenticated"],
            "extra": {},
            "resourceAttributes": {"namespace": "default", "verb": "delete", "group": "batch", "resource": "jobs"},
        }
    ]


def test_a_right_that_is_taken_away_ends_at_once(port: Port) -> None:
    assert port.cancel().status == 404
    port.simulator.access.denials.append(Rule(user="op", verbs=("delete",)))
    assert port.cancel().status == 403


def json_answer(body: object, status: int = 201) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


def instead(word: str, answer: Callable[[], Response]) -> Callable[[Request], object]:
    """Answers requests whose path has the word."""

    async def intercept(request: Request) -> Response | None:
        return answer() if word in request.url.path else None

    return intercept


ALLOWED = {"status": {"allowed": True}}
BROKEN = {
    "500": lambda: json_answer({"kind": "Status"}, 500),
    "403": lambda: json_answer({"kind": "Status"}, 403),
    "429": lambda: Response("{}", 429, {"Retry-After": "7"}),
    "html": lambda: Response("<html>", 201),
    "nothing": lambda: Response(b"", 201),
    "empty": lambda: json_answer({}),
    "no status": lambda: json_answer({"status": None}),
    "text for true": lambda: json_answer({"status": {"allowed": "true", "authenticated": "true"}}),
    "number for true": lambda: json_answer({"status": {"allowed": 1, "authenticated": 1}}),
    "list": lambda: json_answer([ALLOWED]),
    "cut": lambda: Response(json.dumps(ALLOWED)[:-2], 201),
    "deep": lambda: Response("[" * 100_000, 201),
    "groups": lambda: json_answer({"status": {"authenticated": True, "user": {"groups": "x"}, "allowed": None}}),
    "nobody": lambda: json_answer(
        {"status": {"authenticated": True, "audiences": ["elasticblast-exporter"], "user": {}, "allowed": []}}
    ),
}


@pytest.mark.fault(88)
@pytest.mark.parametrize("review", ["tokenreviews", "subjectaccessreviews"])
def test_a_reviewer_that_is_broken_lets_nobody_in(port: Port, review: str) -> None:
    port.search()
    before = port.jobs()
    for name, answer in BROKEN.items():
        port.simulator.api.intercept = instead(review, answer)
        shown = port.get(f"/v1/searches/{A}")
        assert (shown.status, shown.problem) == (503, "unavailable"), name
    told = port.cancel()
    assert (told.status, told.problem) == (503, "unavailable")
    assert failures(port) == {"unavailable": len(BROKEN) + 1}
    assert port.jobs() == before
    assert not [one for one in port.asked() if one.startswith("DELETE") or "jobs" in one]


def test_a_reviewer_that_says_both_denies(port: Port) -> None:
    both = {"status": {"allowed": True, "denied": True}}
    port.simulator.api.intercept = instead("subjectaccessreviews", lambda: json_answer(both))
    assert port.cancel().status == 403


@pytest.mark.fault(88)
@pytest.mark.parametrize(
    "script",
    [
        lambda peer: peer.reset(),
        lambda peer: (peer.read(), peer.half_close()),
        lambda peer: (peer.read(), peer.stall()),
    ],
    ids=["reset", "hangs-up", "silent"],
)
def test_a_reviewer_that_is_down_or_slow_lets_nobody_in(tmp_path: Path, script: Callable[[Peer], None]) -> None:
    with Hostile(script) as server, listening(tmp_path, url=server.url) as port:
        answer = port.cancel()
        assert (answer.status, answer.problem) == (503, "unavailable")
        assert {one.method for one in server.asked} <= {"POST"}


def static(tmp_path: Path, *names: str) -> tuple[Path, dict[str, str]]:
    """A tokens file, and the tokens by name."""
    made = {name: new_token(name) for name in names}
    path = tmp_path / "tokens"
    path.write_text("".join(f"{line}\n" for _, line in made.values()))
    return path, {name: token for name, (token, _) in made.items()}


def test_the_owner_of_a_static_token_is_let_in_without_any_review(tmp_path: Path) -> None:
    path, tokens = static(tmp_path, "ann", "bob")
    with listening(tmp_path, callers="tokens", tokens_file=path) as port:
        port.search()
        assert port.get("/v1/searches", tokens["bob"]).status == 200
        assert port.cancel(token=tokens["ann"]).json["outcome"] == "done"
        assert {record["caller"] for record in port.records()} == {"ann"}
        assert not [one for one in port.asked() if "review" in one]


def test_after_a_wrong_static_token_its_address_waits_a_second(tmp_path: Path) -> None:
    path, tokens = static(tmp_path, "ann")
    with listening(tmp_path, callers="tokens", tokens_file=path) as port:
        assert port.get("/v1/searches", "guess").status == 401
        hasty = port.get("/v1/searches", tokens["ann"])
        assert (hasty.status, hasty.problem, hasty.headers["retry-after"]) == (429, "limited", "1")
        assert failures(port) == {"invalid": 1, "limited": 1}


def test_the_tokens_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path, tokens = static(tmp_path, "ann")
    with listening(tmp_path, callers="tokens", tokens_file=path) as port:
        assert port.get("/v1/searches", tokens["ann"]).status == 200
        token, line = new_token("eve")
        path.write_text(f"{line}\n")
        assert port.get("/v1/searches", token).status == 200
        path.write_text("rubbish\n")
        assert port.get("/v1/searches", token).status == 200
        path.unlink()
        assert port.get("/v1/searches", token).status == 200
        assert port.get("/v1/searches", tokens["ann"]).status == 401


def test_many_callers_at_once_are_each_answered(port: Port) -> None:
    """Each review has a connection of its own."""
    answers: list[int] = []

    def ask(token: str) -> None:
        answers.append(port.get("/v1/searches", token).status)

    threads = [threading.Thread(target=ask, args=(token,)) for token in (OPERATOR, READER, STRANGER, ELSEWHERE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert sorted(answers) == [200, 200, 401, 403]


def test_a_cluster_that_is_down_hides_no_other(tmp_path: Path) -> None:
    """Its own searches are not told, and that it could not be asked is; where no other lets the caller in, 503."""
    with listening(tmp_path, clusters={"here": ("default",), "down": ("default",)}) as port:
        down = port.admin.way(port.clusters["down"], open_access(f"http://127.0.0.1:{free_port()}", "nobody"))
        port.admin.follow({**port.admin.desk.ways, "down": down})
        said = port.get("/v1/searches")
        assert said.status == 200
        assert {"cluster": "down", "namespace": "default"} in said.json["unread"]
        assert port.get("/v1/searches", STRANGER).status == 503
        assert port.get("/v1/searches?cluster=down").status == 503
        assert port.cancel(cluster="down").status == 503
