"""The HTTP server: fitted models behind a socket, for programs on this machine or, with a token, on others.

A request passes the doors in this order: the connection's clock (`connections`), host, origin and token (`access`), the
route (`app`), the size and the shape of the body (`questions`), the queue of its model (`workers`), and only then the
model (`served`). Each door refuses by itself, before anything is computed or stored for what comes behind it.
"""
