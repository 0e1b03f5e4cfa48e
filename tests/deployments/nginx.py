"""nginx before two servers: a sticky session by a cookie with a base64 value, as load balancers in clouds have it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from tests.deployments.processes import HOST, Process, free_port, program

COOKIE = "HCLB"
VALUES = ("n0de/QA+/w==", "n0de/QB+/w==")
"""What tells the nodes apart: ``=`` and ``/`` are what base64 has besides letters, digits and ``+``."""

_CONFIGURATION = """\
{user}
daemon off;
worker_processes 1;
error_log stderr notice;
pid nginx.pid;
events {{ worker_connections 1024; }}

http {{
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;

  # max_fails=0: each request asks the node itself whether it is there; a memory of each group would let a session
  # that begins on a node that has just come back go on at the other
  upstream either {{ server {first} max_fails=0; server {second} max_fails=0; }}
  upstream first  {{ server {first} max_fails=0; server {second} backup; }}
  upstream second {{ server {second} max_fails=0; server {first} backup; }}

  map $cookie_{cookie} $node {{
    "{values[0]}" first;
    "{values[1]}" second;
    default       either;
  }}
  # the cookie names the node that answered, which is another one while the node that it named is being replaced; where
  # none was asked, that header is missing
  map $upstream_addr $sticky {{
    "~{first}$"  "{cookie}={values[0]}; Path=/; HttpOnly";
    "~{second}$" "{cookie}={values[1]}; Path=/; HttpOnly";
  }}
  map $http_upgrade $connection_upgrade {{
    default upgrade;
    ''      '';
  }}

  {zone}
  server {{
    listen {address};
    location / {{
      {limit}
      proxy_pass http://$node;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      add_header Set-Cookie $sticky always;
    }}
  }}

  server {{
    listen {status};
    location / {{ stub_status; }}
  }}
}}
"""


@dataclass(frozen=True)
class Balancer:
    url: str
    _status: str

    def requests(self) -> int:
        """How many it has had."""
        with build_opener(ProxyHandler({})).open(self._status) as answer:
            return int(answer.read().split(b"\n")[2].split()[2])


@contextmanager
def nginx(folder: Path, nodes: tuple[int, int], *, rate: int = 0) -> Iterator[Balancer]:
    """Balance over the two ports. ``rate``: how many requests a second one address may make."""
    binary = program("nginx", install="apt-get install nginx-light")
    address, status = (f"{HOST}:{free_port()}" for _ in range(2))
    configuration = _CONFIGURATION.format(
        user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        first=f"{HOST}:{nodes[0]}",
        second=f"{HOST}:{nodes[1]}",
        cookie=COOKIE,
        values=VALUES,
        address=address,
        status=status,
        zone=f"limit_req_zone $binary_remote_addr zone=each:1m rate={rate}r/s;" if rate else "",
        limit=f"limit_req zone=each burst={2 * rate} nodelay; limit_req_status 429;" if rate else "",
    )
    (folder / "nginx.conf").write_text(configuration, encoding="utf-8")
    command = [binary, "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]
    with Process(command, folder / "nginx.log", ready="start worker process "):
        yield Balancer(f"http://{address}", f"http://{status}")
