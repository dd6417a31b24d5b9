"""TCP segments as they pass on the loopback interface of this network namespace: seen, lost on purpose, and forged. Root."""

import dataclasses
import socket
import struct
import subprocess
import threading

from tests.support import environment

OPTION_KIND, OPTION_SIZE, OPTION_ID = 253, 28, 0xC1E4

_ETH_P_ALL, _ETH_P_IP = 3, 0x0800
_PACKET_OUTGOING = 4
_ETHERNET = 14


@dataclasses.dataclass(frozen=True)
class Segment:
    source: tuple  # (address, port)
    target: tuple
    seq: int
    ack: int
    options: bytes
    payload: bytes

    def context(self):
        """(trace id, span id, flags) of the option, ids in hex; None without one."""
        rest = self.options
        while rest and rest[0] != 0:
            size = 1 if rest[0] == 1 else rest[1]
            if rest[0] == OPTION_KIND and size == OPTION_SIZE and int.from_bytes(rest[2:4], "big") & ~3 == OPTION_ID:
                return rest[4:20].hex(), rest[20:28].hex(), rest[3] & 3
            rest = rest[size:]
        return None


def option(trace_id, span_id, flags=1):
    """The option's bytes; ids in hex."""
    head = struct.pack("!BBH", OPTION_KIND, OPTION_SIZE, OPTION_ID | flags)
    return head + bytes.fromhex(trace_id) + bytes.fromhex(span_id)


def _parse(frame):
    packet = frame[_ETHERNET:]
    head = (packet[0] & 15) * 4
    if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
        return None
    source, target = (socket.inet_ntoa(packet[at : at + 4]) for at in (12, 16))
    tcp = packet[head : int.from_bytes(packet[2:4], "big")]
    source_port, target_port, seq, ack = struct.unpack("!HHII", tcp[:12])
    size = (tcp[12] >> 4) * 4
    return Segment((source, source_port), (target, target_port), seq, ack, tcp[20:size], tcp[size:])


class Sniffer:
    """Collects the IPv4 segments that are sent to `port` or from it while it is open. Use it by `with`."""

    def __init__(self, port):
        self._port = port
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        self._socket.bind(("lo", _ETH_P_ALL))
        self._socket.settimeout(0.1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self.segments = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _collect(self):
        while True:
            try:
                frame, address = self._socket.recvfrom(1 << 17)
            except TimeoutError:
                if self._over.is_set():
                    return
                continue
            if address[1] != _ETH_P_IP or address[2] != _PACKET_OUTGOING:  # each is seen twice
                continue
            segment = _parse(frame)
            if segment and self._port in (segment.source[1], segment.target[1]):
                self.segments.append(segment)

    def requests(self):
        """Segments to the port that begin with a request."""
        return [one for one in self.segments if one.target[1] == self._port and one.payload[:4] in (b"GET ", b"POST")]


def _sum16(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forge(after, options, payload):
    """Sends a data segment in the place of the one that would follow `after`, the last that the client has sent."""
    options += b"\1" * (-len(options) % 4)
    words = 5 + len(options) // 4

    def header(checksum):
        return (
            struct.pack(
                "!HHIIBBHHH", after.source[1], after.target[1], after.seq + len(after.payload), after.ack, words << 4, 0x18, 512,
                checksum, 0,
            )
            + options
        )  # fmt: skip

    addresses = socket.inet_aton(after.source[0]) + socket.inet_aton(after.target[0])
    pseudo = addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, words * 4 + len(payload))
    segment = header(_sum16(pseudo + header(0) + payload)) + payload
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, socket.IPPROTO_TCP, 0) + addresses + segment
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(packet, (after.target[0], 0))


def small_packets():
    """The loopback interface as an Ethernet: packets of 1500 bytes, each handed over by itself."""
    ip, ethtool = environment.need_tool("ip"), environment.need_tool("ethtool")
    subprocess.run([ip, "link", "set", "lo", "mtu", "1500"], check=True)
    for feature in ("tso", "gso", "gro"):
        subprocess.run([ethtool, "-K", "lo", feature, "off"], check=True, capture_output=True)


def add_address(address):
    """Gives the loopback interface one more IPv4 address."""
    subprocess.run([environment.need_tool("ip"), "address", "add", f"{address}/32", "dev", "lo"], check=True)


def lose_packets():
    """From now on one IPv4 packet in 32 is lost by its identification, never twice: in turn on its way, and before it has left."""
    tc = environment.need_tool("tc")
    subprocess.run([tc, "qdisc", "add", "dev", "lo", "clsact"], check=True)
    for where, number in (("ingress", 7), ("egress", 39)):
        # ldh [18]; and #63; jne #number, pass; ret TC_ACT_SHOT; pass: ret TC_ACT_OK
        code = f"5,40 0 0 18,84 0 0 63,21 0 1 {number},6 0 0 2,6 0 0 0"
        add = [tc, "filter", "add", "dev", "lo", where, "protocol", "ip", "bpf", "da", "bytecode", code]
        subprocess.run(add, check=True)


def counter(protocol, name):
    """A counter of this network namespace, as in /proc/net/snmp: ("Tcp", "RetransSegs")."""
    with open("/proc/self/net/snmp", encoding="ascii") as table:
        names, values = (line.split() for line in table if line.startswith(f"{protocol}:"))
    return int(values[names.index(name)])
