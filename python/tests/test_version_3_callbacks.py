"""Callbacks of Flask-JWT-Extended 3 that get less than those of 4, with and without the option."""

from typing import Any

import pytest
from support import SECRET, bearer
from version_3 import an_app, ask, token_3

import jwt_extended.flask as four
from jwt_extended.flask._compat3 import interface as three


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(
    ("setup", "guard"),
    [
        (lambda m, ask: m.claims_verification_loader(lambda _: ask()), "jwt_required"),
        (lambda m, ask: m.user_loader_callback_loader(lambda _: ask()), "jwt_required"),
        (lambda m, ask: m.needs_fresh_token_loader(lambda: ask()), "fresh_jwt_required"),
        (
            lambda m, ask: (
                m.claims_verification_loader(lambda _: False),
                m.claims_verification_failed_loader(lambda: ask()),
            ),
            "jwt_required",
        ),
        (
            lambda m, ask: (
                m.user_loader_callback_loader(lambda _: None),
                m.user_loader_error_loader(lambda _: ask()),
            ),
            "jwt_required",
        ),
        (
            lambda m, ask: (
                m.token_in_blacklist_loader(lambda _: True),
                m.revoked_token_loader(lambda: ask()),
            ),
            "jwt_required",
        ),
    ],
)
def test_callbacks_may_ask_for_the_identity(setup: Any, guard: str, version: int) -> None:
    seen: list[Any] = []

    def ask_for_it() -> Any:
        seen.append((four.get_jwt_identity(), three.get_jwt_claims()))
        return "", 418

    options = {"INTERFACE_VERSION": version, "IDENTITY_CLAIM": "identity"}
    app = an_app(four, lambda manager: setup(manager, ask_for_it), **options)
    app.after_request(lambda answer: seen.append(after()) or answer)

    def after() -> Any:
        try:
            return four.get_jwt_identity()
        except RuntimeError:
            return None

    answer = app.test_client().get(f"/{guard}", headers=bearer(token_3(user_claims={"a": 1})))
    assert seen[0] == ("alice", {"a": 1})
    # Nobody was accepted where the callback is the answer to a rejection.
    assert seen[1] == ("alice" if answer.status_code == 200 else None)


@pytest.mark.parametrize("version", [3, 4])
def test_a_rejected_token_leaves_the_former_contents(version: int) -> None:
    app = an_app(
        four,
        lambda manager: manager.claims_verification_loader(lambda found: not found),
        INTERFACE_VERSION=version,
        IDENTITY_CLAIM="identity",
    )
    with app.test_request_context(headers=bearer(token_3())) as context:
        four.verify_jwt_in_request()
        bad = token_3(identity="bob", user_claims={"no": 1})
        context.request.environ["HTTP_AUTHORIZATION"] = f"Bearer {bad}"
        with pytest.raises(four.exceptions.UserClaimsVerificationError):
            four.verify_jwt_in_request()
        assert four.get_jwt_identity() == "alice"


@pytest.mark.parametrize(
    ("version", "loader"),
    [
        (
            3,
            lambda claims, header: {"alice HS256": SECRET}[f"{claims['identity']} {header['alg']}"],
        ),
        (
            4,
            lambda header, claims: {"alice HS256": SECRET}[f"{claims['identity']} {header['alg']}"],
        ),
        (3, lambda claims: {"alice": SECRET}[claims["identity"]]),
        (4, lambda claims: {"alice": SECRET}[claims["identity"]]),
    ],
)
def test_a_decode_key_loader_may_have_the_old_shape(version: int, loader: Any) -> None:
    app = an_app(
        four,
        lambda manager: manager.decode_key_loader(loader),
        INTERFACE_VERSION=version,
        IDENTITY_CLAIM="identity",
    )
    assert ask(app, "jwt_required", token_3()) == (200, "alice")
    with app.app_context():
        assert four.decode_token(token_3())["identity"] == "alice"


# The callbacks that count unless an app registers its own.


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("expired_token", [{}], (401, "Token has expired")),
        ("needs_fresh_token", [], (401, "Fresh token required")),
        ("revoked_token", [], (401, "Token has been revoked")),
        ("user_loader_error", ["bob"], (401, "Error loading the user bob")),
        ("verify_claims_failed", [], (400, "User claims verification failed")),
        ("unauthorized", ["why"], (401, "why")),
        ("invalid_token", ["why"], (422, "why")),
    ],
)
def test_a_default_callback_answers(name: str, arguments: list[Any], answer: Any) -> None:
    with an_app().app_context():
        callback = getattr(three.default_callbacks, f"default_{name}_callback")
        said, status = callback(*arguments)
        assert (status, said.json["msg"]) == answer


@pytest.mark.parametrize(
    ("name", "arguments", "returned"),
    [
        ("user_claims", ["alice"], {}),
        ("jwt_headers", ["alice"], {}),
        ("user_identity", ["alice"], "alice"),
        ("claims_verification", [{}], True),
        ("decode_key", [{}, {}], SECRET),
        ("encode_key", ["alice"], SECRET),
    ],
)
def test_a_default_callback_changes_nothing(
    name: str, arguments: list[Any], returned: object
) -> None:
    with an_app().app_context():
        callback = getattr(three.default_callbacks, f"default_{name}_callback")
        assert callback(*arguments) == returned


# The shorter callbacks of which 3.25 itself warned.


def test_an_expired_token_loader_without_arguments_warns() -> None:
    app = an_app(setup=lambda manager: manager.expired_token_loader(lambda: ({"msg": "old"}, 418)))
    with pytest.warns(DeprecationWarning, match="now takes the expired token"):
        assert ask(app, "jwt_required", token_3(exp=1)) == (418, "old")


def test_an_expired_token_loader_gets_the_token() -> None:
    def setup(manager: Any) -> None:
        manager.expired_token_loader(lambda data: ({"msg": data["identity"]}, 418))

    assert ask(an_app(setup=setup), "jwt_required", token_3(exp=1)) == (418, "alice")


def test_a_decode_key_loader_with_one_argument_warns() -> None:
    def by_claims(claims: dict[str, Any]) -> str:
        return {"alice": SECRET}[claims["identity"]]

    manager = three.JWTManager()
    with pytest.warns(DeprecationWarning, match="single-argument") as caught:
        assert manager.decode_key_loader(by_claims) is by_claims
    assert [warning.filename for warning in caught] == [__file__]


def test_a_decode_key_loader_with_two_arguments_is_silent() -> None:
    app = an_app(setup=lambda manager: manager.decode_key_loader(lambda claims, header: SECRET))
    assert ask(app, "jwt_required", token_3()) == (200, "alice")


def test_a_callback_whose_arguments_are_unknown_gets_both() -> None:
    class Unknown:
        __signature__ = 5

        def __call__(self, *contents: Any) -> Any:
            return {"msg": len(contents)}, 418

    app = an_app(four, lambda manager: manager.expired_token_loader(Unknown()))
    assert ask(app, "jwt_required", token_3(exp=1)) == (418, 2)
