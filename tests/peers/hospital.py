"""Hospitals' SOAP services by spyne and lxml, for tests: every message is validated against the service's own schema, and
what stands in its string is parsed again. Prints its port; ends with its standard input.

    hospital.py KIND        selfreg | esb | lianzhong | hip
"""
import re, sys, threading
from datetime import datetime, timedelta, timezone
from wsgiref.simple_server import WSGIRequestHandler, make_server

from lxml import etree
from spyne import Application, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

TODAY = datetime.now(timezone(timedelta(hours=8))).strftime("%Y-%m-%d")
PERSON = {"11010519491231002X": "欧阳䶮"}
STRICT = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
taken = {}


def tree(name, *children, **attributes):
    """An element of texts and elements."""
    element = etree.Element(name, attributes)
    for child in children:
        if isinstance(child, str):
            element.text = child
        else:
            element.append(child)
    return element


def written(element):
    return etree.tostring(element, encoding="unicode")


def inner(text, root):
    """What stands in a message's string: whole XML with this root, else an error that the client sees."""
    element = etree.fromstring(text.encode(), STRICT)
    if etree.QName(element).localname != root:
        raise ValueError(f"{element.tag} instead of {root}")
    return element


def text(element, name):
    return (element.findtext(f".//{{*}}{name}") or "").strip()


def arrive(by):
    if taken:
        return None
    taken["V1"] = by
    return "A001"


class SelfReg(ServiceBase):
    @rpc(Unicode, _returns=Unicode)
    def GetPatInfo(ctx, XMLRequest):
        request = inner(XMLRequest, "Request")
        name = PERSON.get(text(request, "PatientCard"))
        if name is None:
            return written(tree("Response", tree("ResultCode", "-201")))
        info = tree("PatInfo", tree("PatientID", "P1"), tree("PatientName", name))
        return written(tree("Response", tree("ResultCode", "0"), tree("PatInfos", info)))

    @rpc(Unicode, _returns=Unicode)
    def QueryAdmOPReg(ctx, XMLRequest):
        request = inner(XMLRequest, "Request")
        assert text(request, "PatientID") == "P1" and text(request, "StartDate") == TODAY
        order = tree("Order", tree("RegID", "V1"), tree("AdmitDate", TODAY), tree("QueueID", "7"),
                     tree("Status", "已报到" if taken else "正常"), tree("Department", "内科 <一> & 二"),
                     tree("SeqCode", "A001" if taken else ""), tree("ArriveUser", taken.get("V1", "")))
        return written(tree("Response", tree("ResultCode", "0"), tree("Orders", order)))

    @rpc(Unicode, _returns=Unicode)
    def AgainReQueue(ctx, XMLRequest):
        request = inner(XMLRequest, "Request")
        assert text(request, "RegID") == "V1" and text(request, "QueueID") == "7"
        return written(tree("Response", tree("ResultCode", "0"), tree("SeqNo", arrive(text(request, "UserID")))))


class Esb(ServiceBase):
    @rpc(Unicode, Unicode, _returns=Unicode)
    def HIPMessageServer(ctx, input1, input2):
        request = inner(input2, "Request")
        found = {"BOE0025": lambda: tree("GetPatInfoRp", tree(
                     "PatInfo", tree("PATPatientID", "P1"), tree("PATPatientName", PERSON[text(request, "IdentityCardNo")]))),
                 "BOE0104": lambda: tree("QueryAdmOPRegRp", tree(
                     "Order", tree("RegID", "V1"), tree("AdmitDate", TODAY), tree("ArriveFlag", "Y" if taken else "N"),
                     tree("QueueNo", "A001" if taken else ""), tree("Department", "内科 <一> & 二"),
                     tree("ArriveUser", taken.get("V1", "")))),
                 "BOE0103": lambda: tree("OPAppArriveRp", tree("QueueNo", arrive(text(request, "UserCode"))))}[input1]()
        return written(tree("Response", tree("Header"), tree("Body", tree("ResultCode", "0"), found)))


class Lianzhong(ServiceBase):
    @rpc(Unicode, Unicode, Unicode, _returns=[Integer, Unicode], _out_variable_names=["runserviceResult", "xmlOut"])
    def runservice(ctx, name, xmlIn, xmlOut):
        service = name.removeprefix("HIS1.Biz.")
        request = inner(xmlIn, service + "_IN")
        assert text(request, "CAOZUOYXM") == "自助<机>&\"'䶮𬭎", text(request, "CAOZUOYXM")
        found = {"RENYUANXX": lambda: tree("RENYUANMX", tree(
                     "RENYUAN", tree("BINGRENID", "P1"), tree("XINGMING", PERSON[text(request, "ZHENGJIANHM")]))),
                 "GUAHAOYYCX": lambda: tree("GUAHAOMX", tree(
                     "GUAHAO", tree("GUAHAOID", "V1"), tree("JIUZHENRQ", TODAY), tree("QIANDAOBZ", "1" if taken else "0"),
                     tree("JIUZHENXH", "A001" if taken else ""), tree("KESHIMC", "内科 <一> & 二"),
                     tree("QIANDAOZD", taken.get("V1", "")))),
                 "GUAHAOQD": lambda: tree("JIUZHENXH", arrive(text(request, "ZHONGDUANJBH")))}[service]()
        return 0, written(tree("OUT", tree("OUTMSG", tree("ERRNO", "0")), found))


