"""Recordings of the official Meta-World, which `sodp env verify` replays, and figures of its models.

Not part of the test suite: it needs Python 3.10 or newer and the official package. MuJoCo is newer than the version
that the package pins; so it comes after it, by itself:

    python3 -m venv .venv/metaworld
    .venv/metaworld/bin/pip install --no-deps metaworld==3.1.1
    .venv/metaworld/bin/pip install mujoco==3.14.0 gymnasium scipy imageio packaging
    .venv/metaworld/bin/python test/oracles/metaworld.py record outputs/recordings --seeds 1:21
    npx tsx src/cli/main.ts env verify --golden outputs/recordings/seed-1

    record <folder>      <folder>/seed-<seed>/<task>-v3.json.gz: scripted episodes until success, one of random actions
    check <folder>       replays <folder>/<task>-v3.json.gz here and tells how far this MuJoCo is from the recording's
    compact <folder>     the test fixture of other seeds, from recordings of `record`
    scenes <folder>      plays recorded actions in the official models and in ours, side by side in this one engine;
                         `npx tsx test/oracles/scenes.ts <other folder>` writes ours, `--ours <other folder>` reads them
    hulls                src/envs/metaworld/scenes/hulls.ts

The engine is set up as in our environments: multiccd off, and the second velocity of the thermos is stopped at resets.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

sys.path.pop(0)  # this script's folder, where `metaworld` is this script

import metaworld
import mujoco
import numpy as np
from metaworld.policies import ENV_POLICY_MAP

MAX_STEPS = 500
RANDOM_STEPS = 60
HOLD = 5
"""Steps for which a random action is held."""
SHAKES = 5
"""Replays that look for steps from which on rounding errors decide."""


class Official:
    """One official environment of a task, with the goal visible."""

    def __init__(self, name):
        self.name = name
        self.env = self._make()
        self._hidden = None

    def _make(self):
        env = metaworld.ALL_V3_ENVIRONMENTS[self.name]()
        env.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_MULTICCD
        if self.name.startswith("stick-"):
            close_leak(env)
        env._partially_observable = False
        del env.sawyer_observation_space  # computed once, for hidden goals
        env._freeze_rand_vec = True
        env._set_task_called = True
        return env

    def vectors(self, seed, count):
        """The first `count` of the 50 vectors that the official benchmarks draw for a seed."""
        state = np.random.get_state()
        np.random.seed(seed)
        env = self.env
        env._freeze_rand_vec = False
        drawn = []
        for _ in range(count):
            env.reset()
            drawn.append(np.array(env._last_rand_vec))
        env._freeze_rand_vec = True
        np.random.set_state(state)
        return drawn

    def reset(self, vector, fresh):
        if fresh:
            self.env.close()
            self.env = self._make()
        self.env._last_rand_vec = np.array(vector)
        observation, _ = self.env.reset()
        return observation

    def episode(self, kind, index, vector, choose, limit, fresh):
        """One episode until success or `limit` steps. `choose(observation)`: the next action."""
        observation = self.reset(vector, fresh)
        env = self.env
        episode = {
            "kind": kind,
            "goal_index": index,
            "rand_vec": vector,
            "reset_obs": observation,
            "target": np.array(env._target_pos),
            "init_tcp": np.array(env.init_tcp),
            "actions": [],
            "obs": [],
            "rewards": [],
            "info": [],
        }
        success = False
        while len(episode["actions"]) < limit and not (success and kind == "scripted"):
            action = np.asarray(choose(observation.copy()), dtype=np.float32)  # policies write into it
            observation, reward, _, _, info = env.step(action)
            episode["actions"].append(action)
            episode["obs"].append(observation)
            episode["rewards"].append(float(reward))
            episode["info"].append({key: float(value) for key, value in info.items()})
            success = success or info["success"] > 0
        return {**episode, "success": int(success), "steps": len(episode["actions"])}


    def determined(self, episode, fresh):
        """Steps before which rounding errors make no difference: replays with some of them stay within 1e-9."""
        self.reset(episode["rand_vec"], fresh)
        env = self.env
        model, data = env.model, env.data
        joints = [model.jnt_qposadr[j] for j in range(model.njnt) if model.jnt_type[j] != mujoco.mjtJoint.mjJNT_FREE]
        kind = mujoco.mjtState.mjSTATE_INTEGRATION
        state = np.zeros(mujoco.mj_stateSize(model, kind))
        mujoco.mj_getState(model, data, state, kind)
        steps = episode["steps"]
        for shake in range(SHAKES):
            random = np.random.RandomState(shake)
            mujoco.mj_setState(model, data, state, kind)
            mujoco.mj_forward(model, data)
            env.curr_path_length = 0
            env._prev_obs = episode["reset_obs"][:18].copy()
            for t in range(steps):
                if shake > 0:  # the first replay makes sure that there is nothing but the state
                    data.qpos[joints] *= 1 + random.choice([-1, 1], len(joints)) * 2.0**-52
                    data.qvel[:] *= 1 + random.choice([-1, 1], model.nv) * 2.0**-52
                observation, reward, *_ = env.step(episode["actions"][t])
                apart = np.max(np.abs(observation - episode["obs"][t]))
                assert shake > 0 or apart == 0, f"{self.name}: a replay differs from step {t} on"
                if max(apart, abs(reward - episode["rewards"][t])) > 1e-9:
                    steps = t
                    break
        return steps


def close_leak(env):
    """Stops both velocities of the thermos where the official reset misses one."""
    place = env._set_obj_xyz

    def place_and_stop(position):
        env.data.qvel[15:17] = 0
        place(position)

    env._set_obj_xyz = place_and_stop


def random_actions(seed):
    """Actions that are held, beyond the bounds now and then."""
    random = np.random.RandomState(seed)
    held = {"left": 0, "action": None}

    def choose(_):
        if held["left"] == 0:
            held.update(left=HOLD, action=0.7 * random.standard_normal(4))
        held["left"] -= 1
        return held["action"]

    return choose


def record(official, seed, goals, fresh):
    env = official.env
    vectors = official.vectors(seed, goals)
    policy = ENV_POLICY_MAP[official.name]()
    episodes = []
    for index, vector in enumerate(vectors):
        episodes.append(official.episode("scripted", index, vector, policy.get_action, MAX_STEPS, fresh))
        if index == 0:
            actions = random_actions(seed)
            episodes.append(official.episode("random", index, vector, actions, RANDOM_STEPS, fresh))
    episodes = [{**episode, "determined": official.determined(episode, fresh)} for episode in episodes]
    return {
        "task": official.name,
        "seed": seed,
        "engine": f"MuJoCo {mujoco.__version__} Python, multiccd disabled, original models",
        "metaworld": "3.1.1 (7ea2b50)",
        "frame_skip": env.frame_skip,
        "hand_init_pos": env.hand_init_pos,
        "mocap_low": env.mocap_low,
        "mocap_high": env.mocap_high,
        "goal_low": env.goal_space.low,
        "goal_high": env.goal_space.high,
        "random_reset_low": env._random_reset_space.low,
        "random_reset_high": env._random_reset_space.high,
        "episodes": episodes,
    }


def check(official, recording, fresh):
    """Largest differences of this machine's replay: vectors, reset, observations, rewards; and the steps they are at."""
    count = 1 + max(episode["goal_index"] for episode in recording["episodes"])
    vectors = official.vectors(recording["seed"], count)
    worst = {"vector": 0.0, "reset": 0.0, "observation": 0.0, "reward": 0.0, "success": 0}
    for episode in recording["episodes"]:
        actions = iter(episode["actions"])
        mine = official.episode(
            "replay", episode["goal_index"], episode["rand_vec"], lambda _: next(actions), len(episode["actions"]), fresh
        )
        apart = lambda key: float(np.max(np.abs(np.array(mine[key]) - np.array(episode[key]))))
        worst["vector"] = max(
            worst["vector"], np.max(np.abs(vectors[episode["goal_index"]] - np.array(episode["rand_vec"])))
        )
        worst["reset"] = max(worst["reset"], apart("reset_obs"), apart("target"))
        worst["observation"] = max(worst["observation"], apart("obs"))
        worst["reward"] = max(worst["reward"], apart("rewards"))
        worst["success"] += sum(a["success"] != b["success"] for a, b in zip(mine["info"], episode["info"]))
    return worst


