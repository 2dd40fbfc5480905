"""Who is it, and what may they do: refusals and reviews."""

from __future__ import annotations

from typing import Any

from tests.contract.targets import Target
from tests.support.kubeapi import Body, expect

TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews"
SUBJECTS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
SELF = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
DELETE_JOBS = {"verb": "delete", "group": "batch", "resource": "jobs", "namespace": "default"}


def review(target: Target, path: str, **spec: Any) -> Body:
    return expect(target.api.post(path, {"spec": spec}), 201)["status"]


def test_an_unknown_token_is_unauthorized(target: Target) -> None:
    client = target.client("wrong")
    status, body = client.get(target.jobs)
    client.close()
    assert (status, body["kind"], body["reason"], body["message"]) == (401, "Status", "Unauthorized", "Unauthorized")


def test_a_token_for_another_audience_is_unauthorized(target: Target) -> None:
    client = target.client(target.account_token("other", ["elsewhere"]))
    assert client.get(target.jobs)[0] == 401
    client.close()


def test_no_token_is_anonymous_and_has_no_rights(target: Target) -> None:
    client = target.client(None)
    status, body = client.get(target.jobs)
    client.close()
    assert (status, body["reason"]) == (403, "Forbidden")
    assert 'User "system:anonymous" cannot list resource "jobs"' in body["message"]


def test_a_refusal_says_who_may_not_do_what(target: Target) -> None:
    client = target.client(target.token_of("nobody"))
    answers = [client.get(target.jobs), client.get(target.jobs, watch="true"), client.delete(f"{target.jobs}/x")]
    nodes = client.get("/api/v1/nodes")
    client.close()
    assert [status for status, _ in [*answers, nodes]] == [403] * 4
    sentence = (
        'User "nobody" cannot {} resource "jobs" in API group "batch" in the namespace "' + target.namespace + '"'
    )
    assert [body["message"] for _, body in answers] == [
        "jobs.batch is forbidden: " + sentence.format("list"),
        "jobs.batch is forbidden: " + sentence.format("watch"),
        'jobs.batch "x" is forbidden: ' + sentence.format("delete"),
    ]
    assert answers[2][1]["details"] == {"name": "x", "group": "batch", "kind": "jobs"}
    assert nodes[1]["message"].endswith('cannot list resource "nodes" in API group "" at the cluster scope')


def test_everyone_known_may_ask_about_themselves(target: Target) -> None:
    client = target.client(target.token_of("nobody"))
    status = expect(client.post(SELF, {"spec": {"resourceAttributes": DELETE_JOBS}}), 201)["status"]
    forbidden = client.post(SUBJECTS, {"spec": {"user": "nobody", "resourceAttributes": DELETE_JOBS}})[0]
    client.close()
    assert status["allowed"] is False
    assert forbidden == 403


def test_the_administrator_may_do_it(target: Target) -> None:
    assert review(target, SELF, resourceAttributes=DELETE_JOBS)["allowed"] is True


def test_a_subject_is_judged_by_name_and_groups(target: Target) -> None:
    assert review(target, SUBJECTS, user="nobody", resourceAttributes=DELETE_JOBS)["allowed"] is False
    groups = ["system:masters"]
    assert review(target, SUBJECTS, user="nobody", groups=groups, resourceAttributes=DELETE_JOBS)["allowed"] is True


def test_a_review_without_a_question_is_refused(target: Target) -> None:
    assert target.api.post(SUBJECTS, {"spec": {"user": "nobody"}})[0] in (400, 422)
    assert target.api.post(SUBJECTS, {"spec": {"resourceAttributes": DELETE_JOBS}})[0] in (400, 422)


def test_a_token_review_names_the_user(target: Target) -> None:
    status = review(target, TOKENS, token=target.token_of("nobody"))
    assert status["authenticated"] is True
    assert status["user"]["username"] == "nobody"
    assert "system:authenticated" in status["user"]["groups"]
    assert status["audiences"] == ["https://kubernetes.default.svc"]


def test_an_unknown_token_is_not_authenticated(target: Target) -> None:
    status = review(target, TOKENS, token="wrong")
    assert "authenticated" not in status
    assert "invalid bearer token" in status["error"]


def test_a_token_review_answers_with_the_audiences_in_common(target: Target) -> None:
    token = target.account_token("caller", ["mine", "ours"])
    status = review(target, TOKENS, token=token, audiences=["ours", "theirs"])
    assert (status["authenticated"], status["audiences"]) == (True, ["ours"])
    assert status["user"]["username"] == "system:serviceaccount:default:caller"


def test_a_token_for_other_audiences_is_not_authenticated(target: Target) -> None:
    token = target.account_token("caller", ["mine"])
    status = review(target, TOKENS, token=token, audiences=["theirs"])
    assert "authenticated" not in status
    assert 'is invalid for the target audiences ["theirs"]' in status["error"]
    assert "authenticated" not in review(target, TOKENS, token=target.token_of("nobody"), audiences=["theirs"])


def test_health_and_version_need_no_rights(target: Target) -> None:
    client = target.client(target.token_of("nobody"))
    version = expect(client.get("/version"))
    health = [client.get(path)[0] for path in ("/livez", "/readyz")]
    client.close()
    assert (version["major"], version["gitVersion"][:2]) == ("1", "v1")
    assert health == [200, 200]


def test_everyone_known_may_ask_who_they_are(target: Target) -> None:
    client = target.client(target.token_of("nobody"))
    review = expect(client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {}), 201)
    anonymous = target.client(None)
    refused = anonymous.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})[0]
    for caller in (client, anonymous):
        caller.close()
    assert review["kind"] == "SelfSubjectReview"
    assert review["status"]["userInfo"]["username"] == "nobody"
    assert "system:authenticated" in review["status"]["userInfo"]["groups"]
    assert refused == 403
