"""How refusals become answers: error handlers of the app, in front of those of REST extensions."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from jwt import exceptions as pyjwt

from . import default_callbacks as default
from . import exceptions as ours
from ._legacy import check_blacklist
from ._views import protect_by_default

if TYPE_CHECKING:
    from .jwt_manager import JWTManager

Handler = Callable[[Any], Any]

#: The exceptions that have handlers. PyJWT's are named one by one, as upstream names them, so
#: that an app's own handler for one of them stays the more specific one.
_UNAUTHORIZED = (ours.NoAuthorizationError, ours.CSRFError)
_INVALID = (
    pyjwt.DecodeError,
    pyjwt.MissingRequiredClaimError,
    pyjwt.InvalidAudienceError,
    pyjwt.InvalidIssuerError,
    pyjwt.InvalidTokenError,
    ours.JWTDecodeError,
    ours.InvalidHeaderError,
    ours.InvalidQueryParamError,
    ours.WrongTokenError,
)
HANDLED = (ours.JWTExtendedException, pyjwt.InvalidTokenError)


def register_handlers(manager: "JWTManager", target: Any) -> None:
    """Register the manager's loaders as error handlers: of an app, a blueprint, or a RESTX API."""

    def unauthorized(error: Exception) -> Any:
        return manager._unauthorized_callback(str(error))

    def invalid(error: Exception) -> Any:
        return manager._invalid_token_callback(str(error))

    def expired(error: Any) -> Any:
        # PyJWT itself may have raised it, in the app's own code: then there are no contents.
        header, data = getattr(error, "jwt_header", {}), getattr(error, "jwt_data", {})
        return manager._expired_token_callback(header, data)

    def needs_fresh(error: ours.FreshTokenRequired) -> Any:
        return manager._needs_fresh_token_callback(error.jwt_header, error.jwt_data)

    def revoked(error: ours.RevokedTokenError) -> Any:
        return manager._revoked_token_callback(error.jwt_header, error.jwt_data)

    def replayed(error: ours.ReplayedTokenError) -> Any:
        answer = manager._replayed_token_callback
        if answer is default.default_replayed_token_callback:
            # To an app that knows of no other way, it is a revoked token.
            own = manager._revoked_token_callback
            answer = answer if own is default.default_revoked_token_callback else own
        return answer(error.jwt_header, error.jwt_data)

    def user_lookup(error: ours.UserLookupError) -> Any:
        return manager._user_lookup_error_callback(error.jwt_header, error.jwt_data)

    def verification(error: ours.UserClaimsVerificationError) -> Any:
        return manager._token_verification_failed_callback(error.jwt_header, error.jwt_data)

    def unavailable(error: Exception) -> ResponseReturnValue:
        current_app.logger.error("JWT_STORE: %s", error.__cause__ or error)
        key = current_app.config["JWT_ERROR_MESSAGE_KEY"]
        return {key: str(error)}, 503, {"Retry-After": "1"}

    handlers: list[tuple[tuple[type[Exception], ...], Handler]] = [
        (_UNAUTHORIZED, unauthorized),
        (_INVALID, invalid),
        ((pyjwt.ExpiredSignatureError,), expired),
        ((ours.FreshTokenRequired,), needs_fresh),
        # Flask-RESTX asks the first that fits, and a replayed token is a revoked one as well.
        ((ours.ReplayedTokenError,), replayed),
        ((ours.RevokedTokenError,), revoked),
        ((ours.UserLookupError,), user_lookup),
        ((ours.UserClaimsVerificationError,), verification),
        ((ours.StoreUnavailableError,), unavailable),
    ]
    for kinds, handler in handlers:
        for kind in kinds:
            target.errorhandler(kind)(partial(_answer, handler))
    if isinstance(target, Flask):
        _at_the_first_request(manager, target)


def _at_the_first_request(manager: "JWTManager", app: Flask) -> None:
    """See to it that the app's own handlers answer refusals, and that views are protected.

    Flask-RESTful and Flask-RESTX put themselves in front of the app's error handlers, know
    nothing of these exceptions, and answer 500. Whichever comes last stands first, so this waits
    for the first request: by then all of them have come, and all options are set.
    """
    usual = app.full_dispatch_request

    def first() -> Any:
        protect_by_default(app)
        check_blacklist(app, manager)
        others = app.handle_user_exception
        if not isinstance(others, _AnswersFirst):
            app.handle_user_exception = _AnswersFirst(app, others)  # type: ignore[method-assign,assignment]
        if app.full_dispatch_request is first:
            # Once is enough.
            app.full_dispatch_request = usual  # type: ignore[method-assign]
        return usual()

    app.full_dispatch_request = first  # type: ignore[method-assign]


class _AnswersFirst:
    """Stands in front of an app's ``handle_user_exception``."""

    def __init__(self, app: Flask, others: Callable[[Exception], Any]) -> None:
        self._app = app
        self._others = others

    def __call__(self, error: Exception) -> Any:
        if isinstance(error, HANDLED) and not _said_by_an_api(self._others, error):
            return type(self._app).handle_user_exception(self._app, error)
        return self._others(error)


def _said_by_an_api(handler: Any, error: Exception) -> bool:
    """Whether the REST extension of the request's view was told what to answer to it."""
    while isinstance(handler, partial):
        api = getattr(handler.func, "__self__", None)
        if api is not None and api._has_fr_route():
            return _was_told(api, error)
        handler = handler.args[0] if handler.args else None
    return False


def _was_told(api: Any, error: Exception) -> bool:
    by_name = getattr(api, "errors", None) or {}
    by_class = getattr(api, "_own_and_child_error_handlers", None) or {}
    own_way = type(api).handle_error.__module__.partition(".")[0]
    return (
        type(error).__name__ in by_name
        or isinstance(error, tuple(by_class))
        or getattr(api, "_default_error_handler", None) is not None
        or own_way not in ("flask_restful", "flask_restx")
    )


def _answer(handler: Handler, error: Exception) -> ResponseReturnValue:
    answer: ResponseReturnValue = handler(error)
    challenge = getattr(error, "www_authenticate", None)
    if challenge is None:
        return answer
    response = current_app.make_response(answer)
    response.headers.setdefault("WWW-Authenticate", challenge)
    return response
