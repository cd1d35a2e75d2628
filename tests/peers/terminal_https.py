"""terminal.py over https: each of its lines is a POST, and what it reads comes as server-sent events.

    terminal_https.py tls:HOST:PORT:CA:CERTIFICATE:KEY VISIT...
"""

import http.client
import ssl
import sys

over_tls = ssl.SSLContext.wrap_socket


class Way(http.client.HTTPSConnection):
    """A connection that is lost as a socket is."""

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = over_tls(self._context, self.sock, server_hostname=self.host)

    def ask(self, *request):
        try:
            self.request(*request)
            return self.getresponse()
        except http.client.HTTPException as lost:
            raise OSError from lost


class Line:
    """What terminal.py takes for a line within TLS."""

    def __init__(self, context, socket, server_hostname):
        port = socket.getpeername()[1]
        self.posts, self.events = (Way(server_hostname, port, context=context) for _ in range(2))
        self.events.sock = over_tls(context, socket, server_hostname=server_hostname)
        self.told = self.events.ask("GET", "/v1/events")

    def sendall(self, line):
        self.posts.ask("POST", "/v1/frames", line.strip()).read()

    def recv(self, _):
        for said in iter(self.told.readline, b""):
            if said.startswith(b"data: "):
                return said[6:]
        return b""

    def close(self):
        self.posts.close()
        self.events.close()


ssl.SSLContext.wrap_socket = lambda context, socket, server_hostname: Line(context, socket, server_hostname)
sys.dont_write_bytecode = True
# It runs when it is read.
import terminal  # noqa: E402, F401
