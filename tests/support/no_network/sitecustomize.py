"""Forbids every network socket in this process and in the Python processes that it starts; noted in a file, too.

Python imports a module of this name at its start if its folder is on PYTHONPATH. An audit hook sees what any module
does with sockets, also below `socket.socket`, and cannot be taken away. A library may swallow the error: so each
attempt is written to the file that NO_NETWORK_LOG names.
"""

import os
import sys

FORBIDDEN = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}


class NetworkForbiddenError(RuntimeError):
    """No OSError: libraries retry those."""


def forbid(event: str, arguments: tuple) -> None:
    if event not in FORBIDDEN:
        return
    address = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments[:2]
    if address is None or isinstance(address, (str, bytes)):  # a Unix socket, or one that is connected already
        return
    with open(os.environ["NO_NETWORK_LOG"], "a") as log:
        log.write(f"{event} {address}\n")
    raise NetworkForbiddenError(f"{event} {address}: this test forbids the network")


sys.addaudithook(forbid)
