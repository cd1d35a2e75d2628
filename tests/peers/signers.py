"""A hospital that believes only what is signed, for tests: openssl, hashlib and hmac prove parameters, zeep the token of a
SOAP header. Prints its port; ends with its standard input.

    signers.py CERTIFICATE.pem      whose key signs by RSA
"""
import base64, hashlib, hmac, json, subprocess, sys, tempfile, threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

from lxml import etree
from zeep import ns
from zeep.wsse import utils
from zeep.wsse.username import UsernameToken

KEY = b"sync-key"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
taken = set()


def rsa(text, signature):
    public = subprocess.run(["openssl", "x509", "-pubkey", "-noout", "-in", sys.argv[1]], check=True, capture_output=True)
    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as signed:
        key.write(public.stdout), signed.write(base64.b64decode(signature, validate=True))
        key.flush(), signed.flush()
        verified = ["openssl", "dgst", "-sha256", "-verify", key.name, "-signature", signed.name]
        return subprocess.run(verified, input=text, capture_output=True).returncode == 0


PROOFS = {"md5": lambda text, signature: hashlib.md5(text + b"&key=" + KEY).hexdigest().upper() == signature,
          "hmac": lambda text, signature: hmac.new(KEY, text, "sha256").hexdigest() == signature,
          "rsa": rsa}


class AsBytes:
    """A nonce of any bytes, where zeep encodes a text."""
    def __init__(self, nonce):
        self.nonce = nonce

    def encode(self, _):
        return self.nonce


def token(body):
    """Whether zeep, given the same nonce and time, writes the same token."""
    theirs = etree.fromstring(body).find(f"{{{SOAP}}}Header/{{{ns.WSSE}}}Security/{{{ns.WSSE}}}UsernameToken")
    created = datetime.strptime(theirs.findtext(f"{{{ns.WSU}}}Created"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    nonce = AsBytes(base64.b64decode(theirs.findtext(f"{{{ns.WSSE}}}Nonce"), validate=True))
    ours = UsernameToken("ZZJ-01", KEY.decode(), use_digest=True, nonce=nonce, created=created, zulu_timestamp=True)
    envelope, _ = ours.apply(etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP}), {})
    ours = utils.get_security_header(envelope).find(f"{{{ns.WSSE}}}UsernameToken")
    written = [etree.tostring(one, method="c14n", exclusive=True) for one in (theirs, ours)]
    return written[0] == written[1] and abs(datetime.now(timezone.utc) - created) < timedelta(minutes=1)


class Hospital(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind, charset = self.path.strip("/").split("/")
        if kind == "wsse":
            step = etree.QName(etree.fromstring(body).find(f"{{{SOAP}}}Body")[0]).localname
            return self.answer(kind, step, token(body))
        if self.headers["Content-Type"].startswith("application/json"):
            members = {name: str(value) for name, value in json.loads(body).items()}
        else:
            members = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, encoding=charset))
        signature = members.pop("sign", None) or self.headers["X-Sign"]
        text = "&".join(f"{name}={value}" for name, value in sorted(members.items()) if value).encode(charset)
        self.answer(kind + charset, members["step"], PROOFS[kind](text, signature))

    def answer(self, whose, step, is_believed):
        state = "taken" if whose in taken else "open"
        if is_believed and step == "arrive":
            taken.add(whose)
        code = "0" if is_believed else "403"
        if whose == "wsse":
            body = (f'<s:Envelope xmlns:s="{SOAP}"><s:Body><R><code>{code}</code><visits><id>V1</id><state>{state}</state></visits>'
                    f"<number>A001</number></R></s:Body></s:Envelope>").encode()
        else:
            body = json.dumps({"code": code, "number": "A001", "visits": [{"id": "V1", "state": state}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml" if whose == "wsse" else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Hospital)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
