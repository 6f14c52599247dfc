"""Runs an app in a separate process, which reads requests line by line.

Run as a program, this file is that process.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rotations import sessions_app
from support import bearer


class AppProcess:
    """An app with a store, in another process than the test."""

    def __init__(self, store: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, store],
            cwd=Path(__file__).parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, path: str, token: str = "", method: str = "POST") -> tuple[int, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([path, token, method]), file=self._process.stdin, flush=True)
        status, said = json.loads(self._process.stdout.readline())
        return status, said

    def __enter__(self) -> "AppProcess":
        return self

    def __exit__(self, *_: object) -> None:
        # The process exits at the end of its input.
        self._process.communicate(timeout=60)


def main() -> None:
    app = sessions_app(STORE=sys.argv[1])
    for line in sys.stdin:
        path, token, method = json.loads(line)
        headers = bearer(token) if token else {}
        answer = app.test_client().open(path, method=method, headers=headers)
        print(json.dumps([answer.status_code, answer.json]), flush=True)


if __name__ == "__main__":
    main()
