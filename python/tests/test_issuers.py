"""``JWT_ISSUERS``: the access tokens of other issuers, whose keys are in the options."""

from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from flask import Flask, jsonify
from providers import IDP, OTHER_KEY, entry, foreign, jwk
from support import SECRET, ask, bearer, guarded_app, make_app, sign, token

import jwt_extended.flask as ours
from jwt_extended.flask import (
    create_access_token,
    current_user,
    decode_token,
    end_all_sessions,
    get_jwt_identity,
    get_jwt_issuer,
    get_jwt_scopes,
    get_jwt_session,
    get_sessions,
    jwt_required,
    logout_user,
    revoke_token,
    verify_jwt_in_request,
)
from jwt_extended.flask.exceptions import JWTDecodeError

#: A session id of the form that the engine makes.
SESSION = "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e"
REVOKED = (401, {"msg": "Token has been revoked"})


def an_app(setup: Any = None, issuers: Any = None, **options: Any) -> Flask:
    app = guarded_app(setup=setup, ISSUERS=issuers or [entry()], **options)

    @app.get("/who")
    @jwt_required()
    def who() -> Any:
        return jsonify(identity=get_jwt_identity(), issuer=get_jwt_issuer())

    return app


def said(app: Flask, value: str, path: str = "/who", method: str = "GET") -> tuple[int, Any]:
    answer = app.test_client().open(path, method=method, headers=bearer(value))
    return answer.status_code, answer.get_json(silent=True)


# Tokens.


def test_tokens_of_the_issuer_and_of_the_app_are_accepted() -> None:
    app = an_app()
    assert said(app, foreign()) == (200, {"identity": "42", "issuer": IDP})
    assert said(app, token()) == (200, {"identity": "alice", "issuer": None})
    assert said(app, foreign(), "/optional")[0] == 200


def test_an_app_may_have_no_key_of_its_own() -> None:
    app = an_app(SECRET_KEY=None)
    assert said(app, foreign())[0] == 200
    assert said(app, token()) == (422, {"msg": "Invalid issuer"})
    assert ask(app, headers=bearer("x.y.z")).startswith("422 ")
    with app.app_context(), pytest.raises(RuntimeError, match="JWT_SECRET_KEY"):
        create_access_token("alice")


def test_without_the_option_nothing_is_accepted() -> None:
    assert said(guarded_app(), foreign(), "/access")[0] == 422


def test_no_key_verifies_for_another() -> None:
    app = an_app()
    forged = sign({"alg": "HS256", "typ": "at+jwt"}, {"iss": IDP, "aud": "orders", "sub": "42"})
    assert said(app, forged) == (422, {"msg": "The specified alg value is not allowed"})
    assert said(app, foreign(OTHER_KEY)) == (422, {"msg": "Signature verification failed"})
    assert said(app, foreign(iss="https://idp.example/"))[0] == 422


def test_the_decode_key_loader_is_not_asked_for_an_issuers_key() -> None:
    asked: list[Any] = []

    def loader(_header: Any, data: Any) -> str:
        asked.append(data["sub"])
        return SECRET

    app = an_app(lambda jwt: jwt.decode_key_loader(loader))
    assert said(app, foreign())[0] == 200
    with app.app_context():
        assert decode_token(foreign())["iss"] == IDP
    assert asked == []
    assert said(app, token())[0] == 200
    assert asked == ["alice"]


def test_other_callbacks_see_an_issuers_token() -> None:
    app = an_app(
        lambda jwt: (
            jwt.token_in_blocklist_loader(lambda _, data: data.get("sub") == "blocked"),
            jwt.token_verification_loader(lambda _, data: data.get("sub") != "odd"),
        )
    )
    assert said(app, foreign(sub="blocked")) == REVOKED
    assert said(app, foreign(sub="odd")) == (400, {"msg": "User claims verification failed"})


def an_app_with_users(setup: Any) -> Flask:
    app = an_app(setup)

    @app.get("/me")
    @jwt_required()
    def me() -> Any:
        return jsonify(str(current_user))

    return app


def test_a_user_is_found_by_issuer_and_identity() -> None:
    users = {(IDP, "alice"): "their alice"}
    app = an_app_with_users(
        lambda jwt: (
            jwt.user_lookup_loader(lambda _, data: f"own {data['sub']}"),
            jwt.issuer_user_lookup_loader(lambda _, data: users.get((data["iss"], data["sub"]))),
        )
    )
    assert said(app, token(), "/me") == (200, "own alice")
    assert said(app, foreign(sub="alice"), "/me") == (200, "their alice")
    assert said(app, foreign(), "/me") == (401, {"msg": "Error loading the user 42"})


