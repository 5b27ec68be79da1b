"""What a served model answers where it refuses a request: a sentence, without a traceback."""

from __future__ import annotations

import json

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE


class RefusedRequestError(MlflowException):
    """A request that cannot be answered; MLflow's server answers it with status 400.

    The server puts the whole request before the message of an exception, so that the sentence is
    kept apart.

    Args:
        sentence: What is wrong with the request.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, error_code=INVALID_PARAMETER_VALUE)
        self.sentence = sentence

    def serialize_as_json(self) -> str:
        """The answer of the server."""
        return json.dumps({"error_code": self.error_code, "message": self.sentence})
