"""Small data sets of other programs, made with the real libraries: `interchange.py make`."""

import json
import os
import shutil
from pathlib import Path

import numpy as np

FIXTURES = Path("test/fixtures/interchange")
STEPS = [5, 3, 4]
TASKS = ["reach-v3", "push-v3", "reach-v3"]


def episodes(observation_size=3, action_size=2, dtype=np.float32):
    """Three short episodes, the second of them ended by its environment."""
    random = np.random.default_rng(7)
    for index, (steps, task) in enumerate(zip(STEPS, TASKS)):
        yield {
            "task": task,
            "seed": 2**31 + index,
            "observations": random.normal(size=(steps + 1, observation_size)).astype(dtype),
            "actions": random.uniform(-1, 1, (steps, action_size)).astype(dtype),
            "rewards": random.uniform(0, 10, steps).astype(dtype),
            "successes": np.arange(steps) >= steps - 1 - index,
            "terminated": index == 1,
        }


def expect(folder: Path, all_episodes, final_known=True, seeds=True, successes=True, task=None):
    """Writes what this package must read."""

    def flat(array):
        return np.asarray(array, np.float32).astype(float).flatten().tolist()

    out = []
    for episode in all_episodes:
        observations = episode["observations"]
        steps = len(episode["rewards"])
        out.append(
            {
                "task": task or episode["task"],
                "seed": episode["seed"] if seeds else 0,
                "observations": flat(observations[:steps]),
                "finalObservation": flat(observations[-1] if final_known else observations[steps - 1]),
                "actions": flat(episode["actions"]),
                "rewards": flat(episode["rewards"]),
                "successes": [int(s) for s in episode["successes"]] if successes else [0] * steps,
                "terminated": bool(episode["terminated"]),
            }
        )
    path = folder if folder.suffix == ".json" else folder / "expected.json"
    path.write_text(json.dumps(out) + "\n")


def make_lerobot(folder: Path):
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    def vector(size, names=None):
        return {"dtype": "float32", "shape": (size,), "names": names}

    dataset = LeRobotDataset.create(
        repo_id="sodp/fixture",
        fps=10,
        root=folder,
        robot_type="sawyer",
        use_videos=False,
        features={
            "observation.state": vector(2, ["x", "y"]),
            "observation.environment_state": vector(1),
            "observation.image": {"dtype": "image", "shape": (8, 8, 3), "names": ["height", "width", "channels"]},
            "action": vector(2, {"axes": ["x", "gripper"]}),
            "next.reward": vector(1),
            "next.done": {"dtype": "bool", "shape": (1,), "names": None},
            "next.success": {"dtype": "bool", "shape": (1,), "names": None},
        },
    )
    for episode in episodes():
        steps = len(episode["rewards"])
        for t in range(steps):
            dataset.add_frame(
                {
                    "observation.state": episode["observations"][t, :2],
                    "observation.environment_state": episode["observations"][t, 2:],
                    "observation.image": np.zeros((8, 8, 3), np.uint8),
                    "action": episode["actions"][t],
                    "next.reward": episode["rewards"][t : t + 1],
                    "next.done": np.array([episode["terminated"] and t == steps - 1]),
                    "next.success": episode["successes"][t : t + 1],
                    "task": episode["task"],
                }
            )
        dataset.save_episode()
    dataset.finalize()
    shutil.rmtree(folder / "images", ignore_errors=True)
    expect(folder, episodes(), final_known=False, seeds=False)


