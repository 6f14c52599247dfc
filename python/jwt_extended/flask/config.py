"""Upstream's ``config`` object: the current app's options, read from ``app.config``."""

import json
from collections.abc import Mapping
from typing import Any

from flask import current_app

from .._common.options.reader import OptionReader
from ._json import get_json_encoder


class _Config(OptionReader):
    """Reads the options of the current app."""

    def _options(self) -> Mapping[str, Any]:
        return current_app.config

    @property
    def json_encoder(self) -> type[json.JSONEncoder]:
        return get_json_encoder(current_app)


#: The current app's options.
config = _Config()
