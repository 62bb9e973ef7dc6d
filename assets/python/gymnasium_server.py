"""Serves one Gymnasium environment to its parent process over standard input and output.

Frame, both ways: length of the text and of the numbers in bytes (two little-endian uint32), the text (JSON, UTF-8),
the numbers (little-endian float64). Calls: make, reset, step; the parent ends the process by closing its input.
What the environment prints goes to standard error. Runs on Python 3.8 and later; needs Gymnasium for ids alone.
"""

import array
import importlib.util
import json
import os
import struct
import sys
import traceback

try:
    import numpy
except ImportError:  # an environment from a file may do without
    numpy = None


class Complaint(Exception):
    """A mistake that the user can fix. kind: "no gymnasium", "unknown" or "unsupported"."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def make(name, options):
    """name: a Gymnasium id, or "file.py:function" whose result has Gymnasium's methods and spaces."""
    path, _, function = name.rpartition(":")
    if path.endswith(".py"):
        if not os.path.exists(path):
            raise Complaint("unknown", f"there is no file {path}")
        spec = importlib.util.spec_from_file_location("environment", path)
        module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        spec.loader.exec_module(module)
        if not hasattr(module, function):
            raise Complaint("unknown", f"{path} has no function {function}")
        return getattr(module, function)(**options)
    try:
        import gymnasium
    except ImportError as error:
        raise Complaint("no gymnasium", str(error)) from error
    try:
        return gymnasium.make(name, **options)
    except (gymnasium.error.UnregisteredEnv, ModuleNotFoundError) as error:
        raise Complaint("unknown", str(error)) from error


def parts(space):
    """The parts of a Dict or Tuple space with their keys, or None."""
    spaces = getattr(space, "spaces", None)
    if spaces is None:
        return None
    return list(spaces.items()) if hasattr(spaces, "items") else list(enumerate(spaces))


def size(space):
    """Numbers that `flatten` makes of a value of this space."""
    inner = parts(space)
    if inner is not None:
        return sum(size(part) for _, part in inner)
    if hasattr(space, "n") and not getattr(space, "shape", None):
        return int(space.n)
    shape = getattr(space, "shape", None)
    if shape is None:
        raise Complaint("unsupported", f"observations in {space} have no fixed number of numbers")
    count = 1
    for length in shape:
        count *= int(length)
    return count


def describe(space):
    """The named parts of a space: [name, shape, dtype] each. A Dict or Tuple has a part per key, all else one, "state"."""
    inner = parts(space)
    if inner is None:
        return [["state", *describe_part(space)]]
    return [[str(key), *describe_part(part)] for key, part in inner]


def describe_part(space):
    shape = getattr(space, "shape", None)
    if parts(space) is not None or not shape:
        return [size(space)], "float32"
    return [int(length) for length in shape], "uint8" if str(getattr(space, "dtype", "")) == "uint8" else "float32"


def flatten(space, value, into):
    """Dict and Tuple: their parts one after the other. Discrete: one-hot. Everything else: row by row."""
    inner = parts(space)
    if inner is not None:
        for key, part in inner:
            flatten(part, value[key], into)
    elif hasattr(space, "n") and not getattr(space, "shape", None):
        chosen = int(value) - int(getattr(space, "start", 0))
        into.extend(1.0 if i == chosen else 0.0 for i in range(int(space.n)))
    elif numpy is not None:
        into.frombytes(numpy.asarray(value, dtype="f8").tobytes())
    else:
        extend(value, into)


def extend(value, into):
    if hasattr(value, "__len__"):
        for item in value:
            extend(item, into)
    else:
        into.append(float(value))