def make_minari(root: Path):
    os.environ["MINARI_DATASETS_PATH"] = str(root.resolve())
    import gymnasium as gym
    import minari
    from minari.data_collector import EpisodeBuffer

    def flags(episode, ended):
        steps = len(episode["rewards"])
        return [bool(ended and t == steps - 1) for t in range(steps)]

    box = gym.spaces.Box(-np.inf, np.inf, (3,), np.float64)
    actions = gym.spaces.Box(np.float32([-1, -2]), np.float32([1, 2]), dtype=np.float32)
    image = gym.spaces.Box(0, 255, (40, 40, 3), np.uint8)
    goals = gym.spaces.Dict(
        {
            "observation": gym.spaces.Box(-9, 9, (2,), np.float64),
            "desired_goal": gym.spaces.Box(-9, 9, (1,), np.float64),
            "picture": image,
        }
    )

    def observations(episode, kind):
        rows = episode["observations"]
        if kind == "box":
            return list(rows)
        pictures = [np.zeros(image.shape, np.uint8) for _ in rows]
        return {"observation": list(rows[:, :2]), "desired_goal": list(rows[:, 2:]), "picture": pictures}

    for kind, space in {"box": box, "dict": goals}.items():
        shutil.rmtree(root / kind, ignore_errors=True)
        minari.create_dataset_from_buffers(
            dataset_id=f"{kind}/fixture-v0",
            observation_space=space,
            action_space=actions,
            buffer=[
                EpisodeBuffer(
                    seed=episode["seed"],
                    options={"task": episode["task"]} if kind == "box" else None,
                    observations=observations(episode, kind),
                    actions=list(episode["actions"]),
                    rewards=list(episode["rewards"]),
                    terminations=flags(episode, episode["terminated"]),
                    truncations=flags(episode, not episode["terminated"]),
                    # an entry for the reset in front, as the collector records them
                    infos={"success": [False, *map(bool, episode["successes"])]},
                )
                for episode in episodes(dtype=np.float64)
            ],
        )
        task = None if kind == "box" else f"{kind}/fixture-v0"
        # Box parts are joined in the file's order, which is alphabetical: the goal comes first.
        ordered = episodes(dtype=np.float64)
        if kind == "dict":
            ordered = [{**e, "observations": e["observations"][:, [2, 0, 1]]} for e in ordered]
        expect(root / kind / "fixture-v0", ordered, task=task)


def table(dtype=np.float32):
    """All episodes one after the other, as D4RL has them."""
    rows = list(episodes(dtype=dtype))
    last = [np.arange(len(e["rewards"])) == len(e["rewards"]) - 1 for e in rows]
    return {
        "observations": np.concatenate([e["observations"][:-1] for e in rows]),
        "next_observations": np.concatenate([e["observations"][1:] for e in rows]),
        "actions": np.concatenate([e["actions"] for e in rows]),
        "rewards": np.concatenate([e["rewards"] for e in rows]),
        "terminals": np.concatenate([at & e["terminated"] for e, at in zip(rows, last)]),
        "timeouts": np.concatenate([at & (not e["terminated"]) for e, at in zip(rows, last)]),
        "successes": np.concatenate([e["successes"] for e in rows]),
    }


def make_d4rl(folder: Path):
    import h5py
    import hdf5plugin

    folder.mkdir(parents=True)
    columns = table()
    success = columns.pop("successes")
    with h5py.File(folder / "door.hdf5", "w") as file:
        for name, data in columns.items():
            packed = {"compression": "gzip", "shuffle": True, "fletcher32": True} if data.ndim == 2 else {}
            file.create_dataset(name, data=data, chunks=True, **packed)
        file["infos/goal_achieved"] = success
        file["metadata/algorithm"] = "expert"
    filters = {"lzf": {"compression": "lzf"}, "zstd": hdf5plugin.Zstd()}
    for name, packed in filters.items():
        with h5py.File(folder / f"{name}.hdf5", "w") as file:
            for key, data in columns.items():
                data = np.repeat(data, 20, axis=0)  # enough of it that the filter is used
                file.create_dataset(key, data=data, **(packed if key == "observations" else {}))
    with h5py.File(folder / "half.hdf5", "w") as file:
        for key, data in columns.items():
            file[key] = data.astype(np.float16) if key == "actions" else data
    with h5py.File(folder / "big-endian.hdf5", "w") as file:
        for key, data in columns.items():
            file[key] = data.astype(data.dtype.newbyteorder(">")) if data.ndim == 2 else data
    expect(folder, episodes(), seeds=False, task="door")


