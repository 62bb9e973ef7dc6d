import { add, distance, distanceXY, multiply, norm, subtract } from "../../geometry.ts";
import type { Vec3 } from "../../mjcf.ts";
import { beside, closeAt, type Expert } from "../expert.ts";
import { hamacher, quarterTurn, tolerance, uprightness } from "../rewards.ts";
import { defineTask, float32, putObject, twoPoints } from "../task.ts";

/** Put the lid on the box. Source: sawyer_box_close_v3.py (7ea2b50). */
export const boxClose = defineTask({
  name: "box-close",
  solved: "the lid is less than 8 cm from its place on the box",
  difficulty: "medium",
  scene: "box",
  handStart: float32([0, 0.6, 0.2]),
  random: {
    low: [-0.05, 0.5, 0.02, -0.1, 0.7, 0.133],
    high: [0.05, 0.55, 0.02, 0.1, 0.8, 0.133],
    apart: 0.25,
  },
  goalSpace: { low: [-0.1, 0.7, 0.133], high: [0.1, 0.8, 0.133] },
  settleInPlace: true,
  reset(sim, vector) {
    const height = sim.bodyPosition("boxbody")[2];
    const [lid, goal] = twoPoints(vector);
    const object = [lid[0], lid[1], Math.fround(0.02)] as const;
    sim.placeBody("boxbody", [goal[0], goal[1], height]);
    sim.step(5);
    putObject(sim, object);
    return { object, goal };
  },
  objects: (sim) => [...sim.bodyPosition("top_link"), ...sim.bodyQuaternion("top_link")],
  evaluate({ observation, hand, object, action, start }) {
    const grip = Math.fround(Math.min(Math.max(action[3], -1), 1) + 1) / 2;
    const upright = uprightness(observation, quarterTurn, 0.2);
    const lid = add(object, [0, 0, 0.02]);
    const ready = readyToLift(hand, lid);
    const away = norm(multiply(subtract(start.goal, lid), [1, 1, 3]));
    const lifted = 0.2 * Number(lid[2] > 0.04) + 0.8 * tolerance(away, { bounds: [0, 0.05], margin: 0.25 });
    const success = distance(object, start.goal) < 0.08;
    const reward = upright * (success ? 10 : 2 * hamacher(grip, ready) + 8 * lifted);
    return { reward, success, terms: { grip, ready, lifted, upright } };
  },
});

/** The hand is at the lid, and came from above the rim around it. */
function readyToLift(hand: Vec3, lid: Vec3): number {
  const rim = 0.02;
  const radius = distanceXY(hand, lid);
  const floor = radius <= rim ? 0 : 0.04 * Math.log(radius - rim) + 0.4;
  const above = hand[2] >= floor ? 1 : tolerance(floor - hand[2], { bounds: [0, 0.01], margin: floor / 2 });
  return hamacher(above, tolerance(distance(hand, lid), { bounds: [0, 0.02], margin: 0.5 }));
}

const closeOnLid = closeAt({ at: [0, 0, 0.02], aside: 0.01, height: 0.13, open: 0.5, closed: 1 });

export const boxCloseExpert: Expert = {
  gain: 25,
  phases: [
    {
      name: "above the lid",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.01,
      to: ({ object }) => [object[0], object[1], 0.2],
      grip: closeOnLid,
    },
    {
      name: "down to its handle",
      when: ({ hand, object }) => Math.abs(hand[2] - (object[2] + 0.02)) > 0.05,
      to: beside([0, 0, 0.02]),
      grip: closeOnLid,
    },
    {
      name: "lift it",
      when: ({ hand }) => Math.abs(hand[2] - 0.15) > 0.04,
      to: ({ hand }) => [hand[0], hand[1], 0.15],
      grip: closeOnLid,
    },
    { name: "carry it over the box", to: ({ goal }) => [goal[0], goal[1], 0.15], grip: closeOnLid },
  ],
};