# What WS/T 846's schemas of both messages ask for: elements in this order and no others, attributes that are there and
# look so; `..` is any content, `+` one or more.
HEAD = """
 id root=2.16.156.10011.2.5.1.1 extension=.{32,36}
 creationTime value=\\d{14}
 interactionId root=.+ extension=.+
 processingCode code=[PTD]
 processingModeCode
 acceptAckCode code=AL|NE|ER|SU
 receiver typeCode=RCV
  device classCode=DEV determinerCode=INSTANCE
   id
    item root=.+ extension=.{7,36}
 sender typeCode=SND
  device classCode=DEV determinerCode=INSTANCE
   id
    item root=.+ extension=.{7,36}
 controlActProcess classCode=ACTN moodCode=EVN"""
OUTLINES = {
    "OutPatientInfoQuery": "PRPA_IN900300UV ITSVersion=.+" + HEAD + """
  queryByParameter
   queryId extension=.*
   statusCode
   careEventID
    value
     item+ root=.+ extension=.*
   encounterTimeframe
    value
     low value=\\d{14}
     high value=\\d{14}
   patientId
    value
     item+ root=.+ extension=.*
   patientLocationID
    value
     item root=.+ extension=.*
   responsibleOrganization
    value
     item root=.+ extension=.*
   typeOfEncounter
    value
     item code=1 codeSystem=.+ codeSystemName=.+
      displayName value=门诊""",
    "OutPatientInfoUpdate": "PRPA_IN400002UV ITSVersion=.+" + HEAD + """
  subject typeCode=.+
   encounterEvent classCode=.+ moodCode=.+
    id
     item+ root=.+ extension=.*
    code code=[1239] codeSystem=.+ codeSystemName=.+
     displayName value=门诊|急诊|住院|其他
    statusCode
    effectiveTime
     low value=\\d{8}
    reasonCode
     item
      originalText value=.*
    admissionReferralSourceCode code=0[1-7]|99 codeSystem=.+ codeSystemName=.+
     displayName value=.*保险|.*合作医疗|.*医疗补助|其他
    subject typeCode=.+
     patient classCode=.+
      id
       item root=.+ extension=.*
      patientPerson
       id
        item root=.+ extension=.*
       name ..
    admitter typeCode=.+
     time
     assignedPerson classCode=.+
      id
       item root=.+ extension=.{2,}
      assignedPerson classCode=.+ determinerCode=.+
       name ..
    location typeCode=.+
     time
     statusCode code=.+
     serviceDeliveryLocation classCode=.+
      location classCode=.+ determinerCode=.+
       id
        item root=.+ extension=.{2,}
       name ..
      serviceProviderOrganization classCode=.+ determinerCode=.+
       id
        item root=.+ extension=.{18}""",
}


def must_fit(element, lines):
    """An element, and the lines that describe it: its own first, then those of what stands in it."""
    name, *wanted = lines[0].split()
    where = etree.QName(element)
    if where.namespace != "urn:hl7-org:v3" or where.localname != name.rstrip("+"):
        raise ValueError(f"{element.tag} instead of {name}")
    if wanted == [".."]:
        return
    for pattern in wanted:
        attribute, pattern = pattern.split("=", 1)
        if attribute not in element.attrib or re.fullmatch(pattern, element.get(attribute)) is None:
            raise ValueError(f"{name}: {attribute} is not {pattern}")
    depth = len(lines[0]) - len(lines[0].lstrip()) + 1
    starts = [at for at, line in enumerate(lines) if len(line) - len(line.lstrip()) == depth]
    children = list(element)
    for start, end in zip(starts, starts[1:] + [len(lines)]):
        inner = lines[start].split()[0]
        if not children:
            raise ValueError(f"{name}: nothing instead of {inner}")
        must_fit(children.pop(0), lines[start:end])
        while inner.endswith("+") and children and etree.QName(children[0]).localname == inner[:-1]:
            must_fit(children.pop(0), lines[start:end])
    if children:
        raise ValueError(f"{name}: {children[0].tag} is too much")


class Hip(ServiceBase):
    @rpc(Unicode, Unicode, _returns=Unicode)
    def HIPMessageServer(ctx, action, message):
        v3 = "urn:hl7-org:v3"
        root = {"OutPatientInfoQuery": "PRPA_IN900300UV", "OutPatientInfoUpdate": "PRPA_IN400002UV"}[action]
        request = inner(message, root)
        must_fit(request, OUTLINES[action].split("\n"))
        events = ""
        if action == "OutPatientInfoQuery":
            state = "arrived" if taken else "active"
            events = (f'<controlActProcess><subject><encounterEvent><id><item root="2.16.156.10011.2.5.1.9" extension="V1"/></id>'
                      '<admitter><assignedPerson><id><item extension="D7"/></id></assignedPerson></admitter>'
                      '<location><serviceDeliveryLocation><location><id><item extension="0301"/></id></location>'
                      '</serviceDeliveryLocation></location>'
                      f'<statusCode code="{state}"/><effectiveTime><low value="{TODAY.replace("-", "")}"/></effectiveTime>'
                      f'<sequenceNumber value="{"A001" if taken else ""}"/></encounterEvent></subject></controlActProcess>')
        else:
            assert request.xpath("string(//v:effectiveTime/v:low/@value)", namespaces={"v": v3}) == TODAY.replace("-", "")
            arrive("kiosk")
        return f'<MCCI_IN000002UV01 xmlns="{v3}"><acknowledgement typeCode="AA"/>{events}</MCCI_IN000002UV01>'


KINDS = {"selfreg": (SelfReg, "http://tempuri.org/"), "esb": (Esb, "http://www.dhcc.com.cn"),
         "lianzhong": (Lianzhong, "http://tempuri.org/"), "hip": (Hip, "urn:hl7-org:v3")}


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


service, namespace = KINDS[sys.argv[1]]
application = Application([service], tns=namespace, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
server = make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Silent)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
