"""The launcher of other servers, and the Node.js server as a process."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.clients import CONNECTED, DEADLINE, PLAIN, device, in_loop, is_let_in, joined_wire, token
from tests.support.servers import STOP_DEADLINE, copy_node_server, node_command, node_server
from tests.support.tools import ToolMissing

# -- the process -----------------------------------------------------------------------------------


def _start(*args: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        node_command("--port=0", *args),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().removeprefix("listening on ").strip()


@in_loop
async def test_sigterm_ends_it_cleanly_in_the_midst_of_everything() -> None:
    process, url = _start(*PLAIN)
    with process:
        async with (
            joined_wire(url, "ada"),
            device(url, auth={"token": token()}, transports=["polling"]) as polling,
            httpx.AsyncClient(trust_env=False) as keep_alive,
        ):
            await polling.wait(CONNECTED)
            await keep_alive.get(url)
            _, half_a_request = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
            half_a_request.write(b"GET / HTTP/1.1\r\nHost: ")
            process.terminate()
            assert await asyncio.to_thread(process.wait, STOP_DEADLINE) == 0
            half_a_request.close()
        assert process.communicate() == ("", "")


def test_it_ends_with_its_parent() -> None:
    process, _ = _start(*PLAIN, "--exit-with-parent")
    with process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(STOP_DEADLINE) == 0


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--jwt-secret=S", "--jwt-key=F", "--jwt-algorithm=RS256"],
        ["--jwt-key=/no/such/file", "--jwt-algorithm=RS256"],
        ["--jwt-secret=S", "--window=few"],
        ["--jwt-secret=S", "--require-claims=[]"],
        ["--jwt-secret=S", "--no-such-option"],
    ],
    ids=["no-key", "two-keys", "no-file", "window", "claims", "unknown"],
)
def test_a_bad_command_line_is_one_clear_line(args: list[str]) -> None:
    done = subprocess.run(node_command(*args), capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("server.js: ")
    assert done.stderr.count("\n") == 1


# -- the launcher ----------------------------------------------------------------------------------


@in_loop
async def test_a_changed_copy_runs_beside_the_original(tmp_path: Path) -> None:
    entry = copy_node_server(tmp_path / "copy", ("validation.js", "payload.text.trim()", "payload.text"))
    with node_server(*PLAIN, entry=entry) as url:
        async with device(url, auth={"token": token()}, transports=["websocket"]) as phone:
            await phone.wait(CONNECTED)
            assert (await phone.send(" a "))["message"]["text"] == " a "


@in_loop
async def test_a_lone_copy_of_the_entry_gets_the_rest_put_beside_it(tmp_path: Path) -> None:
    entry = tmp_path / "server.js"
    entry.write_bytes(copy_node_server(tmp_path / "copy").read_bytes())
    with node_server(*PLAIN, entry=entry) as url:
        assert await is_let_in(url, token()) == (True, True)


def test_an_edit_that_does_not_apply_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"store\.js has 0 times"):
        copy_node_server(tmp_path, ("store.js", "no such text", ""))


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="give --jwt-secret"), node_server():
        pass


def test_a_missing_node_is_an_error_and_no_skip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="node is missing: apt-get install"):
        node_command()
