"""The app that the benches measure: one view that anybody may see, and the same view guarded.

It is the same for this package and for Flask-JWT-Extended but for the name that is imported.
Nothing in it does any work, so that what differs between the two views is the guard.
"""

from importlib import import_module
from typing import Any

from flask import Flask, Response

#: The package that is measured, and the one that it is compared with.
OURS, THEIRS = "jwt_extended.flask", "flask_jwt_extended"

#: Whose the tokens are.
IDENTITY = "alice"

_SECRET = "a secret of at least thirty-two bytes, for benches alone"


def create_app(package_name: str, **options: Any) -> Flask:
    """Return the app, guarded by a package.

    It has the views ``/open`` and ``/guarded``, and ``/login``, which sets the cookies and answers
    with the token, all of them for GET and POST.

    :param package_name: :data:`OURS` or :data:`THEIRS`.
    :param options: of ``app.config``, in capitals, beside the secret and the locations.
    """
    jwt: Any = import_module(package_name)
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = _SECRET
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

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Response:
        token = jwt.create_access_token(IDENTITY)
        response = Response(token, mimetype="text/plain")
        jwt.set_access_cookies(response, token)
        return response

    return app
