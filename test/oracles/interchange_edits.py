"""Sets that this package wrote, edited by LeRobot and Minari and read again by this package: `interchange.py check`."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

KEPT = ["task", "observations", "actions", "rewards", "successes"]


def read_back(path: Path, allow_unknown=False):
    """Episodes of a set as this package reads it, and the sentences that it says about what is not known."""
    command = ["npx", "tsx", "test/oracles/interchange-import.ts", str(path)]
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert allow_unknown or not answer["unknown"], answer["unknown"]
    return answer["episodes"], answer["notes"] + answer["unknown"]


def equal(found, expected, keys):
    """Number of episodes, all equal in `keys`."""
    assert len(found) == len(expected), (len(found), len(expected))
    for i, (ours, theirs) in enumerate(zip(found, expected)):
        for key in keys:
            same = ours[key] == theirs[key] or np.array_equal(np.float32(ours[key]), np.float32(theirs[key]))
            assert same, f"episode {i}: {key}"
    return len(found)


def edit_lerobot(folder: Path, expected, scratch: Path) -> dict:
    """Appends, deletes, splits and merges, each time by LeRobot's own tools."""
    from lerobot.datasets.dataset_tools import delete_episodes, merge_datasets, split_dataset
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    everything = [*KEPT, "seed", "terminated", "finalObservation"]
    still = [*KEPT, "terminated"]
    grown = scratch / "grown"
    shutil.copytree(folder, grown)
    dataset = LeRobotDataset.resume("x/grown", root=grown)
    size = lambda key: dataset.meta.features[key]["shape"]  # noqa: E731
    for t in range(3):
        frame = {key: np.zeros(size(key), np.float32) for key in ["observation.state", "action", "next.reward"]}
        flags = {"next.done": np.array([t == 2]), "next.success": np.array([False])}
        dataset.add_frame({**frame, **flags, "task": "new"})
    dataset.save_episode()
    dataset.finalize()
    assert LeRobotDataset("x/grown", root=grown).num_episodes == len(expected) + 1
    found, said = read_back(grown, allow_unknown=True)
    counts = {"appended to": equal(found[:-1], expected, everything) + 1}
    assert found[-1]["task"] == "new" and found[-1]["terminated"] and len(found[-1]["rewards"]) == 3
    assert any("is not stored" in sentence for sentence in said)

    source = LeRobotDataset("x/ours", root=folder)
    delete_episodes(source, [0, 2], output_dir=scratch / "fewer", repo_id="x/fewer")
    kept = [episode for i, episode in enumerate(expected) if i not in (0, 2)]
    counts["deleted from"] = equal(read_back(scratch / "fewer")[0], kept, still)
    half = len(expected) // 2
    splits = {"a": list(range(half)), "b": list(range(half, len(expected)))}
    split_dataset(source, splits, output_dir=scratch / "parts")
    parts = {path.name[-1]: path for path in (scratch / "parts").iterdir()}
    counts["split"] = equal(read_back(parts["a"])[0], expected[:half], still)
    counts["split"] += equal(read_back(parts["b"])[0], expected[half:], still)
    halves = [LeRobotDataset(f"x/{name}", root=parts[name]) for name in "ba"]
    merge_datasets(halves, output_repo_id="x/merged", output_dir=scratch / "merged")
    counts["merged"] = equal(read_back(scratch / "merged")[0], expected[half:] + expected[:half], still)
    return counts


def edit_minari(root: Path, expected) -> dict:
    """Appends, splits and combines by Minari's own tools."""
    os.environ["MINARI_DATASETS_PATH"] = str(root)
    import minari
    from minari.data_collector import EpisodeBuffer

    everything = [*KEPT, "seed", "terminated", "finalObservation"]
    half = len(expected) // 2
    dataset = minari.load_dataset("sodp/ours-v0")
    parts = minari.split_dataset(dataset, sizes=[half, len(expected) - half], seed=0)
    counts = {"split": 0}
    orders = [list(part.episode_indices) for part in parts]
    assert sorted(orders[0] + orders[1]) == list(range(len(expected)))
    copies = []
    for name, part, order in zip("ab", parts, orders):
        buffers = [
            EpisodeBuffer(
                seed=expected[i]["seed"],
                options={"task": expected[i]["task"]},
                observations=list(episode.observations),
                actions=list(episode.actions),
                rewards=list(episode.rewards),
                terminations=list(episode.terminations),
                truncations=list(episode.truncations),
                infos=episode.infos,
            )
            for i, episode in zip(order, part.iterate_episodes())
        ]
        spaces = {"observation_space": dataset.observation_space, "action_space": dataset.action_space}
        copies.append(minari.create_dataset_from_buffers(dataset_id=f"edits/{name}-v0", buffer=buffers, **spaces))
        found, _ = read_back(root / f"edits/{name}-v0")
        counts["split"] += equal(found, [expected[i] for i in order], everything)
    minari.combine_datasets(copies, new_dataset_id="edits/both-v0")
    both = [expected[i] for i in orders[0] + orders[1]]
    combined = [key for key in everything if key not in ("task", "seed")]  # Minari keeps neither when it combines
    counts["combined"] = equal(read_back(root / "edits/both-v0")[0], both, combined)
    steps = 2
    new = EpisodeBuffer(
        seed=None,
        options=None,
        observations=[np.zeros(dataset.observation_space.shape, np.float32)] * (steps + 1),
        actions=[np.zeros(dataset.action_space.shape, np.float32)] * steps,
        rewards=[0.0] * steps,
        terminations=[False] * steps,
        truncations=[False, True],
        infos={"success": [False] * steps},
    )
    dataset.update_dataset_from_buffer([new])
    found, _ = read_back(root / "sodp/ours-v0")
    counts["appended to"] = equal(found[:-1], expected, everything) + 1
    return counts
