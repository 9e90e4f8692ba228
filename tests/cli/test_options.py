from __future__ import annotations

import pytest

from linnet.cli.app import COMMANDS, make_app


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "data"])
def test_every_option_of_a_command_says_what_it_is(name: str) -> None:
    arguments = make_app()[name].assemble_argument_collection(parse_docstring=True)
    shown = [argument for argument in arguments if argument.show]
    assert shown
    assert [argument.name for argument in shown if not argument.parameter.help] == []
