"""Whatever the app's ``jsonify`` can write, a claim can, and so can an identity."""

import dataclasses
import datetime
import decimal
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.json.provider import DefaultJSONProvider, JSONProvider
from support import SECRET

from jwt_extended.flask import JWTManager, create_access_token, decode_token

UUID = uuid.UUID(int=5)


@dataclasses.dataclass
class Point:
    x: int
    y: int


class OwnMethod(DefaultJSONProvider):
    """A provider with an ordinary method, which most apps write."""

    def default(self, o: Any) -> Any:  # type: ignore[override]
        return sorted(o) if isinstance(o, set) else DefaultJSONProvider.default(o)


class OwnStaticMethod(DefaultJSONProvider):
    @staticmethod
    def default(o: Any) -> Any:
        return sorted(o) if isinstance(o, set) else DefaultJSONProvider.default(o)


class OwnDumps(DefaultJSONProvider):
    """A provider that passes its own function to `dumps`."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        def default(value: Any) -> Any:
            return sorted(value) if isinstance(value, set) else self.default(value)

        return json.dumps(obj, default=default)


class OnlyDumps(JSONProvider):
    """A provider of another library, which has no `default`, and takes any key."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return json.dumps(self.plain(obj))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return json.loads(s)

    def plain(self, obj: Any) -> Any:
        if isinstance(obj, dict):
            return {str(name): self.plain(value) for name, value in obj.items()}
        if isinstance(obj, list | tuple | set):
            return [self.plain(value) for value in obj]
        return obj if isinstance(obj, str | int | float | bool | None) else str(obj)


def replaced(kind: type[JSONProvider]) -> Callable[[], Flask]:
    """Return a function that makes an app whose provider is replaced, as Flask documents."""

    def make() -> Flask:
        app = Flask("an_app")
        app.json = kind(app)
        return app

    return make


def with_class(kind: type[JSONProvider]) -> Callable[[], Flask]:
    """Return a function that makes an app of a class with a provider."""
    made = type("App", (Flask,), {"json_provider_class": kind})
    return lambda: made("an_app")


def with_late_class() -> Flask:
    app = Flask("an_app")
    app.json_provider_class = OwnMethod
    return app


def with_function() -> Flask:
    """Return an app with a function set on its provider, which Flask documents as well."""
    app = Flask("an_app")
    app.json.default = OwnStaticMethod.default  # type: ignore[attr-defined]
    return app


KINDS = (OwnMethod, OwnStaticMethod, OwnDumps, OnlyDumps)
WAYS = [way(kind) for way in (replaced, with_class) for kind in KINDS]
WAYS.append(with_function)

VALUES = [
    {3, 1, 2},
    [{"deep": {"er": {1}}}],
    UUID,
    decimal.Decimal("1.10"),
    datetime.date(2026, 1, 2),
    datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
    {4: {1}, 5: [UUID]},
]


def claim_of(app: Flask, value: Any) -> Any:
    """Return a claim after its way through a token."""
    app.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(app)
    with app.app_context():
        return decode_token(create_access_token("alice", additional_claims={"own": value}))["own"]


def shown(app: Flask, value: Any) -> Any:
    with app.app_context():
        return jsonify(value).json


@pytest.mark.parametrize("make", WAYS)
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_claim_is_written_as_jsonify_writes_it(make: Callable[[], Flask], value: Any) -> None:
    assert claim_of(make(), value) == shown(make(), value)


def test_a_provider_may_take_keys_that_json_does_not() -> None:
    value = {UUID: [{UUID: 1}]}
    assert claim_of(replaced(OnlyDumps)(), value) == {str(UUID): [{str(UUID): 1}]}


@pytest.mark.parametrize("value", [UUID, decimal.Decimal("1.10"), Point(1, 2)], ids=str)
def test_flasks_own_provider_writes_what_it_knows(value: Any) -> None:
    assert claim_of(Flask("an_app"), value) == shown(Flask("an_app"), value)


def test_a_provider_class_that_is_set_late_counts() -> None:
    assert claim_of(with_late_class(), {2, 1}) == [1, 2]


def test_an_identity_is_written_by_the_provider() -> None:
    app = replaced(OwnMethod)()
    app.config["JWT_VERIFY_SUB"] = False
    app.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(app)
    with app.app_context():
        assert decode_token(create_access_token({2, 1}))["sub"] == [1, 2]


@pytest.mark.parametrize("make", [lambda: Flask("an_app"), replaced(OwnMethod)])
@pytest.mark.parametrize(
    "value", [object(), {UUID: 1}, {(1, 2): 3}], ids=["object", "uuid", "tuple"]
)
def test_what_jsonify_cannot_write_is_a_type_error(make: Callable[[], Flask], value: Any) -> None:
    with pytest.raises(TypeError, match=r"not JSON serializable|keys must be str"):
        claim_of(make(), value)
