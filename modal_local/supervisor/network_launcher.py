"""First process of a container that has ports of its own: makes its network, then becomes the
launcher. A script on the standard library alone (`python -I -S network_launcher.py LAUNCHER PLAN`).

The network has one interface, eth0 (where Modal's runtime looks for one), and no way out. What the
container may reach outside, the server serves: it is sent the sockets that listen here in its
stead. A second process stays, which gives the server sockets of this network to connect with.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any, Final

_CLONE_NEWNET: Final = 0x40000000
_CLONE_NEWUSER: Final = 0x10000000
_SIOCSIFFLAGS: Final = 0x8914
_SIOCSIFADDR: Final = 0x8916
_SIOCSIFNETMASK: Final = 0x891C
_SIOCSIFNAME: Final = 0x8923
_UP_AND_RUNNING: Final = 0x41
_NAME_BYTES: Final = 16
_LOOPBACK: Final = "127.0.0.1"
_EXIT_NO_NETWORK: Final = 124


def main(launcher: str, plan_path: str) -> None:
    """Make the network that the plan wants; does not return."""
    with open(plan_path, encoding="utf-8") as file:  # noqa: PTH123 - start-up time
        wanted = json.load(file)["network"]
    try:
        _enter_network()
        _name_interface(wanted["address"])
        control = socket.socket(fileno=wanted["control"])
        _serve_server(control, wanted["ports"])
        control.close()
    except OSError as error:
        sys.stderr.write(f"the container's network could not be arranged: {error}\n")
        os._exit(_EXIT_NO_NETWORK)
    os.execv(sys.executable, [sys.executable, "-I", "-S", launcher, plan_path])  # noqa: S606 - our own


def _enter_network() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    flags = _CLONE_NEWNET if user == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if library.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _name_interface(address: str) -> None:
    """The loopback interface becomes eth0, with an address besides its own: a server has to listen
    on 0.0.0.0 to be found there, as on Modal."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:

        def tell(request: int, name: bytes, value: bytes) -> None:
            message = struct.pack(f"{_NAME_BYTES}s", name) + value.ljust(24, b"\0")
            fcntl.ioctl(any_socket.fileno(), request, message)

        tell(_SIOCSIFNAME, b"lo", b"eth0")
        for name, own, mask in (
            (b"eth0", address, "255.255.255.255"),
            (b"eth0:0", _LOOPBACK, "255.0.0.0"),
        ):
            tell(_SIOCSIFADDR, name, _socket_address(own))
            tell(_SIOCSIFNETMASK, name, _socket_address(mask))
        tell(_SIOCSIFFLAGS, b"eth0", struct.pack("h", _UP_AND_RUNNING))


def _socket_address(address: str) -> bytes:
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


def _serve_server(control: socket.socket, ports: list[int]) -> None:
    listeners = [socket.create_server((_LOOPBACK, port)) for port in ports]
    socket.send_fds(control, [b"listening"], [each.fileno() for each in listeners])
    for listener in listeners:
        listener.close()
    if os.fork() == 0:
        if os.fork() == 0:  # no child of the container's own: code there may wait for its children
            _give_sockets(control)
        os._exit(0)
    os.wait()


def _give_sockets(control: socket.socket) -> Any:
    """A fresh socket for each byte that comes, until the server has gone."""
    for descriptor in (0, 1, 2):
        os.close(descriptor)  # the container's output ends with the container
    try:
        while control.recv(1):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as fresh:
                socket.send_fds(control, [b"socket"], [fresh.fileno()])
    except OSError:
        pass
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
