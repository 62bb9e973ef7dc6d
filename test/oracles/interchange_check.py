"""What this package writes, opened with the real libraries: `interchange.py check`."""

import json
import os
from pathlib import Path

import numpy as np


def same(ours, theirs, what):
    theirs = np.asarray(theirs)
    ours = np.asarray(ours, np.float32).astype(np.float64)
    assert ours.shape == theirs.shape, f"{what}: {ours.shape}, {theirs.shape}"
    assert (ours == theirs.astype(np.float64)).all(), what
    if theirs.dtype.kind == "f":
        assert (np.signbit(ours) == np.signbit(theirs)).all(), f"{what}: signs of zero"
    return theirs.size


def shaped(episode):
    steps = len(episode["rewards"])
    return {
        **episode,
        "observations": np.reshape(episode["observations"], (steps, -1)),
        "actions": np.reshape(episode["actions"], (steps, -1)),
    }


def check_lerobot(folder: Path, expected) -> int:
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("sodp/ours", root=folder, delta_timestamps={"action": [0, 0.1, 0.2]})
    assert dataset.num_episodes == len(expected) and dataset.fps == 10
    assert dataset.num_frames == sum(len(e["rewards"]) for e in expected)
    numbers = 0
    for index, episode in enumerate(map(shaped, expected)):
        row = dataset.meta.episodes[index]
        steps = len(episode["rewards"])
        assert row["length"] == steps and row["tasks"] == [episode["task"]]
        for t in range(steps):
            item = dataset[row["dataset_from_index"] + t]
            assert item["task"] == episode["task"] and item["frame_index"] == t and item["episode_index"] == index
            assert item["next.done"].item() == (t == steps - 1 and episode["terminated"])
            numbers += same(episode["observations"][t], item["observation.state"].reshape(-1), "observation")
            actions = episode["actions"][np.minimum(np.arange(t, t + 3), steps - 1)]
            numbers += same(actions.flatten(), item["action"].reshape(-1), "action")
            numbers += same(episode["rewards"][t], item["next.reward"].item(), "reward")
            assert item["next.success"].item() == bool(episode["successes"][t])
    everything = np.concatenate([e["actions"] for e in map(shaped, expected)]).astype(np.float64)
    stats = dataset.meta.stats["action"]
    for name, truth in [("min", everything.min(0)), ("max", everything.max(0)), ("mean", everything.mean(0))]:
        assert np.allclose(stats[name], truth, rtol=1e-12), name
    assert np.allclose(stats["std"], everything.std(0), rtol=1e-9)
    batch = next(iter(torch.utils.data.DataLoader(dataset, batch_size=4, shuffle=True)))
    assert batch["action"].shape[:2] == (4, 3)
    return numbers


def check_minari(root: Path, expected) -> int:
    os.environ["MINARI_DATASETS_PATH"] = str(root)
    import gymnasium as gym
    import minari

    dataset = minari.load_dataset("sodp/ours-v0")
    assert dataset.total_episodes == len(expected)
    assert dataset.total_steps == sum(len(e["rewards"]) for e in expected)
    assert isinstance(dataset.observation_space, gym.spaces.Box) and np.isneginf(dataset.observation_space.low).all()
    assert "sodp/ours-v0" in minari.list_local_datasets()
    metadata = list(dataset.storage.get_episode_metadata(range(len(expected))))
    numbers = 0
    for theirs, meta, episode in zip(dataset.iterate_episodes(), metadata, map(shaped, expected)):
        steps = len(episode["rewards"])
        assert meta["seed"] == episode["seed"] and meta["options"]["task"] == episode["task"]
        assert meta["total_steps"] == len(theirs) == steps and meta["id"] == theirs.id
        last = np.arange(steps) == steps - 1
        numbers += same(episode["observations"], theirs.observations[:-1], "observations")
        numbers += same(episode["finalObservation"], theirs.observations[-1], "final observation")
        numbers += same(episode["actions"], theirs.actions, "actions")
        numbers += same(episode["rewards"], theirs.rewards, "rewards")
        assert (theirs.terminations == (last & episode["terminated"])).all()
        assert (theirs.truncations == (last & (not episode["terminated"]))).all()
        assert (theirs.infos["success"] == np.asarray(episode["successes"])).all()
        assert dataset.observation_space.contains(theirs.observations[0])
        assert dataset.action_space.contains(theirs.actions[0])
    return numbers


