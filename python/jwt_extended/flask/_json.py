"""How claims become JSON: values that JSON lacks are written by the app's JSON provider."""

import json
from typing import Any

from flask import Flask, current_app
from flask.json.provider import DefaultJSONProvider


class JSONEncoder(json.JSONEncoder):
    """Encodes values that JSON lacks with the current app's JSON provider."""

    def default(self, o: Any) -> Any:
        """Return a value that JSON can represent."""
        return json_default(current_app)(o)


def json_default(app: Flask) -> Any:
    """Return the app's function for values that JSON lacks: dates, UUIDs, decimals."""
    return getattr(app.json_provider_class, "default", DefaultJSONProvider.default)


def get_json_encoder(app: Flask) -> type[json.JSONEncoder]:
    """Return the encoder that writes the app's claims."""
    return JSONEncoder
