"""The extension itself: an app's callbacks and its engine."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar
from warnings import warn

from flask import Flask, current_app
from jwt.exceptions import (  # noqa: F401 - apps import them from here
    DecodeError,
    ExpiredSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

from .._core import Engine, Presented, Rotation
from . import _legacy
from . import default_callbacks as default
from ._callbacks import synchronous
from ._defaults import OURS, UPSTREAM, WATCHED
from ._errors import register_handlers
from ._hints import hints
from ._options import read
from ._views import install_views
from .exceptions import (  # noqa: F401 - apps import them from here
    CSRFError,
    FreshTokenRequired,
    InvalidHeaderError,
    InvalidQueryParamError,
    JWTDecodeError,
    NoAuthorizationError,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLookupError,
    WrongTokenError,
)
from .internal_utils import ENGINE, MANAGER, check_session, json_default
from .typing import ExpiresDelta, Fresh

C = TypeVar("C", bound=Callable[..., Any])


class JWTManager:
    """Holds the callbacks of one or several apps, and connects them with their engines.

    ::

        jwt = JWTManager(app)

    or, where apps are made by a factory::

        jwt = JWTManager()

        def create_app():
            app = Flask(__name__)
            app.config["JWT_SECRET_KEY"] = ...
            jwt.init_app(app)
            return app

    Each ``…_loader`` is a decorator that sets one callback. A callback may be an ``async def``
    function, as far as Flask is installed with its ``async`` extra.

    :param app: the app to connect with at once.
    :param add_context_processor: whether templates get ``current_user``.
    """

    def __init__(self, app: Flask | None = None, add_context_processor: bool = False) -> None:
        self._decode_key_callback: Callable[..., Any] = default.default_decode_key_callback
        self._encode_key_callback: Callable[..., Any] = default.default_encode_key_callback
        self._expired_token_callback: Callable[..., Any] = default.default_expired_token_callback
        self._invalid_token_callback: Callable[..., Any] = default.default_invalid_token_callback
        self._jwt_additional_header_callback: Callable[..., Any] = (
            default.default_jwt_headers_callback
        )
        self._needs_fresh_token_callback: Callable[..., Any] = (
            default.default_needs_fresh_token_callback
        )
        self._replayed_token_callback: Callable[..., Any] = default.default_replayed_token_callback
        self._revoked_token_callback: Callable[..., Any] = default.default_revoked_token_callback
        self._token_in_blocklist_callback: Callable[..., Any] = default.default_blocklist_callback
        self._token_verification_callback: Callable[..., Any] = (
            default.default_token_verification_callback
        )
        self._token_verification_failed_callback: Callable[..., Any] = (
            default.default_token_verification_failed_callback
        )
        self._unauthorized_callback: Callable[..., Any] = default.default_unauthorized_callback
        self._user_claims_callback: Callable[..., Any] = default.default_additional_claims_callback
        self._user_identity_callback: Callable[..., Any] = default.default_user_identity_callback
        self._user_lookup_callback: Callable[..., Any] | None = None
        self._user_lookup_error_callback: Callable[..., Any] = (
            default.default_user_lookup_error_callback
        )
        #: What `user_claims_loader` of 3.x has set.
        self._legacy_user_claims: Callable[..., Any] | None = None
        if app is not None:
            self._connect(app, add_context_processor, stacklevel=3)

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        """Connect with an app: read its options, answer its refusals.

        Options may be set afterwards too, as upstream allows, but for ``JWT_JWKS_URL``, which is
        read here alone, and ``JWT_PROTECT_BY_DEFAULT``, which is read at the first request.

        :raises RuntimeError: for an option that cannot be, with what to set. A key that is
            missing is told when it is needed, since a loader may give it.
        """
        self._connect(app, add_context_processor, stacklevel=3)

    def _connect(self, app: Flask, add_context_processor: bool, stacklevel: int) -> None:
        app.extensions[MANAGER] = self
        if add_context_processor:
            from .utils import current_user_context_processor

            app.context_processor(current_user_context_processor)
        self._set_default_configuration_options(app)
        self._set_error_handler_callbacks(app)
        # Of a second time, what the first one knows must not be lost: revocations.
        engine: Engine = app.extensions.get(ENGINE) or Engine(read, WATCHED)
        try:
            engine.check(app.config)
        except InvalidKeyError as error:
            raise RuntimeError(str(error)) from error
        app.extensions[ENGINE] = engine
        for hint in hints(app.config):
            warn(hint, stacklevel=stacklevel)
        _legacy.check_options(app, stacklevel)
        install_views(app)

    def _set_error_handler_callbacks(self, app: Any) -> None:
        register_handlers(self, app)

    @staticmethod
    def _set_default_configuration_options(app: Flask) -> None:
        for name, value in (UPSTREAM | OURS).items():
            app.config.setdefault(name, value.copy() if isinstance(value, list) else value)

    # What tokens say.

    def additional_claims_loader(self, callback: C) -> C:
        """Set what claims every token gets beside its own.

        The callback takes the identity that a token is made for and returns a dict. The
        argument ``additional_claims`` of ``create_…_token`` is merged into it, and wins.
        """
        self._user_claims_callback = synchronous(callback)
        return callback

    def additional_headers_loader(self, callback: C) -> C:
        """Set what headers every token gets beside ``alg`` and ``typ``.

        The callback takes the identity that a token is made for and returns a dict. The
        argument ``additional_headers`` of ``create_…_token`` is merged into it, and wins.
        """
        self._jwt_additional_header_callback = synchronous(callback)
        return callback

    def user_identity_loader(self, callback: C) -> C:
        """Set what the identity claim says of a user.

        The callback takes what was given to ``create_…_token``, such as a row of a database, and
        returns a string.
        """
        self._user_identity_callback = synchronous(callback)
        return callback

    def encode_key_loader(self, callback: C) -> C:
        """Set which key signs a token.

        The callback takes the identity and returns a key.
        """
        self._encode_key_callback = synchronous(callback)
        return callback

    def decode_key_loader(self, callback: C) -> C:
        """Set which key checks a token.

        The callback takes header and claims of a token that **nobody has checked yet**, and
        returns a key. Trust nothing in them. To change keys now and then, ``JWT_KEY_RING`` does
        it without a callback.
        """
        self._decode_key_callback = synchronous(callback)
        return callback

    # What tokens are accepted, and whose they are.

    def token_in_blocklist_loader(self, callback: C) -> C:
        """Set how revoked tokens are known.

        The callback takes header and claims and returns whether the token was revoked.
        ``JWT_STORE`` keeps revocations without a callback.
        """
        self._token_in_blocklist_callback = synchronous(callback)
        return callback

    def token_verification_loader(self, callback: C) -> C:
        """Set the app's own judgement of tokens that are good otherwise.

        The callback takes header and claims and returns whether the token is accepted.
        """
        self._token_verification_callback = synchronous(callback)
        return callback

    def user_lookup_loader(self, callback: C) -> C:
        """Set how the user of a token is found, for ``current_user``.

        The callback takes header and claims and returns the user, or ``None`` if there is none
        any more: then the request is refused.
        """
        self._user_lookup_callback = synchronous(callback)
        return callback

    # What refusals look like.

    def unauthorized_loader(self, callback: C) -> C:
        """Set the answer where there is no token, or no CSRF value beside a cookie.

        The callback takes a sentence that says what is missing and returns a response.
        """
        self._unauthorized_callback = synchronous(callback)
        return callback

    def invalid_token_loader(self, callback: C) -> C:
        """Set the answer to a token or a request that is malformed.

        The callback takes a sentence that says what is wrong and returns a response.
        """
        self._invalid_token_callback = synchronous(callback)
        return callback

    def expired_token_loader(self, callback: C) -> C:
        """Set the answer to a token that has expired.

        The callback takes header and claims and returns a response.
        """
        self._expired_token_callback = _legacy.of_contents(synchronous(callback))
        return callback

    def needs_fresh_token_loader(self, callback: C) -> C:
        """Set the answer to a good token that is not fresh where a fresh one is due.

        The callback takes header and claims and returns a response.
        """
        self._needs_fresh_token_callback = _legacy.of_contents(synchronous(callback))
        return callback

    def revoked_token_loader(self, callback: C) -> C:
        """Set the answer to a revoked token.

        The callback takes header and claims and returns a response.
        """
        self._revoked_token_callback = _legacy.of_contents(synchronous(callback))
        return callback

    def replayed_token_loader(self, callback: C) -> C:
        """Set the answer to a refresh token that was used before: somebody has a copy.

        Its session has been ended, and a warning logged, before the callback is asked. It is the
        place to tell the user. It takes header and claims and returns a response. Without one,
        ``revoked_token_loader`` answers.
        """
        self._replayed_token_callback = synchronous(callback)
        return callback

    def user_lookup_error_loader(self, callback: C) -> C:
        """Set the answer where ``user_lookup_loader`` found nobody.

        The callback takes header and claims and returns a response.
        """
        self._user_lookup_error_callback = synchronous(callback)
        return callback

    def token_verification_failed_loader(self, callback: C) -> C:
        """Set the answer where ``token_verification_loader`` refused a token.

        The callback takes header and claims and returns a response.
        """
        self._token_verification_failed_callback = synchronous(callback)
        return callback

    # The loaders of Flask-JWT-Extended 3.

    user_claims_loader = _legacy.user_claims_loader
    user_loader_callback_loader = _legacy.user_loader_callback_loader
    user_loader_error_loader = _legacy.user_loader_error_loader
    token_in_blacklist_loader = _legacy.token_in_blacklist_loader
    claims_verification_loader = _legacy.claims_verification_loader
    claims_verification_failed_loader = _legacy.claims_verification_failed_loader

    # What functions of this package ask of it.

    def _encode_jwt_from_config(
        self,
        identity: Any,
        token_type: str,
        claims: dict[str, Any] | None = None,
        fresh: Fresh = False,
        expires_delta: ExpiresDelta | None = None,
        headers: dict[str, Any] | None = None,
        session: str | None = None,
        rotation: Rotation | None = None,
        follows: Presented | None = None,
    ) -> str:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        engine: Engine = app.extensions[ENGINE]
        # Upstream's order, each with the identity as it was given.
        all_headers = _merged(self._jwt_additional_header_callback, identity, headers, _NO_HEADERS)
        all_claims = _merged(self._user_claims_callback, identity, claims, _NO_CLAIMS)
        if follows is not None:
            # Whose a session is, never changes.
            subject = follows.contents()[1][app.config["JWT_IDENTITY_CLAIM"]]
        elif self._turns_users_into_identities:
            subject = self._user_identity_callback(identity)
        else:
            subject = identity
        key = None
        if self._encode_key_callback is not default.default_encode_key_callback:
            key = self._encode_key_callback(identity)
            if key is None:
                raise TypeError("encode_key_loader must return a key, and has returned None")
        if all_claims:
            _check_claims(all_claims)
        if session is not None:
            check_session(session)
        return engine.encode(
            app.config,
            token_type,
            subject,
            _freshness(fresh),
            _lifetime(app, token_type, expires_delta),
            all_claims,
            all_headers,
            key,
            session,
            json_default(app),
            rotation,
            # A page that has read the value of a refresh token goes on working.
            follows.csrf if follows and token_type == "refresh" else None,  # noqa: S105
        )

    def _decode_jwt_from_config(
        self,
        encoded_token: str,
        csrf_value: str | None = None,
        allow_expired: bool = False,
    ) -> dict[str, Any]:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        engine: Engine = app.extensions[ENGINE]
        return engine.decode(
            app.config, encoded_token, csrf_value, allow_expired, self._decode_key
        )[1]

    @property
    def _turns_users_into_identities(self) -> bool:
        """Whether tokens are made for something else than what the identity claim says."""
        return self._user_identity_callback is not default.default_user_identity_callback

    @property
    def _decode_key(self) -> Callable[..., Any] | None:
        """The app's own way to choose a key; ``None`` where the configured ones do."""
        callback = self._decode_key_callback
        return None if callback is default.default_decode_key_callback else callback


