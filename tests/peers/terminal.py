"""A face terminal: says who is there, reads what it is told, and comes back when the kiosk was gone.

    terminal.py ADDRESS VISIT...    ADDRESS: unix:PATH, serial:DEVICE or tls:HOST:PORT:CA:CERTIFICATE:KEY
                                    VISIT: a face_sid, and how its person goes on: FACE_SID[,later][,option=N][,gives-up]

WeChat's face SDK is played by the arguments; everything else is what a terminal's app does. Prints each outcome.
"""

import json
import os
import socket
import ssl
import sys
import time
import tty

AGAIN = 0.3
PATIENCE = 60


class Gone(Exception):
    """The connection was lost."""


def connect(address):
    """Something with recv, sendall and close."""
    kind, place = address.split(":", 1)
    if kind == "serial":
        return Serial(place)
    if kind == "unix":
        line = socket.socket(socket.AF_UNIX)
        line.connect(place)
        return line
    host, port, authority, certificate, key = place.split(":")
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    return context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)


class Terminal:
    def __init__(self, address):
        self.address = address
        self.line = None
        self.reconnect()

    def reconnect(self):
        """Until the kiosk is there."""
        if self.line:
            self.line.close()
        while True:
            try:
                self.line = connect(self.address)
                break
            except OSError:
                time.sleep(AGAIN)
        self.begun = b""
        self.seq = 0

    def send(self, kind, **fields):
        """One frame, one line; its number."""
        self.seq += 1
        frame = {"v": 1, "type": kind, "seq": self.seq, **fields}
        text = json.dumps(frame, ensure_ascii=False).encode()
        text += b"*%04x" % crc16(text)
        try:
            self.line.sendall(text + b"\n")
        except OSError as lost:
            raise Gone from lost
        return self.seq

    def receive(self):
        """The next frame, however many pieces it comes in."""
        while b"\n" not in self.begun:
            try:
                piece = self.line.recv(1024)
            except OSError as lost:
                raise Gone from lost
            if not piece:
                raise Gone
            self.begun += piece
        line, self.begun = self.begun.split(b"\n", 1)
        return json.loads(line)

    def visit(self, face_sid, wishes):
        """Serves a person to the end, however often the kiosk is gone or busy meanwhile."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                outcome = self.attempt(face_sid, wishes)
                if outcome["type"] == "outcome" or outcome["status"] != "busy":
                    return outcome
                time.sleep(AGAIN)
            except Gone:
                self.reconnect()
        return None

    def attempt(self, face_sid, wishes):
        self.send("person")
        consent = "later" not in wishes
        mine = self.send("face", terminal="PY-1", return_code="SUCCESS", face_sid=face_sid, consent=consent)
        session = None
        while True:
            frame = self.receive()
            kind = frame.get("type")
            if kind == "ack" and frame["seq"] == mine:
                session = frame["session"] or session
                if frame["status"] == "held":
                    self.send("consent", face_sid=face_sid, granted=True)
                elif frame["status"] in ("busy", "refused"):
                    return frame
            elif kind == "scene" and frame["scene"] == "choose" and frame["session"] == session:
                if "gives-up" in wishes:
                    self.send("cancel", session=session)
                else:
                    self.send("choice", session=session, option=int(wishes.get("option", 1)))
            elif kind == "outcome" and frame["session"] == session:
                return frame


class Serial:
    """A serial port as its speed was set (stty), with a socket's functions."""

    def __init__(self, device):
        self.file = os.open(device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.file)
        self.close = lambda: os.close(self.file)
        self.recv = lambda most: os.read(self.file, most)

    def sendall(self, data):
        while data:
            data = data[os.write(self.file, data):]


def crc16(data):
    """CRC-16/CCITT-FALSE."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


terminal = Terminal(sys.argv[1])
for visit in sys.argv[2:]:
    sid, *said = visit.split(",")
    told = terminal.visit(sid, dict((wish + "=").split("=")[:2] for wish in said))
    print(json.dumps(told, ensure_ascii=False), flush=True)
