"""Verifies tokens with PyJWT: prints {}, then answers each line of {"token", "secret"} with {"ok": whether it is valid}."""

import json
import sys

import jwt

print("{}", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        jwt.decode(asked["token"], asked["secret"], ["HS256"])
        answer: dict[str, object] = {"ok": True}
    except jwt.PyJWTError as error:
        answer = {"ok": False, "why": str(error)}
    except Exception as error:  # noqa: BLE001 - a crash of a stranger is a refusal
        answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
