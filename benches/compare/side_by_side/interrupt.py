"""The stop button: from the request until the error is there.

Our kernel unwinds the cell and keeps all variables, which is checked each time; the stock kernel ends the process.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from .figure import Figure
from .kernel import CELL_S, START_S, Kernel
from .places import OURS
from .turns import Run, settle

FIGURES = (
    Figure("interrupt.loop", "stop to error, a loop", ours_at_most=0.02, tail=True),
    Figure("interrupt.wait", "stop to error, a wait for a lock", ours_at_most=0.02, tail=True),
)
#: Each prints when it is there, and never ends.
ENDLESS = {
    "loop": 'println!("there");\nlet mut turns = 0_u64;\nloop { turns = turns.wrapping_add(1); }',
    "wait": 'println!("there");\nstudio.acquire();\nstudio.acquire();',
}
#: How long the cell has been at it when stop is pressed: a random time, lest it falls in step with a timer.
AT_IT_S = (0.1, 0.2)
REPEATS = 10
#: When a press is given up.
STOP_S = 30.0


def measure(which: str, run: Run) -> Iterator[None]:
    """Presses stop in cells that never end."""
    moments = random.Random(run.number)
    with Kernel(which) as kernel:
        kernel.ready()
        for kind, endless in ENDLESS.items():
            for number in range(2 if run.quick else REPEATS):
                kernel.ok(f'let kept = {number};\nlet studio = Lock::new("studio");', START_S)
                settle()
                run.add(f"interrupt.{kind}", which, _press(kernel, endless, moments.uniform(*AT_IT_S)))
                if which == OURS and kernel.ok("kept").result != str(number):
                    kernel.fail("a variable did not survive the stop button")
                yield


def _press(kernel: Kernel, endless: str, after: float) -> float:
    request, ran = kernel.execute(endless)
    while not ran.streams:
        message = kernel.next(ran.sent + CELL_S, "the line that says that the cell is there")
        if message.parent == request:
            ran.messages.append(message)
    time.sleep(after)
    pressed = time.perf_counter()
    kernel.send("interrupt_request", {}, "control")
    while (error := ran.first("error")) is None:
        message = kernel.next(pressed + STOP_S, "the error after stop was pressed")
        if message.parent == request:
            if message.kind == "execute_reply":
                ran.status = message.content["status"]
            else:
                ran.messages.append(message)
    kernel.finish(request, ran, endless)
    return error.at - pressed
