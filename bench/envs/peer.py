"""Official Meta-World as a contestant: one JSON command per line on stdin, each answered by one JSON line on stdout.

    {"command": "load", "task", "episodes": [{"vector", "actions"}, ...]}
        The environment that later commands work on; a vector places objects and goal.          -> {load_ms, versions}
    {"command": "play"}
        Every episode once, from its reset to its last action, in order.
                                                             -> {step_ms, steps, reset_ms, resets, last}

Times are milliseconds of processor time, all threads together; load_ms is time on the wall. `last` is the observation
after the last action. An error is answered with {"error": message} and ends the process with status 1.
"""

import json
import os
import pickle
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import gymnasium
import metaworld
import mujoco
import numpy as np
from metaworld.env_dict import ALL_V3_ENVIRONMENTS


class Peer:
    """One method per command; each returns the fields of its answer."""

    def load(self, task, episodes):
        self.name = task
        start = time.perf_counter()
        self.env = ALL_V3_ENVIRONMENTS[task]()
        elapsed = 1e3 * (time.perf_counter() - start)
        self.episodes = [
            (self.task(np.array(each["vector"])), np.array(each["actions"], dtype=np.float32))
            for each in episodes
        ]
        versions = {"mujoco": mujoco.__version__, "gymnasium": gymnasium.__version__, "numpy": np.__version__}
        return {"load_ms": elapsed, "versions": versions}

    def task(self, vector):
        data = {"rand_vec": vector, "env_cls": type(self.env), "partially_observable": False}
        return metaworld.Task(env_name=self.name, data=pickle.dumps(data))

    def play(self):
        stepping, resetting, steps, observation = 0.0, 0.0, 0, None
        for task, actions in self.episodes:
            self.env.set_task(task)
            start = time.process_time()
            self.env.reset()
            reset = time.process_time()
            for action in actions:
                observation, *_ = self.env.step(action)
            stepping += time.process_time() - reset
            resetting += reset - start
            steps += len(actions)
        return {
            "step_ms": 1e3 * stepping,
            "steps": steps,
            "reset_ms": 1e3 * resetting,
            "resets": len(self.episodes),
            "last": observation.tolist(),
        }

    commands = {"load": load, "play": play}

    def answer(self, line: str) -> dict:
        request = json.loads(line)
        command = request.pop("command", None)
        if command not in self.commands:
            raise ValueError(f'Unknown command "{command}". Known: {", ".join(self.commands)}.')
        return self.commands[command](self, **request)


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing but answers may reach stdout
    peer = Peer()
    for line in sys.stdin:
        try:
            answer = peer.answer(line)
        except Exception as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers, flush=True)
            raise
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
