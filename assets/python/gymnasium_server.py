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
import threading
import time
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
        module = load(path)
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
        hint = "" if ":" in name else f" The module that registers it, if there is one, is named first: module:{name}."
        raise Complaint("unknown", f"{error}{hint}") from error


def load(path):
    """The module of a file, imported as others are: by its name, unless that is another module's."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules or os.path.realpath(origin_of(name)) != os.path.realpath(path):
        name = f"sodp_environment_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses, pickles and type hints look their module up
    spec.loader.exec_module(module)
    return module


def origin_of(name):
    try:
        return getattr(importlib.util.find_spec(name), "origin", None) or ""
    except (ImportError, ValueError):
        return ""


def parts(space):
    """The parts of a Dict or Tuple space with their keys, or None."""
    spaces = getattr(space, "spaces", None)
    if spaces is None or type(space).__name__ == "OneOf":
        return None
    return list(spaces.items()) if hasattr(spaces, "items") else list(enumerate(spaces))


def is_discrete(space):
    return hasattr(space, "n") and not getattr(space, "shape", None)


def size(space):
    """Numbers that `flatten` makes of a value of this space."""
    inner = parts(space)
    if inner is not None:
        return sum(size(part) for _, part in inner)
    if is_discrete(space):
        return int(space.n)
    shape = getattr(space, "shape", None)
    if shape is None or type(space).__name__ in ("Text", "Sequence", "Graph", "OneOf"):
        raise Complaint("unsupported", f"observations in {space} have no fixed number of numbers")
    count = 1
    for length in shape:
        count *= int(length)
    if count == 0:
        raise Complaint("unsupported", f"observations in {space} have no numbers")
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
        return
    count = size(space)
    if is_discrete(space):
        chosen = number_of(value)
        start = int(getattr(space, "start", 0))
        if chosen is None or chosen - start not in range(count):
            raise ValueError(f"observed {value!r}, which is not in {space}")
        into.extend(1.0 if i == chosen - start else 0.0 for i in range(count))
        return
    before = len(into)
    if numpy is not None:
        into.frombytes(numpy.asarray(value, dtype="f8").tobytes())
    else:
        extend(value, into)
    if len(into) - before != count:
        raise ValueError(f"observed {len(into) - before} numbers where {space} has {count}")


def extend(value, into):
    if hasattr(value, "__len__"):
        for item in value:
            extend(item, into)
    else:
        into.append(float(value))


def number_of(value):
    """The number that a value is: Python's or numpy's own, or an array or list of one. None if it is none."""
    if isinstance(value, (str, bytes, dict)):
        return None
    if isinstance(value, (list, tuple)):
        return number_of(value[0]) if len(value) == 1 else None
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError):
        return None


def needed(value, what):
    number = number_of(value)
    if number is None:
        raise ValueError(f"{what} is {value!r}, which is not one number")
    return number


def flag(value, what):
    number = needed(value, what)
    if number not in (0, 1):
        raise ValueError(f"{what} is {value!r}, which is neither true nor false")
    return number == 1


UNBOUNDED = 1e30


class Actions:
    """Maps numbers in [-1, 1] to this space's actions. Box: stretched to its bounds, passed as they are where it has none;
    whole numbers are rounded. Discrete and each number of a MultiDiscrete: as many numbers as choices, the largest wins.
    MultiBinary: yes above 0."""

    def __init__(self, space):
        self.space = space
        self.choices = self.choices_of(space)
        if self.choices is None and not hasattr(space, "low"):
            raise Complaint("unsupported", f"actions in {space} are neither a Box nor choices")
        self.size = sum(max(count, 1) for count in self.choices) if self.choices else size(space)
        if not self.choices:
            self.low, self.high = self.bound("low"), self.bound("high")

    @staticmethod
    def choices_of(space):
        """Choices of each number of an action; 0 stands for yes or no. None for a Box."""
        if hasattr(space, "nvec"):
            counts = []
            extend(space.nvec, counts)
            return [int(count) for count in counts]
        if hasattr(space, "n"):
            return [int(space.n)] if is_discrete(space) else [0] * size(space)
        return None

    def bound(self, side):
        values = []
        extend(getattr(self.space, side), values)
        return values * (self.size // len(values)) if values else values

    def take(self, numbers):
        if self.choices:
            return self.chosen(numbers)
        dtype = str(getattr(self.space, "dtype", "float32"))
        whole = "int" in dtype or dtype == "bool"
        stretched = [self.stretch(*each, whole) for each in zip(numbers, self.low, self.high)]
        if numpy is None:
            return stretched
        return numpy.asarray(stretched, dtype=self.space.dtype).reshape(self.space.shape)

    @staticmethod
    def stretch(number, low, high, whole):
        if abs(low) < UNBOUNDED and abs(high) < UNBOUNDED:
            number = low + (high - low) * (number + 1) / 2
        number = min(max(number, low), high)
        return round(number) if whole else number

    def chosen(self, numbers):
        chosen, at = [], 0
        for count in self.choices:
            own = numbers[at : at + max(count, 1)]
            chosen.append(max(range(count), key=own.__getitem__) if count else int(own[0] > 0))
            at += len(own)
        if is_discrete(self.space):
            number = chosen[0] + int(getattr(self.space, "start", 0))
            return number if numpy is None else numpy.int64(number)
        if numpy is None:
            return chosen
        shape = self.space.shape
        return numpy.asarray(chosen, dtype=self.space.dtype).reshape(shape) + getattr(self.space, "start", 0)


SLOW = 1.0
"""Seconds of a reset that is not done again to see what seeds do."""


class Server:
    def __init__(self, name, options):
        self.env = make(name, options)
        self.actions = Actions(self.env.action_space)
        self.observation_size = size(self.env.observation_space)
        self.knows_seeds = False

    def spec(self):
        env = self.env
        plain = getattr(env, "unwrapped", env)
        fps = number_of((getattr(env, "metadata", None) or {}).get("render_fps"))
        period = number_of(getattr(plain, "dt", None))
        limit = number_of(getattr(getattr(env, "spec", None), "max_episode_steps", None))
        return {
            "observation": describe(self.env.observation_space),
            "actionSize": self.actions.size,
            "maxSteps": int(limit) if limit and limit > 0 else None,
            "controlPeriod": period or (1 / fps if fps else None),
        }

    def reset(self, seed, options):
        seeds = self.effect_of_seeds(seed, options)
        observation, info = self.started(seed, options)
        answer = {"info": numbers_of(info)}
        if seeds is not None:
            answer["seeds"] = seeds
        return answer, self.flat(observation, [])

    def started(self, seed, options):
        result = self.env.reset(seed=seed, options=options)
        if not isinstance(result, tuple) or len(result) != 2:
            raise ValueError("reset() returned something else than an observation and an info")
        return result

    def effect_of_seeds(self, seed, options):
        """What seeds do, once per process: "ignored" if equal ones start different episodes, "equal" if different ones
        start equal episodes, None if they do what they should or it is not known."""
        if seed is None or self.knows_seeds:
            return None
        self.knows_seeds = True
        begin = time.monotonic()
        first = self.glimpse(seed, options)
        if first is None or time.monotonic() - begin > SLOW:
            return None
        if self.glimpse(seed, options) != first:
            return "ignored"
        return "equal" if self.glimpse(seed + 1, options) == first else None

    def glimpse(self, seed, options):
        """Numbers of an episode's start and first step."""
        try:
            observation, _ = self.started(seed, options)
            seen = self.flat(observation, [])
            after, reward, *_ = self.env.step(self.actions.take([0.25] * self.actions.size))
            return [*seen, *self.flat(after, [needed(reward, "the reward")])]
        except Exception:
            return None  # the episode itself tells

    def step(self, numbers):
        result = self.env.step(self.actions.take(numbers))
        if not isinstance(result, tuple) or len(result) != 5:
            count = len(result) if isinstance(result, tuple) else 1
            raise ValueError(f"step() returned {count} values; Gymnasium's has 5")
        observation, reward, terminated, truncated, info = result
        answer = {
            "terminated": flag(terminated, "terminated"),
            "truncated": flag(truncated, "truncated"),
            "info": numbers_of(info),
        }
        return answer, self.flat(observation, [needed(reward, "the reward")])

    def flat(self, observation, first):
        into = array.array("d", first)
        flatten(self.env.observation_space, observation, into)
        return into


def numbers_of(info):
    """The finite numbers of an info, by name."""
    found = {}
    for key, value in (info or {}).items():
        number = number_of(value)
        if number is not None and abs(number) < float("inf"):
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


def end_with(parent):
    """Ends this process once `parent` has ended, however it ended, even in the midst of a step."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main():
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
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