def check_parts(root: Path) -> None:
    """Parts of observations: a vector, a point cloud, a picture of bytes, by Minari and by the library LeRobot reads with."""
    os.environ["MINARI_DATASETS_PATH"] = str(root / "minari")
    import datasets
    import minari

    sizes = {"state": 2, "pointCloud": 6, "image": 40 * 32 * 3}
    ends = np.cumsum([0, *sizes.values()])
    expected = json.loads((root / "expected.json").read_text())
    rows = [np.float32(steps + final).reshape(-1, ends[-1]) for steps, final in expected]
    dataset = minari.load_dataset("sodp/ours-v0")
    for theirs, ours in zip(dataset.iterate_episodes(), rows):
        for (name, size), begin in zip(sizes.items(), ends):
            assert (theirs.observations[name].reshape(-1, size) == ours[:, begin : begin + size]).all(), name
        assert theirs.observations["image"].dtype == np.uint8
    info = json.loads((root / "lerobot/meta/info.json").read_text())
    assert info["features"]["observation.state"]["names"] == ["x", "y"]
    kinds = {2: datasets.Array2D, 3: datasets.Array3D}
    features = {}
    for key, feature in info["features"].items():
        shape, dtype = tuple(feature["shape"]), feature["dtype"]
        if shape == (1,):
            features[key] = datasets.Value(dtype)
        elif len(shape) == 1:
            features[key] = datasets.Sequence(datasets.Value(dtype), length=shape[0])
        else:
            features[key] = kinds[len(shape)](shape=shape, dtype=dtype)
    table = datasets.Dataset.from_parquet(
        str(root / "lerobot/data/chunk-000/file-000.parquet"),
        features=datasets.Features(features),
        cache_dir=str(root / "cache"),
    )
    steps = np.concatenate([ours[:-1] for ours in rows])
    for (name, size), begin in zip(sizes.items(), ends):
        read = np.asarray(table[f"observation.{name}"], dtype=np.float32).reshape(-1, size)
        assert (read == steps[:, begin : begin + size]).all(), name


def check_h5py(root: Path, expected) -> int:
    """Numbers of a Minari set, as h5py finds them."""
    import h5py

    numbers = 0
    with h5py.File(root / "sodp/ours-v0/data/main_data.hdf5") as file:
        for index, episode in enumerate(map(shaped, expected)):
            group = file[f"episode_{index}"]
            numbers += same(episode["actions"], group["actions"][()], "actions")
            numbers += same(episode["rewards"], group["rewards"][()], "rewards")
            assert group.attrs["seed"] == episode["seed"] and group.attrs["options/task"] == episode["task"]
    return numbers


def check_safetensors(folder: Path, expected) -> int:
    """Shards of a data set of ours, as safetensors finds them."""
    from safetensors.numpy import load_file

    shards = [load_file(path) for path in sorted((folder / "data").glob("*.safetensors"))]
    read = {key: np.concatenate([shard[key] for shard in shards]) for key in shards[0]}
    all_of = lambda key: np.concatenate([e[key] for e in map(shaped, expected)])  # noqa: E731
    numbers = same(all_of("observations"), read["observation.state"], "observations")
    numbers += same(all_of("actions"), read["action"], "actions")
    numbers += same(all_of("rewards"), read["next.reward"], "rewards")
    assert (read["episode.seed"] == [e["seed"] for e in expected]).all()
    return numbers


def check_tensorboard(folder: Path) -> int:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder / "tb"), size_guidance={"scalars": 0})
    accumulator.Reload()
    points = 0
    for tag, steps in json.loads((folder / "scalars.json").read_text()).items():
        seen = [[event.step, event.value] for event in accumulator.Scalars(tag)]
        assert seen == [[step, float(np.float32(value))] for step, value in steps], tag
        points += len(seen)
    return points


def check_onnxruntime(folder: Path) -> float:
    """The largest difference of an exported planner's actions, which are of the order of 1, from the planner's own."""
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / "planner.onnx", providers=["CPUExecutionProvider"])
    worst = 0.0
    for run in json.loads((folder / "runs.json").read_text()):
        shapes = {given.name: given.shape for given in session.get_inputs()}
        feeds = {name: np.float32(run["inputs"][name]).reshape(shape) for name, shape in shapes.items()}
        [actions] = session.run(["actions"], feeds)
        worst = max(worst, float(np.abs(actions.flatten() - np.float32(run["actions"])).max()))
    assert worst < 1e-5, worst
    return worst


def check_gymnasium(folder: Path) -> int:
    """An episode through the bridge, as Gymnasium itself plays it."""
    import gymnasium as gym

    episode = json.loads((folder / "pendulum.json").read_text())
    env = gym.make("Pendulum-v1")
    observation, _ = env.reset(seed=episode["seed"])
    numbers = same(episode["observations"][0], observation, "observation")
    for action, observed, reward in zip(episode["actions"], episode["observations"][1:], episode["rewards"]):
        observation, own, *_ = env.step(np.float32([2 * number for number in action]))
        numbers += same(observed, observation, "observation")
        assert reward == float(own)
    return numbers