_NO_CLAIMS = default.default_additional_claims_callback
_NO_HEADERS = default.default_jwt_headers_callback


def _merged(
    callback: Callable[..., Any],
    identity: Any,
    given: dict[str, Any] | None,
    nothing: Callable[..., Any],
) -> dict[str, Any] | None:
    """Merge what the app's callback says with what the caller says, who wins."""
    if callback is nothing:
        return dict(given) if given else None
    # A copy: what the callback returns may be the app's own dict, which must not grow.
    return {**(callback(identity) or {}), **(given or {})}


def _check_claims(claims: dict[str, Any]) -> None:
    """Write points in time as tokens have them, and refuse what PyJWT refuses."""
    for name in ("exp", "iat", "nbf"):
        moment = claims.get(name)
        if isinstance(moment, datetime):
            # One without a zone is taken for UTC, as PyJWT does.
            aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
            claims[name] = int(aware.timestamp() // 1)
    if not isinstance(claims.get("iss", ""), str):
        raise TypeError("Issuer (iss) must be a string.")


def _freshness(fresh: Any) -> Any:
    if fresh is True or fresh is False or isinstance(fresh, int | float):
        return fresh
    if hasattr(fresh, "total_seconds"):
        return (datetime.now(timezone.utc) + fresh).timestamp()
    return fresh


def _lifetime(app: Flask, token_type: str, delta: Any) -> int | None:
    """Return how long a token lives in microseconds; ``None`` for ever."""
    if delta is None:
        name = "ACCESS" if token_type == "access" else "REFRESH"  # noqa: S105 - no password
        delta = app.config[f"JWT_{name}_TOKEN_EXPIRES"]
    if delta is False:
        return None
    if type(delta) is int:
        micros = delta * 1_000_000
    elif hasattr(delta, "total_seconds"):
        micros = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    else:
        # A relativedelta: how long it is depends on when.
        now = datetime.now(timezone.utc)
        return _lifetime(app, token_type, (now + delta) - now)
    if micros == 0:
        raise ValueError(
            "a token that lives for no time at all would be of no use; "
            "use expires_delta=False for one that never expires"
        )
    return micros
