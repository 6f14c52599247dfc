"""Opens the guards of an app under test."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from flask import Flask

# The module rather than its functions, because one of them is replaced.
from .. import view_decorators
from .._app import engine_of, real_app, this_app
from ..internal_utils import manager_of
from .tokens import Kind, LoginOptions, log_in, token_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


@contextmanager
def without_protection(
    app: Flask, identity: Any = None, **options: "Unpack[LoginOptions]"
) -> Iterator[None]:
    """Let the app's guards admit every request for the duration of a ``with`` block.

    ::

        with without_protection(app, "alice"):
            assert app.test_client().get("/profile").status_code == 200

    Guards read no token and check nothing else: neither freshness nor scopes nor CSRF values. This
    holds for ``@jwt_required()``, ``verify_jwt_in_request()`` and ``JWT_PROTECT_BY_DEFAULT``, and
    for no other app. Views that refresh need a real refresh token: use :class:`JWTClient` there.

    :param app: the app, whose ``testing`` must be true.
    :param identity: who every request comes from, as ``login_user`` takes it. By default, requests
        are anonymous, as with ``optional=True``.
    :param options: what the user's token contains, see :class:`LoginOptions`.
    :raises RuntimeError: if the app is not under test.
    """
    app = real_app(app)
    if not app.testing:
        raise RuntimeError("without_protection is for tests: set app.testing = True first")
    found = None if identity is None else _found(app, identity, options)
    usual = view_decorators._decode_jwt_from_request

    def admit(*args: Any, **kwargs: Any) -> Any:
        if this_app() is not app or not app.testing:
            return usual(*args, **kwargs)
        # A view may change the claims that it gets.
        return deepcopy(found)

    view_decorators._decode_jwt_from_request = admit
    try:
        yield
    finally:
        view_decorators._decode_jwt_from_request = usual


def _found(
    app: Flask, identity: Any, options: LoginOptions
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return what a guard finds in a request of this user: claims, header and location."""
    kind: Kind = "refresh" if options.get("refresh") else "access"
    token = token_of(log_in(app, identity, options), kind)
    manager = manager_of(app)
    with app.app_context():
        header, claims = engine_of(app).decode(token, None, True, manager._decode_key)
        manager._complete(claims, app)
    return claims, header, options.get("location") or "headers"