def test_the_apps_own_loader_finds_no_user_of_another_issuer() -> None:
    app = an_app_with_users(lambda jwt: jwt.user_lookup_loader(lambda _, data: data["sub"]))
    assert said(app, token(), "/me") == (200, "alice")
    assert said(app, foreign(sub="alice"), "/me")[0] == 401


def test_the_issuers_loader_finds_no_user_of_the_app() -> None:
    app = an_app(lambda jwt: jwt.issuer_user_lookup_loader(lambda _, data: data["sub"]))
    with app.test_request_context(headers=bearer(token())):
        verify_jwt_in_request()
        assert bool(current_user) is False


def test_the_identity_is_that_of_the_issuers_claim() -> None:
    app = an_app(issuers=[entry(identity_claim="oid")], IDENTITY_CLAIM="identity")
    assert said(app, foreign(oid="the oid")) == (200, {"identity": "the oid", "issuer": IDP})
    assert said(app, token(identity="me")) == (200, {"identity": "me", "issuer": None})


def test_scopes_are_those_of_the_issuers_claims() -> None:
    app = an_app(issuers=[entry(scope_claims=["scp", "realm_access.roles"])])
    app.add_url_rule(
        "/scopes", "scopes", jwt_required(scopes="a c")(lambda: jsonify(get_jwt_scopes()))
    )
    value = foreign(scp="a b", scope="x", realm_access={"roles": ["c"]})
    assert said(app, value, "/scopes") == (200, ["a", "b", "c"])
    assert said(app, foreign(scope="a c"), "/scopes")[0] == 403


def test_an_issuers_token_is_no_token_of_a_session() -> None:
    app = an_app(STORE="memory")
    with app.test_request_context(headers=bearer(foreign(sid=SESSION))):
        verify_jwt_in_request()
        assert get_jwt_session() is None
        own = decode_token(create_access_token("42"))
        assert "sid" not in own
        assert "iss" not in own


