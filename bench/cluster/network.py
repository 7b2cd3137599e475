"""Machines on this machine: network namespaces on a bridge, each with an address of its own and a cable to pull.

Where namespaces are not permitted there are loopback addresses instead, and no cable: then a machine vanishes with all
its processes killed, which its peers are told of by the kernel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

MOST_NETWORKS = 200


@dataclass(frozen=True, slots=True)
class Machine:
    """A place for processes. `enter`: what a command begins with to run there. `cable`: its end at the bridge, ""
    where there is none."""

    name: str
    address: str
    enter: tuple[str, ...] = ()
    cable: str = ""

    @property
    def can_be_cut(self) -> bool:
        return bool(self.cable)

    def cut(self) -> None:
        """Pull the cable: nothing comes or goes, and nobody is told."""
        _run("ip", "link", "set", self.cable, "down")

    def mend(self) -> None:
        _run("ip", "link", "set", self.cable, "up")


@dataclass(frozen=True, slots=True)
class Network:
    """`here`: the address of this process's side. `why_loopback`: "" where machines have cables."""

    here: str
    machines: dict[str, Machine]
    why_loopback: str = ""


@contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """Machines of these names, gone at the end."""
    reason = _why_not()
    if reason:
        addresses = {name: f"127.0.0.{number}" for number, name in enumerate(names, start=2)}
        yield Network("127.0.0.1", {name: Machine(name, addresses[name]) for name in names}, reason)
        return
    _remove_left_behind()
    with ExitStack() as stack:
        yield _bridged(stack, names)


def _why_not() -> str:
    """Why there can be no namespaces; "" when there can."""
    if shutil.which("ip") is None:
        return "there is no `ip` (iproute2)"
    if os.geteuid() != 0:
        return "namespaces need root"
    trial = f"cl-{os.getpid()}-trial"
    made = subprocess.run(["ip", "netns", "add", trial], capture_output=True, text=True, check=False)
    if made.returncode:
        return made.stderr.strip() or "namespaces are not permitted"
    _run("ip", "netns", "delete", trial)
    return ""


def _bridged(stack: ExitStack, names: Sequence[str]) -> Network:
    pid = os.getpid()
    bridge, subnet = f"clb{pid}", _free_subnet()
    _run("ip", "link", "add", bridge, "type", "bridge")
    stack.callback(_run, "ip", "link", "delete", bridge)
    _run("ip", "addr", "add", f"{subnet}.1/24", "dev", bridge)
    _run("ip", "link", "set", bridge, "up")
    machines = {}
    for number, name in enumerate(names):
        space, cable, address = f"cl-{pid}-{name}", f"clv{pid}n{number}", f"{subnet}.{11 + number}"
        _run("ip", "netns", "add", space)
        stack.callback(_run, "ip", "netns", "delete", space)
        _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "link", "set", cable, "master", bridge, "up")
        inside = ("ip", "netns", "exec", space)
        _run(*inside, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _run(*inside, "ip", "link", "set", link, "up")
        machines[name] = Machine(name, address, inside, cable)
    return Network(f"{subnet}.1", machines)


def _free_subnet() -> str:
    taken = subprocess.run(["ip", "-4", "addr"], capture_output=True, text=True, check=True).stdout
    return next(f"10.77.{n}" for n in range(MOST_NETWORKS) if f"10.77.{n}." not in taken)


def _remove_left_behind() -> None:
    """Namespaces and bridges of a bench that was killed."""
    spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
    for name in (line.split()[0] for line in spaces.splitlines() if line.startswith("cl-")):
        pid = name.split("-")[1]
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            with suppress(subprocess.CalledProcessError):
                _run("ip", "netns", "delete", name)
            subprocess.run(["ip", "link", "delete", f"clb{pid}"], capture_output=True, check=False)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
