"""Greenlets of gevent share one thread, and may be switched wherever the app's callbacks run."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def test_greenlets_use_one_store_at_once(store: str) -> None:
    command = [sys.executable, "programs/under_gevent.py", store]
    done = subprocess.run(
        command, cwd=TESTS, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False
    )
    assert "panicked" not in done.stderr
    assert done.stdout == "80 of 80\n", done.stderr
