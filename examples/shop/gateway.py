"""The shop's front door: a Flask application on gunicorn's sync workers.

    gunicorn --workers 4 --bind 127.0.0.1:8080 gateway:app

ORDERS_URL says where the order service is. The Session keeps its connections to it open.
"""

import os

import flask
import requests

ORDERS_URL = os.environ.get("ORDERS_URL", "http://127.0.0.1:8081")

app = flask.Flask(__name__)
session = requests.Session()


@app.get("/checkout/<order>")
def checkout(order):
    answer = session.get(f"{ORDERS_URL}/orders/{order}", timeout=30)
    answer.raise_for_status()
    return flask.jsonify(checkout=order, order=answer.json())


@app.post("/checkout/<order>")
def place(order):
    """Hands the body on as it came; the order service answers with what it received."""
    answer = session.post(
        f"{ORDERS_URL}/orders/{order}",
        data=flask.request.get_data(),
        headers={"Content-Type": "application/octet-stream"},
        timeout=30,
    )
    answer.raise_for_status()
    return flask.Response(answer.content, mimetype="application/octet-stream")
