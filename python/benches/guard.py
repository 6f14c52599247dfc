"""Compares guards, new tokens and decoded tokens with Flask-JWT-Extended, PyJWT and oxyjwt.

The cost of a guard is that of a guarded view minus that of an open view.

::

    python benches/guard.py            # the table
    python benches/guard.py --check    # exits with 1 if a required ratio is missed
    python benches/guard.py --quick    # few rounds, for a first look

Each app is called as a WSGI server calls it, but without a server. The packages take turns in each
round. Each round measures a guarded and an open view right after each other and records the
difference. The table shows the medians of all rounds, and the tenth and ninetieth percentile of
their ratios. Anything that slows the computer down thus slows both packages, but numbers of
different runs cannot be compared. Python's garbage collector stays on, because its cost is part of
the total. oxyjwt takes part if it is installed.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

import jwt as pyjwt
from app import IDENTITY, OURS, SECRET, THEIRS, create_app
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask

APPS = (OURS, THEIRS)

#: How many times as fast a guard must be and should be, and creating and decoding must be.
GUARD, GUARD_AIM, TOKENS = 15.0, 25.0, 6.0


class Row(NamedTuple):
    """One line of the table."""

    what: str
    #: The microseconds of each round.
    ours: list[float]
    theirs: list[float]
    required: float | None

    @property
    def ratios(self) -> list[float]:
        """How many times as fast ours is, in each round."""
        return [theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    @property
    def range(self) -> str:
        """The tenth and the ninetieth percentile of the ratios."""
        tenths = quantiles(self.ratios, n=10)
        return f"{tenths[0]:.1f} to {tenths[-1]:.1f}"

    @property
    def is_missed(self) -> bool:
        """Whether ours is slower than required."""
        return self.required is not None and self.ratio < self.required


class Effort(NamedTuple):
    """The number of rounds, and of calls of each function in a round."""

    rounds: int
    calls: int


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail if a required ratio is missed")
    parser.add_argument("--quick", action="store_true", help="few rounds")
    arguments = parser.parse_args()
    effort = Effort(rounds=9, calls=200) if arguments.quick else Effort(rounds=61, calls=300)

    print(f"{'what':<41}{'ours us':>9}{'theirs us':>11}{'ratio':>8}{'range':>15}  required")
    missed = []
    for row in measured(effort):
        times = f"{median(row.ours):>9.2f}{median(row.theirs):>11.2f}"
        print(f"{row.what:<41}{times}{row.ratio:>8.1f}{row.range:>15}  {required(row)}", flush=True)
        if row.is_missed:
            missed.append(row.what)
    if arguments.check and missed:
        print(f"slower than required: {', '.join(missed)}", file=sys.stderr)
        return 1
    return 0


def measured(effort: Effort) -> Iterable[Row]:
    """Measure one row of the table after the other."""
    for what, method, cookie in (
        ("guard, token in the header", "GET", False),
        ("guard, token in a cookie", "GET", True),
        ("guard, cookie and CSRF header", "POST", True),
    ):
        yield Row(what, *in_turns([Guard(name, method, cookie) for name in APPS], effort), GUARD)
    busy = [Guard(name, "GET", False, path="/greeting", blocklist=True) for name in APPS]
    yield Row("guard, with a blocklist and the identity", *in_turns(busy, effort), GUARD)
    for what, maker in (("create_access_token", creating), ("decode_token", decoding)):
        yield Row(what, *in_turns([maker(name) for name in APPS], effort), TOKENS)
    # Without a required ratio: these know no app, and no options.
    peers: dict[str, Any] = {"PyJWT": pyjwt}
    if find_spec("oxyjwt"):
        peers["oxyjwt"] = import_module("oxyjwt")
    for name, peer in peers.items():
        timers = [decoding(OURS), decoding_alone(peer.decode)]
        yield Row(f"decode_token beside {name}.decode", *in_turns(timers, effort), None)
    # Without a required ratio, because cryptography takes most of the time.
    for algorithm, keys in (("RS256", rsa_keys()), ("ES256", ec_keys())):
        guards = [Guard(name, "GET", False, JWT_ALGORITHM=algorithm, **keys) for name in APPS]
        yield Row(f"guard, {algorithm} token in the header", *in_turns(guards, effort), None)


#: Makes a number of calls, and returns the seconds of one call.
Timer = Callable[[int], float]


def in_turns(timers: list[Timer], effort: Effort) -> list[list[float]]:
    """Return the microseconds of each timer in each round, while they take turns."""
    taken: list[list[float]] = [[] for _ in timers]
    for timer in timers:
        timer(effort.calls)
    for turn in range(effort.rounds):
        # The order alternates, so that neither package always comes second.
        order = range(len(timers))
        for at in reversed(order) if turn % 2 else order:
            taken[at].append(timers[at](effort.calls) * 1e6)
    return taken


class Guard:
    """Measures a guarded view minus an open view."""

    def __init__(
        self,
        package_name: str,
        method: str,
        cookie: bool,
        path: str = "/guarded",
        blocklist: bool = False,
        **options: Any,
    ) -> None:
        self._app = create_app(package_name, **options)
        if blocklist:
            revoked = {"the id of another token"}
            manager: Any = self._app.extensions["flask-jwt-extended"]
            manager.token_in_blocklist_loader(lambda _, claims: claims["jti"] in revoked)
        with self._app.app_context():
            jwt: Any = import_module(package_name)
            token = jwt.create_access_token(IDENTITY)
            fields = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
            if cookie:
                csrf = jwt.get_csrf_token(token)
                cookies = f"access_token_cookie={token}; csrf_access_token={csrf}"
                fields = {"HTTP_COOKIE": cookies, "HTTP_X_CSRF_TOKEN": csrf}
        # Both views get the same request, so they differ only by the guard.
        self._open = environ(method, "/open", fields)
        self._guarded = environ(method, path, fields)
        for good, status in ((fields, "200 OK"), ({}, "401 UNAUTHORIZED")):
            answer = answer_to(self._app, environ(method, path, good))
            if answer != status:
                raise RuntimeError(f"{package_name} answers {answer} rather than {status}")

    def __call__(self, calls: int) -> float:
        """Return the seconds of one guard."""
        without = self._time(self._open, calls)
        return self._time(self._guarded, calls) - without

    def _time(self, request: dict[str, Any], calls: int) -> float:
        wsgi_app = self._app.wsgi_app
        start = perf_counter()
        for _ in range(calls):
            # Flask stores the request in the environment.
            wsgi_app(request.copy(), accept).close()  # type: ignore[attr-defined]
        return (perf_counter() - start) / calls


def creating(package_name: str) -> Timer:
    """Measure creating a token."""
    app, jwt = create_app(package_name), import_module(package_name)
    return repeating(app, lambda: jwt.create_access_token(IDENTITY))


def decoding(package_name: str) -> Timer:
    """Measure decoding a token outside a request."""
    app, jwt = create_app(package_name), import_module(package_name)
    with app.app_context():
        token = jwt.create_access_token(IDENTITY)
    return repeating(app, lambda: jwt.decode_token(token))


def decoding_alone(decode: Callable[..., Any]) -> Timer:
    """Measure decoding a token of ours with a function of another package."""
    app, jwt = create_app(OURS), import_module(OURS)
    with app.app_context():
        token = jwt.create_access_token(IDENTITY)
    return repeating(app, lambda: decode(token, SECRET, algorithms=["HS256"]))


def repeating(app: Flask, call: Callable[[], Any]) -> Timer:
    def timer(calls: int) -> float:
        with app.app_context():
            start = perf_counter()
            for _ in range(calls):
                call()
            return (perf_counter() - start) / calls

    return timer


def environ(method: str, path: str, fields: dict[str, str]) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **fields,
    }


def accept(status: str, _headers: list[tuple[str, str]], _error: Any = None) -> Any:
    if status != "200 OK":
        raise RuntimeError(f"a measured request was answered {status}")


def answer_to(app: Flask, request: dict[str, Any]) -> str:
    seen = []
    app.wsgi_app(request, lambda status, _headers, _error=None: seen.append(status))
    return seen[0]


def required(row: Row) -> str:
    if row.required is None:
        return "-"
    aim = f", aim {GUARD_AIM:.0f}" if row.required == GUARD else ""
    return f">= {row.required:.0f}{aim}{'  MISSED' if row.is_missed else ''}"


def rsa_keys() -> dict[str, str]:
    return in_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def ec_keys() -> dict[str, str]:
    return in_pem(ec.generate_private_key(ec.SECP256R1()))


def in_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    form = serialization.Encoding.PEM
    private = key.private_bytes(
        form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"JWT_PRIVATE_KEY": private.decode(), "JWT_PUBLIC_KEY": public.decode()}


if __name__ == "__main__":
    sys.exit(main())
