"""Nothing needs the network and nothing asks for it: every socket fails, and none is tried."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from forbidden_network import without_network
from tiny_checkpoint import write_tiny_neox

MANIFEST = """\
family: alone
tasks: [synth_suite]
domains: {notes: data/notes.txt}
choice_tasks: {exam: data/exam.jsonl}
defaults: {model_args: {dtype: float32}, batch_size: 64}
grid: {path: 'runs/r{ratio}', ratio: [0, 0.5]}
"""


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    for seed, ratio in enumerate(("0", "0.5")):
        write_tiny_neox(folder / "runs" / f"r{ratio}", seed=seed)
    (folder / "data").mkdir()
    (folder / "data/notes.txt").write_text("".join(f"Note {i} of the day, with a few words.\n" for i in range(400)))
    items = [{"question": f"What is {i} + 1?", "choices": [str(i), str(i + 1)], "answer": 1} for i in range(12)]
    (folder / "data/exam.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    (folder / "checkpoints.yaml").write_text(MANIFEST)
    return folder


@pytest.mark.slow
def test_a_family_is_evaluated_and_compared(family: Path) -> None:
    done, tried = without_network(
        sys.executable, "-m", "synth_eval", "compare", "checkpoints.yaml", "--limit", "3", cwd=family
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert tried == ""
    tasks = {cell["task"] for cell in json.loads((family / "results/alone/comparison.json").read_text())["cells"]}
    assert {"notes", "exam", "synth_recall", "synth_domain_licences"} <= tasks


def test_the_guard_stops_sockets_and_notes_them(tmp_path: Path) -> None:
    connect = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    done, tried = without_network(sys.executable, "-c", connect, cwd=tmp_path)
    assert done.returncode == 1
    assert "NetworkForbiddenError" in done.stderr
    assert tried.startswith("socket.getaddrinfo ('127.0.0.1', 9)")
    below = "import _socket; _socket.socket(2, 1).connect(('127.0.0.1', 9))"  # 2, 1: AF_INET, SOCK_STREAM
    assert without_network(sys.executable, "-c", below, cwd=tmp_path)[1] == "socket.connect ('127.0.0.1', 9)\n"
    datagram = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))"
    assert without_network(sys.executable, "-c", datagram, cwd=tmp_path)[1] == "socket.sendto ('127.0.0.1', 9)\n"


def test_the_guard_sees_what_a_library_swallows_and_what_a_child_does(tmp_path: Path) -> None:
    swallowed = "import urllib.request\ntry: urllib.request.urlopen('http://localhost:9')\nexcept Exception: pass"
    done, tried = without_network(sys.executable, "-c", swallowed, cwd=tmp_path)
    assert done.returncode == 0
    assert "getaddrinfo ('localhost', 9)" in tried
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {swallowed!r}], check=True)"
    done, tried = without_network(sys.executable, "-c", child, cwd=tmp_path)
    assert done.returncode == 0
    assert "getaddrinfo ('localhost', 9)" in tried


def test_the_guard_lets_sockets_within_the_machine_be(tmp_path: Path) -> None:
    unix = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen(); "
        "socket.socket(socket.AF_UNIX).connect('s'); a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))"
    )
    done, tried = without_network(sys.executable, "-c", unix, cwd=tmp_path)
    assert (done.stdout, tried) == ("b'x'\n", ""), done.stderr


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0,
    reason="this machine lets no one make a network namespace",
)
def test_it_runs_where_there_is_no_network_device(family: Path, tmp_path: Path) -> None:
    # what is not Python (tokenizers, downloaders in Rust) is out of reach of an audit hook, but not of the kernel
    done, tried = without_network(
        *("unshare", "-rn", sys.executable, "-m", "synth_eval", "compare", str(family / "checkpoints.yaml")),
        *("--limit", "2", "--output", str(tmp_path / "results")),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert tried == ""