def test_an_issuers_cookie_is_not_renewed(caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(
        TOKEN_LOCATION=["cookies"],
        COOKIE_CSRF_PROTECT=False,
        RENEW_ACCESS_COOKIE_WITHIN=3600,
        STORE="memory",
    )
    client = app.test_client()
    client.set_cookie("access_token_cookie", foreign(sid=SESSION))
    answer = client.get("/who")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert not caplog.records


def test_3_x_accepts_an_issuers_token() -> None:
    app = an_app(INTERFACE_VERSION=3)
    assert said(app, foreign()) == (200, {"identity": "42", "issuer": IDP})


# Refusals.


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"aud": "them"}, pyjwt.InvalidAudienceError, "Audience doesn't match"),
        ({"aud": None}, pyjwt.MissingRequiredClaimError, 'Token is missing the "aud" claim'),
        ({"exp": None}, JWTDecodeError, "Missing claim: exp"),
        ({"exp": 5}, pyjwt.ExpiredSignatureError, "Signature has expired"),
        (
            {"iat": 4_000_000_000, "exp": 4_000_000_600},
            pyjwt.ImmatureSignatureError,
            "The token is not yet valid",
        ),
        ({"typ": "JWT"}, JWTDecodeError, "The token does not say that it is an access token"),
        ({"nonce": "n"}, JWTDecodeError, "Only access tokens are accepted"),
        ({"kid": "b2"}, pyjwt.InvalidSignatureError, "signed with an unknown key"),
        ({"key": OTHER_KEY}, pyjwt.InvalidSignatureError, "Signature verification failed"),
    ],
)
def test_a_refusal_has_pyjwts_class_and_the_engines_message(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    app = an_app()
    value = foreign(**changes)
    with app.test_request_context(headers=bearer(value)):
        for check in (verify_jwt_in_request, lambda: decode_token(value)):
            with pytest.raises(error, match=message):
                check()


# Revocation.


def revoking_app() -> Flask:
    app = an_app(STORE="memory")

    @app.post("/revoke")
    @jwt_required()
    def revoke() -> Any:
        revoke_token()
        return jsonify(True)

    @app.post("/logout")
    def logout() -> Any:
        logout_user()
        return jsonify(True)

    @app.post("/guarded-logout")
    @jwt_required()
    def guarded_logout() -> Any:
        logout_user()
        return jsonify(True)

    @app.post("/everywhere")
    @jwt_required()
    def everywhere() -> Any:
        return jsonify(end_all_sessions())

    return app


@pytest.mark.parametrize("how", ["revoke", "logout", "guarded-logout"])
def test_one_token_of_an_issuer_is_revoked(how: str) -> None:
    app = revoking_app()
    theirs, own = foreign(sub="alice", jti="a jti"), token()
    assert said(app, theirs, f"/{how}", "POST")[0] == 200
    assert said(app, theirs) == REVOKED
    assert said(app, own)[0] == 200
    other = revoking_app()
    assert said(other, own, f"/{how}", "POST")[0] == 200
    assert said(other, own) == REVOKED
    assert said(other, theirs)[0] == 200


def test_all_tokens_of_an_issuers_user_are_revoked() -> None:
    app = revoking_app()
    theirs, own = foreign(sub="alice"), token()
    assert said(app, theirs, "/everywhere", "POST") == (200, 0)
    assert said(app, theirs) == REVOKED
    assert said(app, foreign(sub="bob"))[0] == 200
    assert said(app, own)[0] == 200


def test_an_administrator_names_the_issuer() -> None:
    app = revoking_app()
    with app.app_context():
        assert end_all_sessions("42", issuer=IDP) == 0
        with pytest.raises(ValueError, match="JWT_ISSUERS has no issuer https://other"):
            end_all_sessions("42", issuer="https://other")
        with pytest.raises(TypeError, match="needs the identity"):
            end_all_sessions(issuer=IDP)
    assert said(app, foreign()) == REVOKED


def test_claims_name_the_issuer_whose_token_is_revoked() -> None:
    app = revoking_app()
    value = foreign(jti="j")
    with app.app_context():
        claims = decode_token(value)
        revoke_token(claims)
        with pytest.raises(ValueError, match="the token has no jti"):
            revoke_token(decode_token(foreign()))
        with pytest.raises(ValueError, match="the claims have no sub"):
            revoke_token({"iss": IDP, "jti": "j"})
    assert said(app, value) == REVOKED
    with app.test_request_context(headers=bearer(foreign())):
        verify_jwt_in_request()
        assert get_sessions() == []


# Options.


def test_a_lifetime_may_be_a_timedelta() -> None:
    app = an_app(issuers=[entry(longest_lifetime=timedelta(minutes=5))])
    assert said(app, foreign())[0] == 422
    app.config["JWT_ISSUERS"][0]["longest_lifetime"] = timedelta(minutes=30)
    assert said(app, foreign())[0] == 200


@pytest.mark.parametrize(
    ("issuers", "message"),
    [
        ("https://idp.example", "JWT_ISSUERS must be a list of dicts"),
        ([IDP], r"JWT_ISSUERS\[0\] must be a dict"),
        ([{}], r"JWT_ISSUERS\[0\]: issuer must be a string"),
        ([entry(audience=None)], r"JWT_ISSUERS\[0\]: audience must name this app"),
        ([entry(), entry()], r"JWT_ISSUERS\[1\]: the issuer https://idp.example is there already"),
        ([entry(algoritms=["ES256"])], r"JWT_ISSUERS\[0\]: unknown field `algoritms`, expected"),
        ([entry(provider="keycloack")], r"JWT_ISSUERS\[0\]: unknown variant `keycloack`"),
        ([entry(jwks_uri="https://a/b")], r"JWT_ISSUERS\[0\]: .* has both jwks and jwks_uri"),
        ([entry(jwks={"keys": [{"kty": "oct", "k": "AAAA"}]})], "a shared secret must not be"),
        ([entry(jwks=None, jwks_uri="http://a/b")], r"JWT_ISSUERS\[0\]: the address of the keys"),
        ([entry(jwks=None, issuer="idp")], r"JWT_ISSUERS\[0\]: the address of the keys"),
        ([entry(audience={1, "a"})], r"JWT_ISSUERS\[0\]"),
        ([entry(longest_lifetime=object())], r"JWT_ISSUERS\[0\] has a value of another kind"),
    ],
)
def test_a_mistake_names_the_entry(issuers: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        make_app(ISSUERS=issuers)


@pytest.mark.parametrize("option", ["ENCODE_ISSUER", "DECODE_ISSUER"])
def test_an_issuer_is_not_the_app_itself(option: str) -> None:
    with pytest.raises(RuntimeError, match="is also this app's own"):
        make_app(ISSUERS=[entry()], **{option: IDP})


def test_keys_change_with_the_option() -> None:
    app = an_app()
    assert said(app, foreign(OTHER_KEY, "b1"))[0] == 422
    app.config["JWT_ISSUERS"] = [entry(jwks={"keys": [jwk(OTHER_KEY, "b1")]})]
    assert said(app, foreign(OTHER_KEY, "b1"))[0] == 200
    assert said(app, foreign())[0] == 422


def test_everything_is_exported() -> None:
    assert {"get_jwt_issuer", "get_jwt_scopes"} <= set(ours.__all__)
