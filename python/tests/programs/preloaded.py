"""An app that has used its store before gunicorn forks: ``gunicorn --preload preloaded:app``."""

import os

from rotations import login, sessions_app

app = sessions_app(STORE=os.environ["STORE"])


@app.get("/process")
def process() -> str:
    return str(os.getpid())


login(app, "a user of the parent")