def side_by_side(official, ours, recording, fresh):
    """Largest difference of all coordinates, our model being started from the official reset's state."""
    state, theirs = mujoco.MjData(ours), official.env.model
    ours.eq_data[:] = theirs.eq_data
    names = {mujoco.mj_id2name(ours, mujoco.mjtObj.mjOBJ_BODY, body) for body in range(ours.nbody)} - {None, ""}
    worst = 0.0
    for episode in recording["episodes"]:
        official.reset(episode["rand_vec"], fresh)
        data = official.env.data
        for name in names:
            ours.body_pos[ours.body(name).id] = theirs.body_pos[theirs.body(name).id]
        mujoco.mj_resetData(ours, state)
        for figure in ("qpos", "qvel", "qacc_warmstart"):
            getattr(state, figure)[:] = getattr(data, figure)
        for action in episode["actions"]:
            official.env.step(np.array(action, dtype=np.float32))
            for figure in ("mocap_pos", "mocap_quat", "ctrl"):
                getattr(state, figure)[:] = getattr(data, figure)
            mujoco.mj_step(ours, state, nstep=official.env.frame_skip)
            worst = max(worst, float(np.max(np.abs(state.qpos - data.qpos))))
    return worst


OWN_EXPERTS = (
    "basketball",
    "button-press-wall",
    "disassemble",
    "hand-insert",
    "peg-insert-side",
    "peg-unplug-side",
    "shelf-place",
    "soccer",
    "stick-pull",
    "sweep-into",
)
"""Tasks whose expert in our package is not the official policy: the fixture needs the actions."""


