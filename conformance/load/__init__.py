"""The laws under load: users of Locust live the document's recommended flow, and each visit is judged when it is over.

What judges (``laws``, ``memory``, ``crowd``, ``judge``, ``tally``, ``verdict``) and what a run is given (``settings``,
``tokens``, ``people``) knows nothing of Locust. What drives
(``transports``, ``connection``, ``device``, ``visit``, ``bench``, ``locustfile``) is imported only by the process that
runs Locust: importing that replaces the sockets and threads of the standard library.
"""
