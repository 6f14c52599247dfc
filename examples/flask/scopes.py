# Scopes, which say what a token allows, and a view that needs a recent login. A refresh may give the
# access token fewer scopes.
#
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/orders
# {"scopes":["read:orders","write:orders"]}
# $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/orders
# {"ordered":true}
# $ curl -s -w '%{http_code}\n' -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/refunds
# {"msg":"…"}
# 403
# $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:5000/refresh > refresh.json
# $ NARROW=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' refresh.json)
# $ curl -s -H "Authorization: Bearer $NARROW" http://127.0.0.1:5000/orders
# {"scopes":["read:orders"]}
# $ curl -s -X POST -H "Authorization: Bearer $NARROW" http://127.0.0.1:5000/orders
# {"msg":"…"}
# $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/card
# {"changed":true}
# $ sleep 3
# $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:5000/card
# {"msg":"…"}
from datetime import timedelta

from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    get_jwt_scopes,
    jwt_required,
    login_user,
    refresh_tokens,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
JWTManager(app)


@app.post("/login")
def login():
    pair = login_user(check_password(), scopes="read:orders write:orders")
    return jsonify(pair._asdict())


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    # For a part of the page that only reads. Without the argument, all scopes stay.
    return jsonify(refresh_tokens(scopes="read:orders")._asdict())


@app.get("/orders")
@jwt_required(any_scopes="read:orders read:everything")
def orders():
    return jsonify(scopes=get_jwt_scopes())


@app.post("/orders")
@jwt_required(scopes="write:orders")
def order():
    return jsonify(ordered=True)


@app.post("/refunds")
@jwt_required(scopes="write:orders write:refunds")  # both of them
def refund():
    return jsonify(refunded=True)


@app.post("/card")
@jwt_required(max_age=timedelta(seconds=2))  # rather ten minutes, in your app
def change_card():
    return jsonify(changed=True)
