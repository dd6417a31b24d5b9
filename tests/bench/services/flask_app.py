"""A small Flask application for `bench.sh overhead`: routing, an argument, JSON out."""

import flask

app = flask.Flask(__name__)


@app.get("/users/<int:number>")
def user(number):
    return flask.jsonify(number=number, name=f"user {number}", groups=["staff", "admin"])
