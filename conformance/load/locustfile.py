"""What Locust runs: ``locust -f …/locustfile.py --host URL``, alone, as a master or as a worker.

Only the modules that this one imports meet Locust, which replaces the sockets and threads of the standard library.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from argparse import ArgumentParser
from typing import Any

import gevent
import locust
from locust.runners import WorkerRunner

from conformance.errors import UsageError
from conformance.load import budgets
from conformance.load.bench import Bench
from conformance.load.settings import DEADLINE, MOST_TIME, THINK, TIME, Mix, target_url
from conformance.load.tokens import UNKNOWN, Tokens, check_count, options_of
from conformance.load.visit import Visit

MOST_TEXTS = 120
"""After so many texts a user stays away, and another one comes: conversations do not grow without end."""
USAGE = 4


class HelpCenterUser(locust.User):  # type: ignore[misc]  # mypy does not look at Locust
    """A user of the Help Center, on one visit after the other."""

    wait_time = locust.between(0.5 * THINK, 1.5 * THINK)

    def on_start(self) -> None:
        self.bench: Bench = self.environment.help_center
        self.person = self.bench.people.take()

    def on_stop(self) -> None:
        if self.person is not None:
            self.bench.people.give_back(self.person)

    @locust.task  # type: ignore[untyped-decorator]
    def visit(self) -> None:
        if self.person is not None and self.person.said >= MOST_TEXTS:
            self.bench.people.give_back(self.person)
            self.person = self.bench.people.take()
        if self.person is None:  # the share of this worker is there already
            raise locust.exception.StopUser
        Visit(self.bench.place, self.person).play()


@locust.events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("help-center-conformance")
    group.add_argument("--transports", default=str(Mix()), help="shares of transports (default %(default)s)")
    group.add_argument("--budget", action="append", default=[], help=f"a time not to exceed, as in {budgets.EXAMPLE}")
    group.add_argument("--reports", default="reports/load", help="where the verdict goes (default %(default)s)")
    group.add_argument("--deadline", type=float, default=DEADLINE, help="seconds of silence (default %(default)s)")
    group.add_argument("--level", choices=["must", "should"], default="must", help="the lowest that fails the run")
    group.add_argument("--help-center-run", default=secrets.token_hex(4), help="hexadecimal: names the run's users")
    parser.set_defaults(help_center_workers=[])


@locust.events.init.add_listener  # type: ignore[untyped-decorator]
def _init(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    is_worker = isinstance(environment.runner, WorkerRunner)
    try:
        for text in options.budget:
            budgets.parse(text)
        Mix.parse(options.transports)
        target = UNKNOWN if is_worker else target_url(environment.host or "")
        tokens = Tokens.of(options_of(os.environ, target))
        if not is_worker:
            check_count(options.num_users, tokens.subjects)
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(USAGE)
    options.run_time = min(options.run_time or TIME, MOST_TIME)
    if not is_worker and not options.html_file:
        options.html_file = f"{options.reports}/locust.html"
    environment.help_center = Bench(environment, tokens)
    # Raised in whichever greenlet happens to run, Ctrl-C may be lost: Locust's own take it for theirs.
    gevent.signal_handler(signal.SIGINT, gevent.kill, gevent.getcurrent(), KeyboardInterrupt)
