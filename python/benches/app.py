"""The app that the benches measure: an open view, and the same view with a guard.

This package and Flask-JWT-Extended run the same app; only the imported name differs. The views do
no work, so they differ only by the guard.
"""

from importlib import import_module
from typing import Any

from flask import Flask, Response

#: The measured package, and the one that it is compared with.
OURS, THEIRS = "jwt_extended.flask", "flask_jwt_extended"

#: The identity in the tokens.
IDENTITY = "alice"

#: The key of the tokens.
SECRET = "a secret of at least thirty-two bytes, for benches alone"


def create_app(package_name: str, **options: Any) -> Flask:
    """Return the app, with guards of a package.

    Its views are ``/open``, ``/guarded``, ``/greeting``, which is guarded and reads the identity,
    and ``/login``, which sets the cookies and returns the token. All of them accept GET and POST.

    :param package_name: :data:`OURS` or :data:`THEIRS`.
    :param options: more options for ``app.config``.
    """
    jwt: Any = import_module(package_name)
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config.update(options)
    jwt.JWTManager(app)

    @app.route("/open", methods=["GET", "POST"])
    def open_to_all() -> str:
        return "ok"

    @app.route("/guarded", methods=["GET", "POST"])
    @jwt.jwt_required()
    def guarded() -> str:
        return "ok"

    @app.route("/greeting", methods=["GET", "POST"])
    @jwt.jwt_required()
    def greeting() -> str:
        return f"hello {jwt.get_jwt_identity()}"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Response:
        token = jwt.create_access_token(IDENTITY)
        response = Response(token, mimetype="text/plain")
        jwt.set_access_cookies(response, token)
        return response

    return app
