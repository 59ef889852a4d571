"""gunicorn's threads, which lose no request when they are told to stop."""

from __future__ import annotations

from gunicorn.workers.gthread import ThreadWorker


class Threads(ThreadWorker):
    """Shuts its door when it is told to stop, and answers everybody who stood before it.

    gunicorn's own leaves the door open until it has answered what it holds, and looks out no more: whoever comes
    meanwhile is let in by the kernel, waits, and is thrown out at the end. nginx may not send such a request again,
    since nobody knows how far it came. Whoever is refused it sends to another process.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            before = -1
            while self.nr_conns != before:
                before = self.nr_conns
                self.accept(listener)
            listener.close()
