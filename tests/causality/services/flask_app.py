"""A Flask application for gunicorn's workers: gunicorn flask_app:app. Configured as blocking.py says."""

import blocking
import flask

app = flask.Flask(__name__)
blocking.start_background()  # imported by each worker, after gunicorn's fork


@app.get("/<path:_>")
def handle(_):
    return flask.Response(blocking.handle(flask.request.path), mimetype="text/plain")
