"""A test client that logs in and sends its tokens, with the CSRF values that cookies need."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from flask.testing import FlaskClient
from flask.views import View
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from ..._common.options.reader import MappingReader
from .._app import real_app
from .._protection import _called_parts
from ..pairs import TokenPair
from ..view_decorators import TAKES_REFRESH
from .tokens import Kind, LoginOptions, csrf_of, header_value, location_for, log_in, token_of

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

KINDS: tuple[Kind, Kind] = ("access", "refresh")


class JWTClient(FlaskClient):
    """A client of Flask that logs in.

    ::

        app.test_client_class = JWTClient  # or, for a single client, jwt_client(app)

        client = app.test_client()
        client.login("alice", fresh=True)
        client.get("/profile")
        client.as_("bob").get("/profile")  # `client` is still alice

    A request that has an ``Authorization`` header of its own, or the header of a CSRF value, is
    sent as it is. The CSRF value is also added for cookies that the app's own login has set.
    Cookies need Werkzeug 2.3 or later.
    """

    def __init__(self, *args: Any, use_cookies: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, use_cookies=use_cookies, **kwargs)
        self._uses_cookies = use_cookies
        #: The tokens of the last :meth:`login`; ``None`` after a :meth:`logout`.
        self.tokens: TokenPair | None = None
        #: Whether unsafe requests carry the CSRF value of their cookie. Turn it off to test that
        #: the app rejects them.
        self.sends_csrf = True
        self._in_headers = False
        self._only_refresh = False

    def login(self, identity: Any, **options: "Unpack[LoginOptions]") -> TokenPair:
        """Log a user in. Every later request is sent as this user.

        It opens a session as :func:`~jwt_extended.flask.login_user` does, with the app's callbacks
        and its store. Views under ``@jwt_required(refresh=True)`` get the refresh token, and all
        others the access token.

        :param identity: the user, as ``login_user`` takes it.
        :param options: see :class:`LoginOptions`.
        :return: the tokens.
        """
        location = location_for(self.application, options)
        pair = log_in(self.application, identity, options)
        self.logout()
        self.tokens = pair
        self._only_refresh = options.get("refresh", False)
        self._in_headers = location == "headers"
        if not self._in_headers:
            for kind in KINDS:
                self._set_cookies(kind, token_of(pair, kind))
        return pair

    def logout(self) -> None:
        """Forget the tokens and their cookies. To end the session, send the app's own request."""
        self.tokens = None
        self._in_headers = self._only_refresh = False
        for kind in KINDS if self._has_cookies() else ():
            for name, path in self._cookies_of(kind):
                self.delete_cookie(name, domain=self._domain(), path=path)

    def as_(self, identity: Any, **options: "Unpack[LoginOptions]") -> "Self":
        """Return another client, with cookies of its own, that is logged in as this user."""
        response_class = self.application.response_class
        other = type(self)(self.application, response_class, use_cookies=self._uses_cookies)
        other.environ_base = dict(self.environ_base)
        other.sends_csrf = self.sends_csrf
        other.login(identity, **options)
        return other

    def run_wsgi_app(
        self, environ: dict[str, Any], buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        """Add the token or the CSRF value to a request, and send it. Redirects come here too."""
        # A redirect continues with the caller's dict, and may need the other token.
        environ = dict(environ)
        options = MappingReader(self.application.config)
        kind: Kind = "refresh" if self._only_refresh or self._is_refreshing(environ) else "access"
        if self.tokens is not None and self._in_headers:
            header = header_value(options, token_of(self.tokens, kind))
            environ.setdefault(_key(options.header_name), header)
        elif self.sends_csrf and options.cookie_csrf_protect and self._has_cookies():
            methods = {method.upper() for method in options.csrf_request_methods}
            csrf = self._csrf(kind) if environ["REQUEST_METHOD"] in methods else None
            if csrf is not None:
                environ.setdefault(_key(getattr(options, f"{kind}_csrf_header_name")), csrf)
        return super().run_wsgi_app(environ, buffered=buffered)

    def _is_refreshing(self, environ: dict[str, Any]) -> bool:
        """Return whether the guard of the request's view takes a refresh token."""
        app = self.application
        try:
            # It is `None` only without a request, and raises for a host that is not trusted.
            adapter = cast(MapAdapter, app.create_url_adapter(app.request_class(environ)))
            endpoint, _ = adapter.match()
        except HTTPException:
            return False
        view: Any = app.view_functions[endpoint]
        view_class: type[View] | None = getattr(view, "view_class", None)
        parts = [view]
        if view_class is not None:
            parts += _called_parts(view_class, environ["REQUEST_METHOD"].lower())
        return any(getattr(part, TAKES_REFRESH, False) for part in parts)

    def _has_cookies(self) -> bool:
        """Return whether both the app and this client use cookies for tokens."""
        return self._uses_cookies and MappingReader(self.application.config).jwt_in_cookies

    def _csrf(self, kind: Kind) -> str | None:
        """Return the CSRF value that belongs to the cookie of a token."""
        options = MappingReader(self.application.config)
        name = getattr(options, f"{kind}_cookie_name")
        path = getattr(options, f"{kind}_cookie_path")
        cookie = self.get_cookie(name, domain=self._domain(), path=path)
        return None if cookie is None else csrf_of(cookie.value)

    def _set_cookies(self, kind: Kind, token: str) -> None:
        options = MappingReader(self.application.config)
        with_csrf = options.cookie_csrf_protect and options.csrf_in_cookies
        values = [token, csrf_of(token) if with_csrf else None]
        if kind == "access" and self._only_refresh:
            return
        for (name, path), value in zip(self._cookies_of(kind), values, strict=True):
            if value is not None:
                domain, origin_only = self._domain(), options.cookie_domain is None
                self.set_cookie(name, value, domain=domain, origin_only=origin_only, path=path)

    def _cookies_of(self, kind: Kind) -> list[tuple[str, str]]:
        """Return name and path of the cookies of a token and of its CSRF value."""
        options = MappingReader(self.application.config)
        parts = (f"{kind}_cookie", f"{kind}_csrf_cookie")
        return [
            (getattr(options, f"{part}_name"), getattr(options, f"{part}_path")) for part in parts
        ]

    def _domain(self) -> str:
        """Return the domain of the app's cookies."""
        config = self.application.config
        domain: str = config["JWT_COOKIE_DOMAIN"] or config.get("SERVER_NAME") or "localhost"
        return domain.partition(":")[0].lstrip(".")


def jwt_client(app: Flask) -> JWTClient:
    """Return a client that logs in, whatever the class of the app's own clients."""
    app = real_app(app)
    return JWTClient(app, app.response_class)


def _key(header: str) -> str:
    """Return the name of a header in a WSGI environment."""
    return f"HTTP_{header.upper().replace('-', '_')}"