def compact(recordings):
    """
    What the test fixture says of one task: of every episode its start and a few steps as [step, reward, frame], all
    before rounding decides. Actions are left out where our expert gives the same.
    """
    episodes = []
    for recording in recordings:
        for episode in recording["episodes"]:
            steps = min(episode["determined"], episode["steps"])
            scripted = episode["kind"] == "scripted"
            own = scripted and recording["task"][:-3] in OWN_EXPERTS
            if not scripted and recording["seed"] > 8:
                continue
            if steps == 0 or own and recording["seed"] > 4:
                chosen = []
            else:
                chosen = sorted({steps // 2, steps - 1} if episode["goal_index"] == 0 else {steps // 2})
            kept = {
                "seed": recording["seed"],
                "goal": episode["goal_index"],
                "reset": short(episode["reset_obs"][:18] + episode["target"]),
                "steps": [[t, *short([episode["rewards"][t], *episode["obs"][t][:18]])] for t in chosen],
            }
            if own and chosen:
                kept["actions"] = [short(action) for action in episode["actions"][: chosen[-1] + 1]]
            if not scripted:
                kept["held"] = [short(action) for action in episode["actions"][:steps:HOLD]]
            episodes.append(kept)
    return episodes


def short(values):
    """Numbers in single precision, as few digits as that takes."""
    return [float(str(np.float32(value))) for value in values]


HULLS = {
    "gripperBase": ("reach", "eGripperBase"),
    "lidHandle": ("box-close", "boxhandle"),
    "handlePressRight": ("handle-press", "handle_press_col1"),
    "handlePressLeft": ("handle-press", "handle_press_col2"),
    "handlePressBack": ("handle-press", "handle_press_col3"),
    "netBack": ("plate-slide", "net1_col"),
    "netLeft": ("plate-slide", "net2_col"),
    "netTop": ("plate-slide", "net3_col"),
    "netRight": ("plate-slide", "net4_col"),
    "soccerRight": ("soccer", "goal_col1"),
    "soccerBack": ("soccer", "goal_col2"),
    "soccerLeft": ("soccer", "goal_col3"),
    "soccerTop": ("soccer", "goal_col4"),
    "thermosTrim": ("stick-push", "therm_trim"),
    "thermosCap": ("stick-push", "therm_cap"),
}
"""Colliding meshes: our name, a task they are in, the official name."""


def scene(task):
    path = metaworld.ALL_V3_ENVIRONMENTS[f"{task}-v3"].model_name.fget(None)
    return mujoco.MjModel.from_xml_path(path), Path(path)


def hull(task, mesh):
    """Place, orientation and convex corners of a colliding mesh in its body, as MuJoCo compiles them."""
    model, _ = scene(task)
    mesh = model.mesh(mesh).id
    shape = next(g for g in range(model.ngeom) if model.geom_dataid[g] == mesh and model.geom_contype[g] + model.geom_conaffinity[g])
    graph = model.mesh_graph[model.mesh_graphadr[mesh] :]
    count = graph[0]
    corners = model.mesh_vertadr[mesh] + np.sort(graph[2 + count : 2 + 2 * count])
    return {"pos": model.geom_pos[shape], "quat": model.geom_quat[shape], "corners": model.mesh_vert[corners].flatten()}


def lid():
    """The mesh of the box's lid as it is before MuJoCo compiles it: corners, and triangles in their order."""
    model, path = scene("box-close")
    mesh = model.mesh("boxtop")
    first, count = mesh.faceadr[0], mesh.facenum[0]
    faces = model.mesh_face[first : first + count].flatten()
    stl = (path.parent / "../objects/meshes/box/boxtop.stl").read_bytes()
    triangles = np.frombuffer(stl[84:], dtype=np.dtype([("normal", "<3f4"), ("corners", "<9f4"), ("skip", "<u2")]))
    corners = np.zeros((mesh.vertnum[0], 3), np.float32)
    corners[faces] = triangles["corners"].reshape(-1, 3)
    return {"corners": corners.flatten(), "triangles": faces}


def hulls():
    """The source of our scenes' hulls."""
    print("/**")
    print(" * @file Convex parts of the compiled official models (Meta-World 7ea2b50): place and orientation in their bodies,")
    print(" * metres and wxyz, and the corners (x, y, z, one after another) in the part's own frame, in single precision.")
    print(" * Corners that two parts share stand once.")
    print(" * Written by test/oracles/metaworld.py hulls.")
    print(" */")
    print()
    print('import type { Hull, Mesh } from "./shapes.ts";')
    parts = {name: ("Hull", hull(task, mesh)) for name, (task, mesh) in HULLS.items()}
    first = {}
    for name, (kind, figures) in {**parts, "lidTop": ("Mesh", lid())}.items():
        print(f"\nexport const {name}: {kind} = {{")
        for key, value in figures.items():
            text = f"[{', '.join(str(number) for number in value)}]"
            same = first.setdefault(text, name) if key == "corners" else name
            print(f"  {key}: {text if same == name else f'{same}.corners'},")
        print("};")


def numbers(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value))


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(value, default=numbers).encode())


