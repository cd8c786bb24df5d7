"""Run castoff in this process and say on stderr what it took: its own time, that of its children, the wall's.

own_time.py ARGUMENT...
"""

from __future__ import annotations

import json
import resource
import sys
import time


def main() -> int:
    began = time.perf_counter()
    from castoff.__main__ import run_command_line

    code = run_command_line()
    wall = time.perf_counter() - began
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    said = {
        "own": own.ru_utime + own.ru_stime,
        "children": children.ru_utime + children.ru_stime,
        "wall": wall,
        "megabytes": own.ru_maxrss / 1024,
    }
    sys.stdout.flush()
    sys.stderr.write(json.dumps(said) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
