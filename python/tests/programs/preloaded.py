"""An app that uses its store before gunicorn forks: ``gunicorn --preload preloaded:app``.

Requests with the header ``X-Meeting: <name>/<count>`` wait until so many workers have one of that
name. A sync worker handles one request at a time, so each worker then has exactly one.
"""

import os
from pathlib import Path

from flask import Response, request
from rotations import login, sessions_app
from store_servers import until

app = sessions_app(STORE=os.environ["STORE"])


@app.before_request
def meet() -> None:
    name, _, count = request.headers.get("X-Meeting", "").partition("/")
    if name:
        folder = Path(os.environ["MEETINGS"])
        (folder / f"{name}.{os.getpid()}").touch()
        until(lambda: len(list(folder.glob(f"{name}.*"))) >= int(count))


@app.after_request
def sign(response: Response) -> Response:
    response.headers["X-Worker"] = str(os.getpid())
    return response


login(app, "a user of the parent")