def read(path):
    with gzip.open(path) as file:
        return json.load(file)


def seeds(text):
    """"1:21" without its end, or "1,2,14"."""
    if ":" in text:
        return range(*(int(bound) for bound in text.split(":")))
    return [int(seed) for seed in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["record", "check", "compact", "scenes", "hulls"])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--tasks", nargs="+", help="without the version: box-close")
    parser.add_argument("--seeds", type=seeds, default=range(1, 21), help="first:end, end excluded; or one,two,three")
    parser.add_argument("--goals", type=int, default=2, help="scripted episodes of a seed")
    parser.add_argument("--fresh", action="store_true", help="a new environment for every episode")
    parser.add_argument("--ours", type=Path, help="where our scenes are")
    given = parser.parse_args()
    if given.command == "hulls":
        return hulls()
    names = [f"{task}-v3" for task in given.tasks] if given.tasks else list(metaworld.ALL_V3_ENVIRONMENTS)
    recordings = lambda name: [read(given.folder / f"seed-{seed}" / f"{name}.json.gz") for seed in given.seeds]
    if given.command == "compact":
        return write(Path("src/envs/metaworld/fixtures/other-seeds.json.gz"), {n[:-3]: compact(recordings(n)) for n in names})
    for name in names:
        official = Official(name)
        if given.command == "check":
            print(name, check(official, read(given.folder / f"{name}.json.gz"), given.fresh), flush=True)
        if given.command == "scenes":
            ours = mujoco.MjModel.from_xml_path(str(given.ours / f"{name[:-3]}.xml"))
            print(name, max(side_by_side(official, ours, one, given.fresh) for one in recordings(name)), flush=True)
        if given.command == "record":
            for seed in given.seeds:
                write(given.folder / f"seed-{seed}" / f"{name}.json.gz", record(official, seed, given.goals, given.fresh))
            print(name, flush=True)


if __name__ == "__main__":
    main()
