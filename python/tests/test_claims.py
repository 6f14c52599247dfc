"""The arguments that new tokens are made from: times, issuers and lifetimes."""

from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import jwt
import pytest
from dateutil.relativedelta import relativedelta
from support import SECRET, make_app

import jwt_extended.flask as ours

#: Half a second past a whole one, far in the future.
MOMENT = datetime(2091, 2, 3, 4, 5, 6, 500_000, timezone.utc)


def made(package: ModuleType, **arguments: Any) -> dict[str, Any]:
    """Create an access token, and return its claims."""
    with make_app(package).app_context():
        text = package.create_access_token("alice", **arguments)
    return jwt.decode(text, SECRET, ["HS256"], options={"verify_iat": False, "verify_nbf": False})


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_a_time_among_the_claims_is_cut_to_seconds(package: ModuleType, name: str) -> None:
    claims = made(package, additional_claims={name: MOMENT})
    assert claims[name] == MOMENT.timestamp() - 0.5


def test_a_time_without_a_zone_is_utc(package: ModuleType) -> None:
    claims = made(package, additional_claims={"exp": MOMENT.replace(tzinfo=None)})
    assert claims["exp"] == MOMENT.timestamp() - 0.5


def test_an_issuer_among_the_claims_is_a_string(package: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"Issuer \(iss\) must be a string"):
        made(package, additional_claims={"iss": 5})


def test_a_token_can_be_fresh_for_some_time(package: ModuleType) -> None:
    claims = made(package, fresh=timedelta(minutes=5))
    assert claims["fresh"] - claims["iat"] == pytest.approx(300, abs=1)


def test_another_kind_of_freshness_is_stored_as_it_is(package: ModuleType) -> None:
    assert made(package, fresh="today")["fresh"] == "today"


@pytest.mark.parametrize("lifetime", [timedelta(days=7), relativedelta(weeks=1)])
def test_a_lifetime_may_depend_on_the_calendar(package: ModuleType, lifetime: Any) -> None:
    claims = made(package, expires_delta=lifetime)
    assert claims["exp"] - claims["iat"] == timedelta(days=7).total_seconds()


def test_a_lifetime_of_zero_raises() -> None:
    with pytest.raises(ValueError, match="use expires_delta=False for one that never expires"):
        made(ours, expires_delta=timedelta())
