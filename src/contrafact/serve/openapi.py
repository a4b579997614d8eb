"""The description of the interface (OpenAPI 3.1) as one JSON document; no page, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contrafact import __version__
from contrafact.serve.formats import FORMS, TYPES
from contrafact.serve.questions import FIELDS, LARGEST_SEED, LONGEST_QUERY
from contrafact.serve.served import ACTIONS, Served
from contrafact.serve.settings import MOST_DRAWS, WINDOW_ROWS, Settings

WORDS = {
    "sample": "Draw rows or items; the same seed gives the same bytes.",
    "impute": "Fill the holes of rows: best guesses, or random draws.",
    "do": "Draw rows of the world in which nodes are set.",
    "counterfactual": "Give the same rows as they would have been, had nodes been set.",
    "effect": "Answer a causal question, or say what treatment does to rows.",
}
STATUSES = {
    "400": "The question cannot be read.",
    "401": "The token is missing or wrong.",
    "403": "A page of another site asks.",
    "404": "There is no such model, or it cannot do this; the answer lists what it can.",
    "406": "There is no such form.",
    "413": "The body is too large.",
    "415": "The body is of a type that is not read.",
    "421": "The server does not answer to that host.",
    "422": "Too many rows, data that the model cannot use, or a question that cannot be identified.",
    "429": "Too many requests wait; Retry-After says when to come again.",
}


def document(models: Iterable[Served], settings: Settings) -> dict[str, Any]:
    """Describe the interface, with the names of the models that are loaded.

    Arguments:
        models: What is served.
        settings: Limits.
    """
    names = [served.name for served in models]
    paths = {f"/v1/models/{{name}}/{action}": {"post": _action(action, names)} for action in ACTIONS}
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "contrafact", "version": __version__, "summary": "Fitted models behind HTTP."},
        "paths": {
            "/healthz": _page("The process lives."),
            "/readyz": _page("The models are loaded; 503 until then."),
            "/metrics": _page("Numbers for Prometheus.", "text/plain"),
            "/v1/models": _page("Names, kinds and abilities of the models."),
            "/v1/models/{name}": _page("One model: its columns and limits.", parameters=[_name(names)]),
            **paths,
        },
        "components": {"schemas": _schemas(settings)},
    }
    if settings.token is not None:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def _page(words: str, media: str = "application/json", parameters: list[Any] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"summary": words, "responses": {"200": {"description": words, "content": {media: {}}}}}
    return {"get": {**told, "parameters": parameters} if parameters else told}


def _name(names: list[str]) -> dict[str, Any]:
    return {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": names}}


def _action(action: str, names: list[str]) -> dict[str, Any]:
    forms = sorted({form for kind in FORMS for form in FORMS[kind]} if action == "sample" else FORMS["table"])
    body: dict[str, Any] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{action}"}}}
    if "rows" in FIELDS[action]:
        body["text/csv"] = {"schema": {"type": "string"}}
    content: dict[str, Any] = {TYPES[form].split(";")[0]: {} for form in forms}
    return {
        "summary": WORDS[action],
        "operationId": action,
        "parameters": [
            _name(names),
            {"name": "format", "in": "query", "schema": {"type": "string", "enum": forms}},
            {"name": "csv_safe", "in": "query", "schema": {"type": "string", "enum": ["0", "1"]}},
        ],
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": WORDS[action], "content": content},
            **{status: _refusal(words) for status, words in STATUSES.items()},
        },
    }


def _refusal(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}}


def _schemas(settings: Settings) -> dict[str, Any]:
    cell = {"type": ["number", "string", "boolean", "null"]}
    fields: dict[str, Any] = {
        "n": {"type": "integer", "minimum": 0, "maximum": settings.most_rows, "default": 1},
        "given": {"type": ["object", "null"], "additionalProperties": True},
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": LARGEST_SEED},
        "start": {"type": ["integer", "null"], "minimum": 0, "maximum": WINDOW_ROWS},
        "draws": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_DRAWS},
        "do": {"type": "object", "additionalProperties": cell},
        "query": {"type": ["string", "null"], "maxLength": LONGEST_QUERY, "examples": ["ATE(X, Y)"]},
        "rows": {"type": "array", "items": {"type": "object", "additionalProperties": cell}},
    }
    needed = {"impute": ["rows"], "do": ["do"], "counterfactual": ["rows", "do"]}
    actions = {
        action: {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: fields[name] for name in FIELDS[action]},
            **({"required": needed[action]} if action in needed else {}),
        }
        for action in ACTIONS
    }
    text = {"type": "string"}
    words = ("code", "message", "why", "fix")
    error = {"type": "object", "properties": dict.fromkeys(words, text), "required": list(words)}
    return {**actions, "error": error}
