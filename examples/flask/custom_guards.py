# Guards of the app's own, for roles: a decorator that calls `verify_jwt_in_request`, and one that builds
# on `jwt_required`.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/drafts
# {"drafts":[]}
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/admin
# {"msg":"Administrators only"}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "admin", "password": "adminpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/admin
# {"welcome":"admin"}
# $ curl -s http://127.0.0.1:5000/admin
# {"msg":"Missing Authorization Header"}
from functools import wraps

from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    verify_jwt_in_request,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
JWTManager(app)
ROLES = {"testuser": ["author"], "admin": ["author", "admin"]}


def admin_required(view):
    """Admit administrators, and answer everybody else with a message of the app's own."""

    @wraps(view)
    def guarded(*args, **kwargs):
        verify_jwt_in_request()
        if "admin" not in get_jwt()["roles"]:
            return jsonify(msg="Administrators only"), 403
        return view(*args, **kwargs)

    return guarded


def roles_required(*roles):
    """Admit users who have one of these roles; `insufficient_scope_loader` answers the others."""
    return jwt_required(claim_has_any={"roles": roles})


@app.post("/login")
def login():
    username = check_password()
    own = {"roles": ROLES[username]}
    return jsonify(access_token=create_access_token(username, additional_claims=own))


@app.get("/admin")
@admin_required
def admin():
    return jsonify(welcome=get_jwt_identity())


@app.get("/drafts")
@roles_required("author", "editor")
def drafts():
    return jsonify(drafts=[])
