"""Checks the exceptions of rejected tokens with the version of PyJWT that is installed.

Needs only the package and its dependencies, because `cargo xtask test` runs it with the oldest
PyJWT. With the argument ``before 2.10`` it first removes the classes that older versions lack. The
last of them came with 2.11.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import warnings

import jwt.exceptions

if sys.argv[1:] == ["before 2.10"]:
    for name in ("InvalidSubjectError", "InvalidJTIError"):
        delattr(jwt.exceptions, name)
    import jwt.warnings

    del jwt.warnings.InsecureKeyLengthWarning

from flask import Flask

from jwt_extended.flask import JWTManager, create_access_token, decode_token, jwt_required

SECRET = "a secret of at least thirty-two bytes, for this run"
NOW = int(time.time())

#: Changes of a good token's claims, the exception, its message, and the status of the answer.
CASES = [
    ({"sub": 1}, "InvalidSubjectError", "Subject must be a string", 422),
    ({"jti": 1}, "InvalidJTIError", "JWT ID must be a string", 422),
    ({"exp": 1}, "ExpiredSignatureError", "Signature has expired", 401),
    ({"exp": "x"}, "DecodeError", "Expiration Time claim (exp) must be an integer.", 422),
    ({"nbf": NOW + 60}, "ImmatureSignatureError", "The token is not yet valid (nbf)", 422),
    ({"iat": "x"}, "InvalidIssuedAtError", "Issued At claim (iat) must be an integer.", 422),
    ({"aud": "them"}, "InvalidAudienceError", "Audience doesn't match", 422),
    ({"aud": None}, "MissingRequiredClaimError", 'Token is missing the "aud" claim', 422),
    ({"iss": "them"}, "InvalidIssuerError", "Invalid issuer", 422),
]


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(claims: dict[str, object], algorithm: str = "HS256", secret: str = SECRET) -> str:
    header = {"alg": algorithm, "typ": "JWT"}
    text = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    tag = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{encode(tag)}"


def check(found: object, expected: object) -> None:
    if found != expected:
        sys.exit(f"expected {expected!r}, found {found!r}")


def main() -> None:
    """Send a token for each exception."""
    app = Flask(__name__)
    app.config.update(JWT_SECRET_KEY=SECRET, JWT_DECODE_AUDIENCE="us", JWT_DECODE_ISSUER="us")
    JWTManager(app)
    app.add_url_rule("/", "view", jwt_required()(lambda: "seen"))
    good = {"sub": "alice", "jti": "1", "exp": NOW + 60, "iat": NOW, "type": "access"}
    good |= {"aud": "us", "iss": "us"}
    rejected = [
        (signed({**good, **changes}), name, said, code) for changes, name, said, code in CASES
    ]
    rejected += [
        (signed(good, secret="another"), "InvalidSignatureError", None, 422),
        (signed(good, "HS512"), "InvalidAlgorithmError", None, 422),
        ("x", "DecodeError", "Not enough segments", 422),
    ]
    client = app.test_client()
    for text, name, said, code in rejected:
        try:
            with app.app_context():
                decode_token(text)
        except jwt.exceptions.InvalidTokenError as error:
            check(type(error).__name__, name)
            check(str(error), str(error) if said is None else said)
            theirs = getattr(jwt.exceptions, name, None)
            check(theirs in (None, type(error)), True)
        else:
            sys.exit(f"{name} was expected")
        answer = client.get("/", headers={"Authorization": f"Bearer {text}"})
        check(answer.status_code, code)
    with app.app_context():
        text = create_access_token("alice", additional_claims={"aud": "us", "iss": "us"})
    check(client.get("/", headers={"Authorization": f"Bearer {text}"}).text, "seen")
    app.config["JWT_SECRET_KEY"] = "short"
    with warnings.catch_warnings(record=True) as caught, app.app_context():
        warnings.simplefilter("always")
        create_access_token("alice")
    check([warning.category.__name__ for warning in caught], ["InsecureKeyLengthWarning"])
    print(f"the exceptions are those of PyJWT {jwt.__version__}")


if __name__ == "__main__":
    main()
