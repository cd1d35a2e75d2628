"""An interface engine by somebody else: prints its port, serves until standard input ends.

hl7apy  hl7apy's MLLPServer: each message is parsed and validated against its structure of HL7 2.5
hl7     python-hl7's asyncio server
"""

import asyncio
import sys
import threading


def answer(control, kind):
    """What is acknowledged: AA, and for a query one visit of today."""
    lines = ["MSH|^~\\&|RIS|RAD|KIOSK|CLINIC|20261126083000||ACK|1|P|2.5||||||UNICODE UTF-8", f"MSA|AA|{control}"]
    if kind.startswith("SQM"):
        lines += [
            "SCH|P1|F1||||BOOKED|||||^^^20261126093000+0800|||||^RIS||||^RIS|||||BOOKED",
            "PID|1||||欧阳^若兰",
            "RGS|1",
            "AIP|1||D1^张医生",
        ]
    return "\r".join(lines) + "\r"


def hl7apy_server():
    from hl7apy.mllp import AbstractHandler, MLLPServer
    from hl7apy.parser import parse_message
    from hl7apy.validation import Validator

    class Told(AbstractHandler):
        def reply(self):
            message = parse_message(self.incoming_message, find_groups=True)
            Validator.validate(message)
            kind = message.msh.msh_9.to_er7()
            control = message.msh.msh_10.to_er7()
            return "\x0b" + answer(control, kind) + "\x1c\x0d"

    kinds = ["ADT^A04^ADT_A01", "ADT^A10^ADT_A09", "ADT^A11^ADT_A09", "SIU^S14^SIU_S12", "SQM^S25^SQM_S25"]
    server = MLLPServer("127.0.0.1", 0, {kind: (Told,) for kind in kinds})
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


def hl7_server():
    import hl7
    from hl7.mllp import start_hl7_server

    async def told(reader, writer):
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            control, kind = str(message.segment("MSH")[10]), str(message.segment("MSH")[9])
            writer.writemessage(hl7.parse(answer(control, kind)))
            await writer.drain()
        writer.close()

    async def serve():
        server = await start_hl7_server(told, port=0, host="127.0.0.1", encoding="utf-8")
        print(server.sockets[0].getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.read)
        server.close()

    asyncio.run(serve())


{"hl7apy": hl7apy_server, "hl7": hl7_server}[sys.argv[1]]()
