"""The extension itself: connects an app with its callbacks and its engine.

The only module that knows both the present interface and that of 3.x.
"""

from typing import Any
from warnings import warn

from flask import Flask

from .._common.options.hints import hints
from .._common.options.names import OURS, UPSTREAM, WATCHED
from .._common.pyjwt import (  # noqa: F401 - apps import them from here
    DecodeError,
    ExpiredSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidTokenError,
    MissingRequiredClaimError,
)
from .._core import Engine
from ._app import ENGINE, MANAGER, before_first_request, real_app, remember_line
from ._compat3.config import offer_old_names
from ._compat3.loaders import Loaders3
from ._compat3.options import (
    KNOWN,
    check_blacklist,
    prepare,
    read_with_old_names,
    warn_of_retired_options,
)
from ._cookies import settle
from ._errors import register_handlers
from ._protection import protect_by_default, serve_public_keys
from ._rest_extensions import answer_first
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
from .utils import current_user_context_processor

offer_old_names()


class JWTManager(Loaders3):
    """Holds the callbacks of one or several apps, and connects the apps with their engines.

    ::

        jwt = JWTManager(app)

    or, if a factory creates the app::

        jwt = JWTManager()

        def create_app():
            app = Flask(__name__)
            app.config["JWT_SECRET_KEY"] = ...
            jwt.init_app(app)
            return app

    Each ``…_loader`` is a decorator that registers one callback. A callback may be an ``async def``
    function if Flask is installed with its ``async`` extra.

    :param app: the app to connect at once.
    :param add_context_processor: whether templates get ``current_user``.
    """

    def __init__(self, app: Flask | None = None, add_context_processor: bool = False) -> None:
        super().__init__()
        if app is not None:
            self._connect(app, add_context_processor, stacklevel=3)

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        """Connect an app: check its options and register its error handlers.

        As in upstream, options may also be set later. The exceptions are ``JWT_JWKS_URL``, which
        is read here, and ``JWT_PROTECT_BY_DEFAULT``, which is read at the first request.

        :raises RuntimeError: for an invalid option, with what to set. A missing key raises when it
            is needed, because a loader may provide it.
        """
        self._connect(app, add_context_processor, stacklevel=3)

    def _connect(self, app: Flask, add_context_processor: bool, stacklevel: int) -> None:
        app = real_app(app)
        app.extensions[MANAGER] = self
        remember_line(app, stacklevel)
        if add_context_processor:
            app.context_processor(current_user_context_processor)
        prepare(app)
        self._set_default_configuration_options(app)
        self._set_error_handler_callbacks(app)
        before_first_request(
            app, [protect_by_default, lambda app: check_blacklist(app, self), answer_first]
        )
        # A second call keeps the engine, because its store in memory holds the revocations.
        engine: Engine = app.extensions.get(ENGINE) or Engine(
            read_with_old_names, [*WATCHED, *KNOWN]
        )
        try:
            engine.at(app.config).check()
        except InvalidKeyError as error:
            raise RuntimeError(str(error)) from error
        app.extensions[ENGINE] = engine
        for hint in hints(app.config, KNOWN):
            warn(hint, stacklevel=stacklevel)
        warn_of_retired_options(app, stacklevel)
        if settle not in app.after_request_funcs.setdefault(None, []):
            app.after_request(settle)
        serve_public_keys(app)

    def _set_error_handler_callbacks(self, app: Any) -> None:
        register_handlers(self, app)

    @staticmethod
    def _set_default_configuration_options(app: Flask) -> None:
        for name, value in (UPSTREAM | OURS).items():
            app.config.setdefault(name, value.copy() if isinstance(value, list) else value)
