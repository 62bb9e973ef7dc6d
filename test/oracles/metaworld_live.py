"""Records episodes of the official Python Meta-World, unmodified but for the sticks' leak, one JSON file per task.

    .venv/envs-3.14.0/bin/python test/oracles/metaworld_live.py --out <folder> [--seed 7] [--goals 3] [--task <name>]...

metaworld-live.ts runs this and compares. Per task: the first `--goals` official goals of the seed by the official
scripted policy until success or 500 steps, and 60 random actions on the first goal. Numbers are as the package gives
them. Two settings follow the reference recordings: MuJoCo's `multiccd` is off where the version has it, and a reset
stops the thermos of the stick tasks, whose velocity the package leaves (it clears two neighbouring coordinates).
"""

import argparse
import difflib
import gzip
import json
import pickle
import sys
from pathlib import Path

import metaworld
import mujoco
import numpy as np
from metaworld import policies
from metaworld.env_dict import ALL_V3_ENVIRONMENTS

MOST_STEPS = 500
RANDOM_STEPS = 60
HELD = 8  # steps that a random action lasts


def policy_of(task: str):
    """The scripted policy: its class is called after the task, more or less."""
    name = "Sawyer" + "".join(word.capitalize() for word in task.split("-")) + "Policy"
    return getattr(policies, difflib.get_close_matches(name, dir(policies), n=1)[0])()


def make(task: str):
    env = ALL_V3_ENVIRONMENTS[task]()
    if hasattr(mujoco.mjtDisableBit, "mjDSBL_MULTICCD"):
        env.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_MULTICCD.value
    if task.startswith("stick-"):
        leak = env._set_obj_xyz

        def stopped(pos):
            leak(pos)
            env.data.qvel[15:17] = 0
            mujoco.mj_forward(env.model, env.data)

        env._set_obj_xyz = stopped
    return env


def random_actions(seed: int):
    generator = np.random.default_rng(seed)
    held = generator.uniform(-1, 1, ((RANDOM_STEPS + HELD - 1) // HELD, 4)).astype(np.float32)
    return [held[t // HELD] for t in range(RANDOM_STEPS)]


def play(env, task, kind: str, goal: int, vector, policy, actions) -> dict:
    data = {"rand_vec": vector, "env_cls": type(env), "partially_observable": False}
    env.set_task(metaworld.Task(env_name=task, data=pickle.dumps(data)))
    observation, _ = env.reset()
    episode = {
        "kind": kind,
        "goal_index": goal,
        "rand_vec": vector.tolist(),
        "reset_obs": observation.tolist(),
        "target": np.asarray(env._target_pos, dtype=float).tolist(),
        "init_tcp": np.asarray(env.init_tcp, dtype=float).tolist(),
        "actions": [],
        "obs": [],
        "rewards": [],
        "info": [],
    }
    for step in range(MOST_STEPS if actions is None else len(actions)):
        action = policy.get_action(observation).astype(np.float32) if actions is None else actions[step]
        observation, reward, _, _, info = env.step(action)
        episode["actions"].append([float(x) for x in action])
        episode["obs"].append(observation.tolist())
        episode["rewards"].append(float(reward))
        episode["info"].append({name: float(value) for name, value in info.items()})
        if actions is None and info["success"]:
            break
    episode["success"] = int(any(info["success"] for info in episode["info"]))
    episode["steps"] = len(episode["actions"])
    return episode


def record(task: str, seed: int, goals: int) -> dict:
    tasks = metaworld.MT1(task, seed=seed).train_tasks
    vectors = [pickle.loads(each.data)["rand_vec"] for each in tasks[:goals]]
    env, policy = make(task), policy_of(task)
    episodes = [play(env, task, "scripted", i, vector, policy, None) for i, vector in enumerate(vectors)]
    episodes.insert(1, play(env, task, "random", 0, vectors[0], policy, random_actions(seed)))
    return {
        "task": task,
        "seed": seed,
        "engine": f"MuJoCo {mujoco.__version__}, native, official models, multiccd off",
        "metaworld": "3.1.1",
        "frame_skip": env.frame_skip,
        "hand_init_pos": env.hand_init_pos.tolist(),
        "mocap_low": env.mocap_low.tolist(),
        "mocap_high": env.mocap_high.tolist(),
        "goal_low": env.goal_space.low.tolist(),
        "goal_high": env.goal_space.high.tolist(),
        "random_reset_low": env._random_reset_space.low.tolist(),
        "random_reset_high": env._random_reset_space.high.tolist(),
        "episodes": episodes,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--goals", type=int, default=3)
    parser.add_argument("--task", action="append")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tasks = options.task or sorted(ALL_V3_ENVIRONMENTS)
    for i, task in enumerate(tasks):
        recording = record(task, options.seed, options.goals)
        with gzip.open(options.out / f"{task}.json.gz", "wt") as file:
            json.dump(recording, file)
        solved = sum(each["success"] for each in recording["episodes"] if each["kind"] == "scripted")
        print(f"[{i + 1}/{len(tasks)}] {task} {solved}/{options.goals}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
