"""The extension of 3.x."""

from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar
from warnings import warn

from flask import Flask

from ... import jwt_manager as four
from ..options import VERSION

F = TypeVar("F", bound=Callable[..., Any])


class JWTManager(four.JWTManager):
    """Connects apps with the interface of 3.x."""

    def __init__(self, app: Flask | None = None) -> None:
        # Not through the argument of the base class, whose warnings point one call less far.
        super().__init__()
        if app is not None:
            self._connect(app, add_context_processor=False, stacklevel=3)

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        """Connect an app: check its options and register its error handlers.

        :raises RuntimeError: for an invalid option, with what to set.
        """
        self._connect(app, add_context_processor, stacklevel=3)

    def _connect(self, app: Flask, add_context_processor: bool, stacklevel: int) -> None:
        app.config.setdefault(VERSION, 3)
        super()._connect(app, add_context_processor, stacklevel + 1)

    def expired_token_loader(self, callback: F) -> F:
        """Register the answer to a request with an expired token.

        The decorated function must take **one** argument, a dict with the claims of the token, and
        return a response. One that takes no arguments works, and warns when it answers.
        """
        super().expired_token_loader(callback)
        answer = self._expired_token_callback
        if not signature(callback).parameters:

            def deprecated(*contents: Any) -> Any:
                warn(
                    "jwt.expired_token_loader callback now takes the expired token as an "
                    "additional parameter. Example: expired_callback(token)",
                    DeprecationWarning,
                    stacklevel=2,
                )
                return answer(*contents)

            self._expired_token_callback = deprecated
        return callback

    def decode_key_loader(self, callback: F) -> F:
        """Register the function that chooses the key that verifies a token.

        The decorated function must take **two** arguments, the claims and the header of the token.
        **Neither has been verified yet**, so trust nothing in them. It must return a key. One that
        takes the claims alone works, and warns.
        """
        super().decode_key_loader(callback)
        if len(signature(callback).parameters) == 1:
            warn(
                "The single-argument (unverified_claims) form of decode_key_callback is "
                "deprecated. Update your code to use the two-argument form (unverified_claims, "
                "unverified_headers).",
                DeprecationWarning,
                stacklevel=2,
            )
        return callback

    def _warn_of(self, old: str, new: str, stacklevel: int = 4) -> None:
        """Do not warn: the app has asked for 3.x."""