def make_npz(folder: Path):
    for number, episode in zip([2, 9, 10], episodes(dtype=np.float64)):
        path = folder / "episodes" / "basketball-v2"
        path.mkdir(parents=True, exist_ok=True)
        steps = len(episode["rewards"])
        save = np.savez_compressed if number == 9 else np.savez
        save(
            path / f"{number}.npz",
            observations=episode["observations"][:steps],
            actions=episode["actions"],
            rewards=episode["rewards"],
            terminals=(np.arange(steps) == steps - 1) & episode["terminated"],
        )
    expect(
        folder / "episodes.json",
        episodes(dtype=np.float64),
        final_known=False,
        seeds=False,
        successes=False,
        task="basketball-v2",
    )
    columns = table(np.float64)
    np.savez_compressed(
        folder / "table.npz",
        obs=columns["observations"],
        acts=columns["actions"],
        rewards=columns["rewards"][:, None],
        terminals=columns["terminals"],
        timeouts=columns["timeouts"].astype(np.int64),
        solved=columns["successes"].astype(np.int32),
        next_obs=columns["next_observations"],
    )
    expect(folder / "table.json", episodes(dtype=np.float64), seeds=False, task="table")
    stacked = {
        "observations": columns["observations"].reshape(3, 4, 3),
        "actions": columns["actions"].reshape(3, 4, 2),
        "rewards": columns["rewards"].reshape(3, 4),
    }
    np.savez(folder / "stacked.npz", **stacked)
    expect(
        folder / "stacked.json",
        [
            {"observations": o, "actions": a, "rewards": r, "successes": [0] * 4, "terminated": False}
            for o, a, r in zip(*stacked.values())
        ],
        final_known=False,
        seeds=False,
        task="stacked",
    )
    np.savez(
        folder / "odd.npz",
        observations=np.array([{"a": 1}, {"b": 2}], dtype=object),
        actions=np.asfortranarray(columns["actions"]),
        rewards=columns["rewards"].astype(">f8"),
        terminals=np.ones(2),
    )


def make_robomimic(folder: Path):
    """As robomimic 0.5 documents its files (docs/datasets/overview): a group per demonstration, observations by name."""
    import h5py

    folder.mkdir(parents=True)
    with h5py.File(folder / "lift.hdf5", "w") as file:
        data = file.create_group("data")
        data.attrs["total"] = sum(STEPS)
        data.attrs["env_args"] = json.dumps({"env_name": "Lift", "type": 1, "env_kwargs": {}})
        for number, episode in zip([0, 2, 10], episodes(dtype=np.float64)):
            steps = len(episode["rewards"])
            demo = data.create_group(f"demo_{number}")
            demo.attrs["num_samples"] = steps
            demo["actions"], demo["rewards"] = episode["actions"], episode["rewards"]
            demo["dones"] = ((np.arange(steps) == steps - 1) & episode["terminated"]).astype(np.int64)
            demo["states"] = np.zeros((steps, 7))
            for group, rows in [("obs", episode["observations"][:-1]), ("next_obs", episode["observations"][1:])]:
                demo[f"{group}/object"] = rows[:, 2:]
                demo[f"{group}/robot0_eef_pos"] = rows[:, :2]
        file["mask/train"] = np.array([b"demo_0", b"demo_2"])
    ordered = [{**e, "observations": e["observations"][:, [2, 0, 1]]} for e in episodes(dtype=np.float64)]
    expect(folder, ordered, seeds=False, successes=False, task="Lift")