class Actions:
    """Maps numbers in [-1, 1] to this space's actions. Box: stretched to its bounds, passed as they are where it has
    none. Discrete: as many numbers as choices, the largest wins."""

    def __init__(self, space):
        self.space = space
        self.discrete = hasattr(space, "n") and not getattr(space, "shape", None)
        if not self.discrete and not (hasattr(space, "low") and hasattr(space, "shape")):
            raise Complaint("unsupported", f"actions in {space} are neither a Box nor Discrete")
        self.size = size(space)
        if not self.discrete:
            self.low, self.high = self.bound("low"), self.bound("high")

    def bound(self, side):
        values = []
        extend(getattr(self.space, side), values)
        return values * (self.size // len(values)) if values else values

    def take(self, numbers):
        if self.discrete:
            best = max(range(self.size), key=lambda i: numbers[i])
            return best + int(getattr(self.space, "start", 0))
        stretched = [
            low + (high - low) * (number + 1) / 2 if abs(low) < 1e30 and abs(high) < 1e30 else number
            for number, low, high in zip(numbers, self.low, self.high)
        ]
        if numpy is None:
            return stretched
        return numpy.asarray(stretched, dtype=self.space.dtype).reshape(self.space.shape)


class Server:
    def __init__(self, name, options):
        self.env = make(name, options)
        self.actions = Actions(self.env.action_space)
        self.observation_size = size(self.env.observation_space)

    def spec(self):
        env = self.env
        plain = getattr(env, "unwrapped", env)
        fps = (getattr(env, "metadata", None) or {}).get("render_fps")
        return {
            "observation": describe(self.env.observation_space),
            "actionSize": self.actions.size,
            "maxSteps": getattr(getattr(env, "spec", None), "max_episode_steps", None),
            "controlPeriod": getattr(plain, "dt", None) or (1 / fps if fps else None),
        }

    def reset(self, seed, options):
        observation, info = self.env.reset(seed=seed, options=options)
        return {"info": numbers_of(info)}, self.flat(observation, [])

    def step(self, numbers):
        observation, reward, terminated, truncated, info = self.env.step(self.actions.take(numbers))
        answer = {"terminated": bool(terminated), "truncated": bool(truncated), "info": numbers_of(info)}
        return answer, self.flat(observation, [float(reward)])

    def flat(self, observation, first):
        into = array.array("d", first)
        flatten(self.env.observation_space, observation, into)
        if len(into) - len(first) != self.observation_size:
            raise ValueError(
                f"an observation has {len(into) - len(first)} numbers, its space {self.observation_size}"
            )
        return into


def numbers_of(info):
    """The finite numbers of an info, by name."""
    found = {}
    for key, value in (info or {}).items():
        if hasattr(value, "__len__"):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if abs(number) < float("inf"):
            found[str(key)] = number
    return found


def read(stream, count):
    """`count` bytes, or None where the stream ends."""
    data = stream.read(count)
    return data if len(data) == count else None


def write(stream, answer, numbers):
    if sys.byteorder == "big":
        numbers = array.array("d", numbers)
        numbers.byteswap()
    text = json.dumps(answer).encode()
    raw = numbers.tobytes()
    stream.write(struct.pack("<II", len(text), len(raw)) + text + raw)
    stream.flush()


def main():
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    server = None
    while True:
        lengths = read(requests, 8)
        if lengths is None:
            return
        text_length, raw_length = struct.unpack("<II", lengths)
        request = json.loads(requests.read(text_length))
        numbers = struct.unpack(f"<{raw_length // 8}d", requests.read(raw_length))
        result = array.array("d")
        try:
            if request["call"] == "make":
                server = Server(request["id"], request["options"])
                answer = {"spec": server.spec()}
            elif request["call"] == "reset":
                answer, result = server.reset(request["seed"], request["options"])
            else:
                answer, result = server.step(numbers)
        except Complaint as complaint:
            answer = {"error": {"kind": complaint.kind, "message": str(complaint)}}
        except Exception as error:
            traceback.print_exc()
            message = traceback.format_exception_only(type(error), error)[-1].strip()
            answer = {"error": {"kind": "raised", "message": message}}
        write(answers, answer, result)


main()
