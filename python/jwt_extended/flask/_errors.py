"""Turns exceptions into responses: which of the manager's callbacks answers which exception."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from .._common import pyjwt
from . import default_callbacks as default
from . import exceptions as ours
from ._manager import Manager

Handler = Callable[[Manager, Any], Any]

#: The base classes of all exceptions that have handlers.
HANDLED = (ours.JWTExtendedException, pyjwt.InvalidTokenError)


def register_handlers(manager: Manager, target: Any) -> None:
    """Register the manager's callbacks as error handlers.

    A Flask-RESTX API calls the first handler whose class matches, and Flask the most specific one.
    So a class is registered before its bases.

    :param manager: the manager whose callbacks answer.
    :param target: an app, a blueprint, or a Flask-RESTX API or namespace.
    """
    answer = _answer if isinstance(target, Flask | Blueprint) else _answer_api
    handlers = [(kind, handler) for kinds, handler in _HANDLERS for kind in kinds]
    for kind, handler in sorted(handlers, key=lambda pair: len(pair[0].__mro__), reverse=True):
        target.errorhandler(kind)(partial(answer, manager, handler))


def _answer(manager: Manager, handler: Handler, error: Exception) -> ResponseReturnValue:
    answer: ResponseReturnValue = handler(manager, error)
    challenge = getattr(error, "www_authenticate", None)
    if challenge is None:
        return answer
    response = current_app.make_response(answer)
    response.headers.setdefault("WWW-Authenticate", challenge)
    return response


def _answer_api(manager: Manager, handler: Handler, error: Exception) -> ResponseReturnValue:
    """Answer for an API of Flask-RESTX, which only takes dicts: it fails for a whole response."""
    answer: Any = handler(manager, error)
    challenge = getattr(error, "www_authenticate", None)
    parts = answer if isinstance(answer, tuple) else (answer,)
    if not isinstance(parts[0], dict):
        response = current_app.make_response(answer)
        if challenge is not None:
            response.headers.setdefault("WWW-Authenticate", challenge)
        # The API passes an exception on to Flask, which answers with the response that it carries.
        raise HTTPException(response=response)
    if challenge is not None and len(parts) > 1:
        headers = {"WWW-Authenticate": challenge, **dict(*parts[2:])}
        return parts[0], parts[1], headers
    found: ResponseReturnValue = answer
    return found


def _unauthorized(manager: Manager, error: Exception) -> Any:
    return manager._unauthorized_callback(str(error))


def _invalid(manager: Manager, error: Exception) -> Any:
    return manager._invalid_token_callback(str(error))


def _expired(manager: Manager, error: pyjwt.ExpiredSignatureError) -> Any:
    # If the app's own code called PyJWT, the exception has no contents.
    header, data = getattr(error, "jwt_header", {}), getattr(error, "jwt_data", {})
    return manager._expired_token_callback(header, data)


def _needs_fresh(manager: Manager, error: ours.FreshTokenRequired) -> Any:
    return manager._needs_fresh_token_callback(error.jwt_header, error.jwt_data)


def _insufficient_scope(manager: Manager, error: ours.InsufficientScopeError) -> Any:
    answer = manager._insufficient_scope_callback
    if answer is default.default_insufficient_scope_callback:
        return answer(error.jwt_header, error.jwt_data, str(error))
    return answer(error.jwt_header, error.jwt_data)


def _insufficient_login(manager: Manager, error: ours.InsufficientLoginError) -> Any:
    answer = manager._insufficient_login_callback
    if answer is default.default_insufficient_login_callback:
        return answer(error.jwt_header, error.jwt_data, str(error))
    return answer(error.jwt_header, error.jwt_data)


def _replayed(manager: Manager, error: ours.ReplayedTokenError) -> Any:
    answer, revoked = manager._replayed_token_callback, manager._revoked_token_callback
    if (
        answer is default.default_replayed_token_callback
        and revoked is not default.default_revoked_token_callback
    ):
        # An app that only handles revoked tokens handles a replayed one as such.
        answer = revoked
    return answer(error.jwt_header, error.jwt_data)


def _revoked(manager: Manager, error: ours.RevokedTokenError) -> Any:
    return manager._revoked_token_callback(error.jwt_header, error.jwt_data)


def _user_lookup(manager: Manager, error: ours.UserLookupError) -> Any:
    return manager._user_lookup_error_callback(error.jwt_header, error.jwt_data)


def _verification(manager: Manager, error: ours.UserClaimsVerificationError) -> Any:
    return manager._token_verification_failed_callback(error.jwt_header, error.jwt_data)


def _unavailable(manager: Manager, error: Exception) -> ResponseReturnValue:
    current_app.logger.error("JWT_STORE: %s", error.__cause__ or error)
    key = current_app.config["JWT_ERROR_MESSAGE_KEY"]
    return {key: str(error)}, 503, {"Retry-After": "1"}


def _keys_unavailable(manager: Manager, error: ours.KeysUnavailableError) -> ResponseReturnValue:
    current_app.logger.error("JWT_ISSUERS: %s", error.__cause__ or error)
    key = current_app.config["JWT_ERROR_MESSAGE_KEY"]
    return {key: str(error)}, 503, {"Retry-After": error.retry_after}


#: The exceptions and their handlers. As upstream does, this names PyJWT's exceptions one by one, so
#: that an app's own handler for one of them is the more specific handler.
_HANDLERS: list[tuple[tuple[type[Exception], ...], Handler]] = [
    ((ours.NoAuthorizationError, ours.CSRFError), _unauthorized),
    (
        (
            pyjwt.DecodeError,
            pyjwt.MissingRequiredClaimError,
            pyjwt.InvalidAudienceError,
            pyjwt.InvalidIssuerError,
            pyjwt.InvalidTokenError,
            ours.JWTDecodeError,
            ours.InvalidHeaderError,
            ours.InvalidQueryParamError,
            ours.WrongTokenError,
        ),
        _invalid,
    ),
    ((pyjwt.ExpiredSignatureError,), _expired),
    ((ours.FreshTokenRequired,), _needs_fresh),
    ((ours.InsufficientScopeError,), _insufficient_scope),
    ((ours.InsufficientLoginError,), _insufficient_login),
    ((ours.ReplayedTokenError,), _replayed),
    ((ours.RevokedTokenError,), _revoked),
    ((ours.UserLookupError,), _user_lookup),
    ((ours.UserClaimsVerificationError,), _verification),
    ((ours.StoreUnavailableError,), _unavailable),
    ((ours.KeysUnavailableError,), _keys_unavailable),
]