def make_zarr(folder: Path):
    """As diffusion_policy's ReplayBuffer (5ba07ac) lays it out: zarr version 2, chunks packed with Blosc."""
    import numcodecs
    import zarr

    columns = table(np.float32)
    for name, compressors in [("replay", numcodecs.Blosc("lz4", 5, numcodecs.Blosc.SHUFFLE)), ("plain", None)]:
        root = zarr.open_group(folder / f"{name}.zarr", mode="w", zarr_format=2)
        arrays = {
            "data/state": columns["observations"],
            "data/action": columns["actions"],
            "meta/episode_ends": np.cumsum(STEPS),
        }
        for key, data in arrays.items():
            chunks = (5, *data.shape[1:])
            array = root.create_array(key, shape=data.shape, chunks=chunks, dtype=data.dtype, compressors=compressors)
            array[:] = data
    plain = [{**e, "rewards": 0 * e["rewards"], "terminated": False} for e in episodes()]
    expect(folder, plain, final_known=False, seeds=False, successes=False, task="replay")


def make_lerobot_v21(folder: Path):
    """As lerobot 0.3 lays it out: a file per episode, its tables as lines of JSON."""
    import pandas

    (folder / "meta").mkdir(parents=True)
    tasks = list(dict.fromkeys(TASKS))
    lines = {"tasks": [{"task_index": i, "task": task} for i, task in enumerate(tasks)], "episodes": [], "episodes_stats": []}
    first = 0
    for index, episode in enumerate(episodes()):
        steps = len(episode["rewards"])
        frames = pandas.DataFrame(
            {
                "observation.state": list(episode["observations"][:-1]),
                "action": list(episode["actions"]),
                "next.reward": episode["rewards"],
                "next.done": (np.arange(steps) == steps - 1) & episode["terminated"],
                "next.success": episode["successes"],
                "timestamp": (np.arange(steps) / 10).astype(np.float32),
                "frame_index": np.arange(steps),
                "episode_index": np.full(steps, index),
                "index": first + np.arange(steps),
                "task_index": np.full(steps, tasks.index(episode["task"])),
            }
        )
        path = folder / f"data/chunk-{index // 2:03d}/episode_{index:06d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frames.to_parquet(path, index=False)
        lines["episodes"].append({"episode_index": index, "tasks": [episode["task"]], "length": steps})
        stats = {"min": episode["actions"].min(0).tolist(), "max": episode["actions"].max(0).tolist(), "count": [steps]}
        lines["episodes_stats"].append({"episode_index": index, "stats": {"action": stats}})
        first += steps
    for name, rows in lines.items():
        (folder / f"meta/{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    vector = lambda dtype, size: {"dtype": dtype, "shape": [size], "names": None}  # noqa: E731
    features = {"observation.state": vector("float32", 3), "action": vector("float32", 2), "next.reward": vector("float32", 1)}
    features |= {key: vector("bool", 1) for key in ["next.done", "next.success"]}
    features |= {key: vector("int64", 1) for key in ["frame_index", "episode_index", "index", "task_index"]}
    info = {
        "codebase_version": "v2.1",
        "robot_type": "sawyer",
        "total_episodes": len(STEPS),
        "total_frames": sum(STEPS),
        "total_tasks": len(tasks),
        "chunks_size": 2,
        "fps": 10,
        "splits": {"train": f"0:{len(STEPS)}"},
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": None,
        "features": features,
    }
    (folder / "meta/info.json").write_text(json.dumps(info, indent=4))
    expect(folder, episodes(), final_known=False, seeds=False)


def make():
    for name in ["lerobot", "minari", "d4rl", "npz", "robomimic", "zarr", "lerobot-v2.1"]:
        shutil.rmtree(FIXTURES / name, ignore_errors=True)
    make_lerobot(FIXTURES / "lerobot")
    make_minari(FIXTURES / "minari")
    make_d4rl(FIXTURES / "d4rl")
    make_npz(FIXTURES / "npz")
    make_robomimic(FIXTURES / "robomimic")
    make_zarr(FIXTURES / "zarr")
    make_lerobot_v21(FIXTURES / "lerobot-v2.1")
