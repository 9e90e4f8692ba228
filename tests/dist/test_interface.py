from __future__ import annotations

import os
import socket

import pytest

from linnet.dist import interface
from linnet.dist.environment import Launch
from linnet.dist.interface import INTERFACE, choose_interface, interface_towards

TWO_HOSTS = Launch(0, 2, 0, 1)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine whose own name resolves to it alone, as Debian's do, and whose eth7 leads to the first."""
    monkeypatch.setenv(INTERFACE, "")
    monkeypatch.delenv(INTERFACE)
    monkeypatch.setenv("MASTER_ADDR", "node0")
    monkeypatch.setattr(socket, "gethostname", lambda: "localhost")
    monkeypatch.setattr(interface, "interface_towards", {"node0": "eth7"}.get)
    return monkeypatch


def test_hosts_whose_names_are_loopback_are_given_the_interface(chosen: pytest.MonkeyPatch) -> None:
    choose_interface(TWO_HOSTS)
    assert os.environ[INTERFACE] == "eth7"


def test_an_interface_that_is_named_stays(chosen: pytest.MonkeyPatch) -> None:
    chosen.setenv(INTERFACE, "ib0")
    choose_interface(TWO_HOSTS)
    assert os.environ[INTERFACE] == "ib0"


def test_processes_of_one_host_meet_where_they_are(chosen: pytest.MonkeyPatch) -> None:
    choose_interface(Launch(0, 2, 0, 2))
    assert INTERFACE not in os.environ


def test_a_host_whose_name_resolves_to_an_address_is_left_to_gloo(chosen: pytest.MonkeyPatch) -> None:
    chosen.setattr(socket, "gethostbyname", lambda name: "10.1.2.3")
    choose_interface(TWO_HOSTS)
    assert INTERFACE not in os.environ


def test_a_first_host_that_nothing_leads_to_leaves_it_open(chosen: pytest.MonkeyPatch) -> None:
    chosen.setenv("MASTER_ADDR", "elsewhere")
    choose_interface(TWO_HOSTS)
    assert INTERFACE not in os.environ


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no such host"])
def test_nothing_leads_to_the_machine_itself_or_to_what_is_not_there(host: str) -> None:
    assert interface_towards(host) is None
