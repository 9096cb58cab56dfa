"""Answers leave when they are written."""

import socket

from config.nodelay import without_delay


def test_connections_accepted_after_the_first_request_send_at_once() -> None:
    def application(environ: object, start_response: object) -> list[bytes]:
        return [b"served"]

    def is_at_once(one: socket.socket) -> bool:
        return one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        with socket.create_connection(address) as first, listening.accept()[0] as early:
            assert not is_at_once(early)
            assert without_delay(application)({}, lambda *_: None) == [b"served"]
            assert is_at_once(early) and is_at_once(first)
        with socket.create_connection(address), listening.accept()[0] as later:
            assert is_at_once(later)
