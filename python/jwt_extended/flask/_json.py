"""How claims become JSON: values that JSON lacks are written by the app's JSON provider."""

import json
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from flask.json.provider import DefaultJSONProvider, JSONProvider


class JSONEncoder(json.JSONEncoder):
    """Encodes values that JSON lacks with the current app's JSON provider."""

    def default(self, o: Any) -> Any:
        """Return a value that JSON can represent."""
        return json_default(current_app)(o)


def json_default(app: Flask) -> Callable[[Any], Any]:
    """Return the app's function for values that JSON lacks: dates, UUIDs, decimals.

    Whatever ``jsonify`` can write, the function can convert.
    """
    provider = _provider(app)
    # A method, a static method, or what the app has set on the provider.
    default = getattr(provider, "default", None)

    def convert(value: Any) -> Any:
        if default is not None:
            try:
                return default(value)
            except TypeError:
                # Providers may also know a value only in `dumps`, or have nothing but that.
                return _through_text(provider, value)
        return _through_text(provider, value)

    return convert


def get_json_encoder(app: Flask) -> type[json.JSONEncoder]:
    """Return the encoder that writes the app's claims."""
    return JSONEncoder


def _provider(app: Flask) -> JSONProvider:
    """Return the provider of ``jsonify``, or one of ``json_provider_class`` if it was set late.

    Setting the class after the app was made has no effect on ``jsonify``, but had one on upstream's
    tokens.
    """
    late: type[JSONProvider] = app.json_provider_class
    if type(app.json) is DefaultJSONProvider and late is not DefaultJSONProvider:
        return late(app)
    return app.json


def _through_text(provider: JSONProvider, value: Any) -> Any:
    return json.loads(provider.dumps(value))
