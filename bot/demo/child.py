"""The bot as a child of the sandbox: as `python -m bot` starts it, but it never outlives who started it.

Our end of the pipe at standard input is closed by the system however the sandbox ends: left alone, the bot
would go on acting on a compound whose time is to stand still.
"""

import os
import runpy
import signal
import sys
from threading import Thread


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
