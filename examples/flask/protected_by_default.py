# Every view needs a token, unless it says otherwise: nobody can forget a guard.
#
# $ curl -s http://127.0.0.1:5000/orders
# {"msg":"Missing Authorization Header"}
# $ curl -s http://127.0.0.1:5000/health
# {"up":true}
# $ curl -s -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:5000/login > login.json
# $ TOKEN=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' login.json)
# $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/orders
# {"orders_of":"testuser"}
# $ curl -s -X POST -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5000/orders
# {"msg":"Fresh token required"}
# $ curl -s http://127.0.0.1:5000/page
# {"hello":null}
from flask import Flask, jsonify
from jwt_extended.flask import (
    JWTManager,
    create_access_token,
    get_jwt_identity,
    jwt_exempt,
    jwt_required,
)
from shared import check_password, secret

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = secret()
app.config["JWT_PROTECT_BY_DEFAULT"] = True
app.config["JWT_EXEMPT"] = ["static"]  # views of Flask and of extensions
JWTManager(app)


@app.post("/login")
@jwt_exempt
def login():
    return jsonify(access_token=create_access_token(check_password()))


@app.get("/health")
@jwt_exempt
def health():
    return jsonify(up=True)


@app.get("/orders")
def orders():
    return jsonify(orders_of=get_jwt_identity())


@app.post("/orders")
@jwt_required(fresh=True)  # its own guard, instead of the default
def order():
    return jsonify(ordered=True)


@app.get("/page")
@jwt_required(optional=True)
def page():
    return jsonify(hello=get_jwt_identity())
