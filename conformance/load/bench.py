"""One process of Locust, alone, master or worker: what it counts, and the verdict in the end."""

from __future__ import annotations

import datetime
import time
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any

import gevent
import psutil
from locust.rpc import Message
from locust.runners import STATE_RUNNING, STATE_SPAWNING, STATE_STOPPING, MasterRunner, WorkerRunner
from locust.stats import bucket_response_time

from conformance.load import budgets, reports, verdict
from conformance.load.http import Address
from conformance.load.judge import Judge
from conformance.load.outcomes import USER, Outcomes
from conformance.load.people import People, share_of
from conformance.load.settings import Mix
from conformance.load.tally import Tally
from conformance.load.tokens import Tokens
from conformance.load.usage import Usage
from conformance.load.visit import Place
from conformance.requirements import Level

LISTENS_TO = ("report_to_master", "worker_report", "usage_monitor", "test_start", "test_stop", "quitting", "quit")
"""Events of Locust."""
KEY = "help_center"
"""In what a worker tells the master."""
GRACE = 30
"""Seconds that workers may take to end, beyond their last visits."""
LOOK = 0.1
"""Seconds between two looks at who is still there."""


class Bench:
    """``tally``: of a worker, what was not handed on yet; else all there is."""

    def __init__(self, environment: Any, tokens: Tokens) -> None:
        self._environment, self._tokens = environment, tokens
        self.tally = Tally()
        self._began = time.time()
        self._over = False
        self._said = ""
        self._process = psutil.Process()
        self._usage: defaultdict[str, Usage] = defaultdict(Usage)
        """By worker; of this process where it has users itself."""
        self._seconds = float(environment.parsed_options.run_time)
        if isinstance(environment.runner, MasterRunner):
            environment.parsed_options.run_time = None
        gevent.get_hub().loop.update_now()  # else Locust's timer takes what imports took off the time of the run
        for name in LISTENS_TO:
            getattr(environment.events, name).add_listener(getattr(self, f"_on_{name}"))

    @property
    def _options(self) -> Any:
        """A worker has those of its master once the first user comes."""
        return self._environment.parsed_options

    @cached_property
    def people(self) -> People:
        """Who the users of this process are."""
        worker = getattr(self._environment.runner, "client_id", "")
        subjects = share_of(worker, self._options.help_center_workers, self._tokens.subjects)
        return People(str(self._options.help_center_run), subjects)

    @cached_property
    def place(self) -> Place:
        """Where the users of this process are."""
        target = str(self._environment.host or self._options.host).rstrip("/")
        outcomes = Outcomes(
            self._environment.events.request.fire, bucket_response_time, self.tally, self._options.deadline
        )
        given = self._tokens.options
        judge = Judge(self.tally, outcomes.violated, again=reports.again(target, self._options, given))
        address = Address(target, given.headers, given.tls)
        return Place(address, self._tokens, Mix.parse(self._options.transports), outcomes, judge, self._is_ending)

    def _is_ending(self) -> bool:
        return self._environment.runner.state not in (STATE_SPAWNING, STATE_RUNNING)

    # -- what Locust calls -------------------------------------------------------------------------------------

    def _on_report_to_master(self, client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG002
        usage = self._look()
        data[KEY] = {"tally": self.tally.to_json(), "usage": [usage.before, usage.memory, usage.cpu]}
        self.tally.clear()

    def _on_worker_report(self, client_id: str, data: dict[str, Any]) -> None:
        self.tally.add(Tally.from_json(data[KEY]["tally"]))
        self._usage[client_id] = Usage(*data[KEY]["usage"])

    def _look(self) -> Usage:
        usage = self._usage[""]
        usage.look(self._process.memory_info().rss, self._process.cpu_percent())
        return usage

    def _on_usage_monitor(self, **_: Any) -> None:
        if not isinstance(self._environment.runner, MasterRunner):
            self._look()

    def _on_test_start(self, **_: Any) -> None:
        self._began, self._over = time.time(), False
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            self._look()
        else:
            self._options.help_center_workers = [
                client.id for client in runner.clients.all
            ]  # who tell each their share
            gevent.spawn(self._end_in_time)

    def _end_in_time(self) -> None:
        """In place of Locust's own timer, which ends a master before its workers have reported their last visits: each
        worker ends once its visits are over, and with the last one Locust ends the master."""
        gevent.sleep(self._seconds)
        self._over = True
        self._end_workers(within=self._environment.stop_timeout + GRACE)
        self._environment.runner.quit()

    def _end_workers(self, *, within: float) -> None:
        runner = self._environment.runner
        runner.update_state(STATE_STOPPING)  # else Locust has those that are left take over the users
        for client in runner.clients.all:
            runner.server.send_to_client(Message("quit", None, client.id))
        with gevent.Timeout(within, False):
            while runner.worker_count > 0:
                gevent.sleep(LOOK)

    def _on_test_stop(self, **_: Any) -> None:
        self._over = True

    def _on_quitting(self, **_: Any) -> None:
        environment = self._environment
        interrupted = not self._over
        if interrupted:
            self._cut_short()
        if isinstance(environment.runner, WorkerRunner):
            environment.process_exit_code = 0  # the verdict is the master's
            return
        run = self._outcome(interrupted)
        environment.process_exit_code = int(run.exit_code)
        self._said = "\n".join([verdict.text(run), *reports.write(run, Path(self._options.reports))])

    def _on_quit(self, **_: Any) -> None:
        """After all that Locust prints."""
        if self._said:
            print(self._said, flush=True)

    def _cut_short(self) -> None:
        """At once: visits are cut, and what was seen of them is judged. Workers end once their visits are over."""
        if isinstance(self._environment.runner, MasterRunner):
            self._end_workers(within=GRACE)
        else:
            self._environment.stop_timeout = 0
            self._environment.runner.stop()

    def _outcome(self, interrupted: bool) -> verdict.Run:
        environment, options = self._environment, self._options
        asked = [budgets.parse(text) for text in options.budget]
        if not isinstance(environment.runner, MasterRunner):
            self._look()
        shares = sorted({*verdict.SHARES, *(budget.share for budget in asked)})
        return verdict.Run(
            target=str(environment.host),
            started=datetime.datetime.fromtimestamp(self._began, datetime.UTC).isoformat(timespec="seconds"),
            seconds=time.time() - self._began,
            users=options.num_users or 0,
            tally=self.tally,
            times={name: self._times(name, shares) for name in budgets.OUTCOMES},
            budgets=asked,
            errors=sum(one["count"] for one in environment.runner.exceptions.values()),
            interrupted=interrupted,
            level=Level(options.level),
            usage=list(self._usage.values()),
        )

    def _times(self, name: str, shares: list[float]) -> dict[float, float | None]:
        entry = self._environment.stats.entries.get((name.replace("_", " "), USER))
        return {share: entry.get_response_time_percentile(share) if entry else None for share in shares}
