"""Valid and invalid tokens of every kind, for this package and upstream's to judge."""

import base64
import hmac
import json
import time
from typing import Any

from support import HEADER, SECRET, claims, encode, sign, token

GOOD = token()


def with_header(**header: Any) -> str:
    return sign({**HEADER, **header}, claims())


def payload_with(text: str) -> str:
    return sign(HEADER, json.dumps(claims())[:-1] + text + "}")


def padded() -> str:
    """Return a token as AWS's load balancers write them, whose header and signature are padded."""
    parts = (json.dumps(part).encode() for part in ({**HEADER, "x": "y"}, claims()))
    signed = b".".join(base64.urlsafe_b64encode(part) for part in parts)
    signature = hmac.digest(SECRET.encode(), signed, "sha256")
    return b".".join((signed, base64.urlsafe_b64encode(signature))).decode()


def with_claim(claim: str, *values: Any, **named: Any) -> dict[str, str]:
    """Return tokens with these values of a claim. Values that change with time have names."""
    values_by_name = {f"{value!r}": value for value in values} | named
    return {f"{claim} {name}": token(**{claim: value}) for name, value in values_by_name.items()}


def tokens() -> dict[str, str]:
    """Return tokens that both packages accept, or reject with the same message."""
    now = int(time.time())
    just_now, soon = now - 20, now + 500
    return {
        "good": GOOD,
        "fresh": token(fresh=True),
        "refresh": token(type="refresh"),
        "fresh refresh": token(type="refresh", fresh=True),
        "expired": token(exp=just_now),
        "expired, no sub": token(exp=just_now, sub=None),
        "expired refresh": token(exp=just_now, type="refresh"),
        "expired, wrong audience": token(exp=just_now, aud="them"),
        "bad signature": f"{GOOD[:-4]}AAAA",
        "another key": sign(HEADER, claims(), "another secret of at least thirty-two bytes"),
        "alg none": sign({"alg": "none"}, claims()).rpartition(".")[0] + ".",
        "no alg": sign({"typ": "JWT"}, claims()),
        **{
            f"alg {alg!r}": with_header(alg=alg)
            for alg in (None, "", [], "HS512", "RS256", "hs256")
        },
        **{
            f"text {text!r}": text
            for text in ("a", "a.b", "a.b.c", "..", "a b.c.d", "!.#.$", "é.é.é")
        },
        "aaaaa.bbbbb.ccccc": "aaaaa.bbbbb.ccccc",
        "four segments": f"{GOOD}.x",
        "padding": f"{GOOD}=",
        "padding that the signature covers": padded(),
        "wrong padding": f"{GOOD}==",
        "wrong padding of the header": GOOD.replace(".", "==.", 1),
        "header no JSON": f"{encode(b'text')}.e30.AAAA",
        "header a list": f"{encode(b'[]')}.e30.AAAA",
        "header no UTF-8": f"{encode(bytes([255, 254]))}.e30.AAAA",
        "no header": ".e30.AAAA",
        **{
            f"payload {text!r}": sign(HEADER, text)
            for text in ("text", "[1]", '"x"', "null", "{} x")
        },
        "payload no UTF-8": sign(HEADER, b"\xff\xff"),
        "payload no base64": f"{GOOD.split('.')[0]}.!!!!.AAAA",
        "bad payload, bad signature": f"{GOOD.split('.')[0]}.{encode(b'text')}.AAAA",
        "signature no base64": f"{GOOD.rpartition('.')[0]}.!!!",
        **with_claim("sub", None, ..., "", 5, ["alice"], {"a": 1}),
        **with_claim("type", None, ..., "app", 7),
        **with_claim("fresh", None, 0, until_just_now=just_now, for_a_while=soon + 0.5),
        **with_claim("jti", None, ..., 5),
        **with_claim(
            *("exp", None, ..., " 5 ", "soon", -5, 1.5, 10**15, 2**63, [1]),
            **{"soon, as a text": str(soon), "soon and a half": soon + 0.5},
        ),
        "exp 1e400": sign(HEADER, json.dumps(claims(exp=0)).replace('"exp": 0', '"exp": 1e400')),
        **with_claim("nbf", None, ..., "x", soon=soon, just_now_as_a_text=str(just_now)),
        **with_claim("iat", None, ..., "x", [1], soon=soon),
        **with_claim(
            *("aud", "us", "them", ["us", "them"], "", [], 5, ["us", 5], ..., {}, 0, False),
        ),
        **with_claim("iss", "us", "them", "we", 5, ..., ["us"]),
        "early, of another issuer": token(nbf=soon, iss="them"),
        "early, for another audience": token(iat=soon, aud="them"),
        **with_claim("csrf", None, "other"),
        **with_claim("sid", "a session", 5, ...),
        **{f"kid {kid!r}": with_header(kid=kid) for kid in ("x", 5, None)},
        **{f"crit {crit!r}": with_header(crit=crit) for crit in (["x"], [], "x", [1], ["alg"])},
        "typ of another kind": with_header(typ="dpop+jwt"),
        "no typ": sign({"alg": "HS256"}, claims()),
        "a key of its own": with_header(jwk={"kty": "oct", "k": "AAAA"}),
        "claims of every kind": token(
            nested=["a", {"b": [1, 2.5, None, True, {}]}], big=10**30, e=1e5, text='é😀"\\\n/\x7f'
        ),
        "numbers as others write them": payload_with(',"a":1E2,"b":-0,"c":1.0,"d":-0.0'),
        "white space": sign(HEADER, f" \n{json.dumps(claims())}\t"),
        "nine thousand bytes": token(x="y" * 9000),
        "five thousand arrays": payload_with(f',"x":{"[" * 5000}{"]" * 5000}'),
    }


#: Tokens that upstream accepts and this package rejects, with its message.
REFUSED = {
    "a name twice": (
        payload_with(',"sub":"bob"'),
        "Invalid payload string: a member name is used twice in one object",
    ),
    "NaN": (payload_with(',"x":NaN'), "Invalid payload string: invalid JSON at byte"),
    "a byte order mark": (
        sign(HEADER, f"\ufeff{json.dumps(claims())}"),
        "Invalid payload string: must be a json object",
    ),
    "half a surrogate": (token(x="\ud800"), "Invalid payload string: lone surrogate at byte"),
    "65 levels": (
        payload_with(f',"x":{"[" * 65}{"]" * 65}'),
        "Invalid payload string: nested more than 64 levels deep",
    ),
    "65,537 bytes": (token(x="y" * 50_000), "The token is longer than 65536 bytes"),
    "crit of b64": (with_header(crit=["b64"], b64=True), "Unsupported critical extension: b64"),
    "typ that is no text": (with_header(typ=5), "The typ header parameter must be a string"),
}
