"""Runs the Flask program of the README unchanged, and checks its answers.

Needs only the wheel and its dependencies: no pytest, no Rust.
"""

import os
import re
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def program() -> str:
    """Return the program: the first Python code in the section about Flask."""
    section = README.read_text().partition("\n## In a Flask app\n")[2].partition("\n## ")[0]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    if found is None:
        sys.exit("README.md has no Python program in its section about Flask")
    return found[1]


def main() -> None:
    """Run the program and send it requests."""
    os.environ["JWT_SECRET_KEY"] = "a secret of at least thirty-two bytes, for this run"
    namespace: dict[str, object] = {"__name__": "app"}
    exec(compile(program(), "app.py", "exec"), namespace)
    client = namespace["app"].test_client()
    user = {"username": "testuser", "password": "testpass"}
    answers = [
        client.post("/login", json={**user, "password": "wrong"}),
        client.get("/protected"),
        login := client.post("/login", json=user),
        client.get("/protected", headers={"Authorization": f"Bearer {login.json['access_token']}"}),
    ]
    said = [(answer.status_code, answer.json) for answer in answers]
    expected = [
        (401, {"msg": "Bad username or password"}),
        (401, {"msg": "Missing Authorization Header"}),
        (200, login.json),
        (200, {"logged_in_as": "testuser"}),
    ]
    if said != expected:
        sys.exit(f"the README's program should answer {expected}, and answers {said}")
    print(f"the README's program answers as it says, on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
