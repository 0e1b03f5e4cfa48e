"""The conversation over HTTP (section 7)."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from conformance.reference.protocol import REST_PATH, UNAUTHORIZED, Json, Problem
from conformance.reference.service import Service

log = logging.getLogger("conformance.reference")


class Rest(Service):
    """The REST side; a part of `HelpCenter`."""

    def rest_routes(self) -> list[Route]:
        """One path, read only; other methods get 405."""
        return [Route(REST_PATH, self.rest_messages, methods=["GET"])]

    async def rest_messages(self, request: Request) -> Response:
        """What `help_center:connected` carries, over HTTP."""
        try:
            return self.rest_answer(200, self.rest_payload(self.rest_user(request)))
        except Problem as problem:
            return self.rest_refusal(problem)
        except Exception:
            log.exception("a REST request failed")
            return self.rest_refusal(self.server_problem())

    def rest_user(self, request: Request) -> str:
        """The user of a request, by the same rules as on the socket; raises `Problem`."""
        return self.user_of(self.header_token(request.headers.get("authorization")))

    def rest_payload(self, user: str) -> Json:
        """The body of a good answer."""
        return self.snapshot(user)

    def rest_refusal(self, problem: Problem) -> Response:
        """A bad answer: the error of section 4.4 as JSON."""
        return self.rest_answer(self.rest_status(problem), self.error_payload(problem))

    def rest_status(self, problem: Problem) -> int:
        """The HTTP status for a problem."""
        return 401 if problem.code == UNAUTHORIZED else 500

    def rest_answer(self, status: int, payload: Json) -> Response:
        """Any answer of REST."""
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return JSONResponse(payload, status_code=status, headers=headers)
