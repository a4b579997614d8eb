"""Serving models over HTTP."""

from __future__ import annotations

ROWS = (
    (
        "E701",
        "Called by another name",
        "The Host header is none of the server's names: a proxy hands it on as it is, or a web page was bound to the"
        " server's address.",
        "The header.",
        "Call it by its address, or start it with --allow-host NAME.",
    ),
    (
        "E702",
        "A page of another site asks",
        "A browser says so (Origin, Sec-Fetch-Site); such pages get nothing, whatever the method.",
        "The headers.",
        "Ask from a program, or through a server of your own.",
    ),
    (
        "E703",
        "The token is missing or wrong",
        "A server that other machines can reach answers nothing but /healthz without its token.",
        "The Authorization header; the token itself is never logged.",
        "Send 'Authorization: Bearer TOKEN'; set it with CONTRAFACT_TOKEN or --token, or read it where it was printed.",
    ),
    (
        "E704",
        "Too many requests wait",
        "They come faster than the model answers; beyond the limit they are refused at once.",
        "How many wait, and Retry-After.",
        "Come again then, ask for more rows in fewer requests, or start more workers.",
    ),
    (
        "E705",
        "The body is too large",
        "It is longer than the server reads; the rest of it was not read.",
        "The limit.",
        "Send fewer rows in a request, or start the server with --max-body BYTES.",
    ),
    (
        "E706",
        "The request cannot be read",
        "A word of it is unknown, or holds what it cannot hold.",
        "The word, and an example.",
        "GET /openapi.json says what each address takes.",
    ),
    (
        "E707",
        "The body is of a type that is not read",
        "JSON is read, and CSV where rows are sent. Arrow and Parquet are not: small files can unfold to any size.",
        "The Content-Type header.",
        "Send 'Content-Type: application/json'.",
    ),
    (
        "E708",
        "Too many rows for one answer",
        "An answer of any size would fill the memory.",
        "How many were asked for, and the limit.",
        "Ask several times with other seeds, or start the server with --max-rows N.",
    ),
    (
        "E709",
        "No such form",
        "Rows come as JSON, CSV, Arrow or Parquet, pictures as PNG, zip or npy, sound as WAV or zip, lines as text.",
        "The Accept header, or ?format=.",
        "Ask for one of them.",
    ),
    (
        "E710",
        "The models are being loaded",
        "The server has just been started.",
        "/readyz says when they are there.",
        "Come again.",
    ),
    (
        "E711",
        "Nothing at this address",
        "No such page or model, or a model without this ability.",
        "The nearest names, or what the model can do.",
        "GET /v1/models lists the models and their abilities.",
    ),
    (
        "E712",
        "Another method is wanted",
        "Pages are read with GET, questions asked with POST.",
        "The Allow header.",
        "GET /openapi.json says what each address takes.",
    ),
    (
        "E713",
        "Two models of one name",
        "Each model that is served has an id of its own.",
        "The id.",
        "Name them: contrafact serve first=RUN second=RUN",
    ),
    (
        "E714",
        "The server cannot be started so",
        "The port is taken or not allowed, or an option is out of range.",
        "What the system said.",
        "Choose another port (--port 0 takes a free one), or mend the option.",
    ),
)
