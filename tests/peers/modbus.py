"""A Modbus relay board by somebody else: sixteen coils, off. Says on its standard output which coil is written.

modbus.py tcp PORT | modbus.py rtu DEVICE
"""

import sys

from pymodbus import FramerType
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartSerialServer, StartTcpServer


def seen(sending, pdu):
    if not sending and pdu.function_code == 5:
        print("coil", pdu.address, int(pdu.bits[0]), flush=True)
    return pdu


coils = ModbusSequentialDataBlock(1, [False] * 16)
board = ModbusDeviceContext(co=coils, di=coils, hr=ModbusSequentialDataBlock(1, [0]), ir=ModbusSequentialDataBlock(1, [0]))
context = ModbusServerContext(devices=board, single=True)
kind, at = sys.argv[1:]
print("ready", flush=True)
if kind == "tcp":
    StartTcpServer(context, address=("127.0.0.1", int(at)), trace_pdu=seen)
else:
    StartSerialServer(context, framer=FramerType.RTU, port=at, baudrate=9600, trace_pdu=seen)
