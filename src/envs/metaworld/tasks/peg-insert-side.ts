import { add, distance, distanceXY, multiply, norm, quaternionXyzw, subtract } from "../../geometry.ts";
import { beside, closeAt, type Expert, type Sight } from "../expert.ts";
import { cagingReward, double, hamacher, prismTolerance, tolerance } from "../rewards.ts";
import { defineTask, putObject, twoPoints } from "../task.ts";

/** Push the peg into the hole in the block's side. Source: sawyer_peg_insertion_side_v3.py (7ea2b50). */
export const pegInsertSide = defineTask({
  name: "peg-insert-side",
  solved: "the peg's head is within 7 cm of the goal, distance across the hole counting double",
  difficulty: "medium",
  scene: "peg-insert-side",
  handStart: [0, 0.6, 0.2],
  random: { low: [0, 0.5, 0.02, -0.35, 0.4, -0.001], high: [0.2, 0.7, 0.02, -0.25, 0.7, 0.001], apart: 0.1 },
  goalSpace: { low: [-0.31999999999999995, 0.4, 0.129], high: [-0.22, 0.7, 0.131] },
  reset(sim, vector) {
    const [object, box] = twoPoints(vector);
    const headStart = sim.sitePosition("pegHead");
    putObject(sim, object);
    sim.placeBody("box", box);
    return { object, headStart, goal: add(box, [0.03, 0, 0.13]) };
  },
  objects: (sim) => [...sim.sitePosition("pegGrasp"), ...quaternionXyzw(sim.siteMatrix("pegGrasp"))],
  evaluate(moment) {
    const { sim, object, opening, tcp, start } = moment;
    const head = sim.sitePosition("pegHead");
    const narrow = [1, 2, 2] as const;
    const toGoal = norm(multiply(subtract(head, start.goal), narrow));
    const inPlaceAlone = tolerance(toGoal, {
      bounds: [0, 0.07],
      margin: norm(multiply(subtract(start.headStart, start.goal), narrow)),
    });
    const [below, beside] = [1, 2].map((box) =>
      prismTolerance(
        head,
        sim.sitePosition(`bottom_right_corner_collision_box_${box}`),
        sim.sitePosition(`top_left_corner_collision_box_${box}`),
      ),
    );
    const inPlace = hamacher(inPlaceAlone, hamacher(beside, below));
    const lifted = distance(object, tcp) < 0.08 && opening > 0 && object[2] - 0.01 > start.object[2];
    const caging = cagingReward(moment, object, {
      objectRadius: 0.0075,
      padSuccess: 0.03,
      xzThreshold: 0.005,
      density: "high",
    });
    const { grasp, round } = lifted ? { grasp: 1, round: double } : caging;
    const success = toGoal <= 0.07;
    const reward = success ? 10 : hamacher(grasp, inPlace, round) + (lifted ? 1 + 5 * inPlace : 0);
    return { reward, success, terms: { grasp, inPlace } };
  },
});

/** In front of the hole, as far right as the block may stand. */
const hole = ({ goal }: Sight) => [-0.35, goal[1], 0.16] as const;

const closeOnPeg = closeAt({ aside: 0.04, height: 0.15, open: -1, closed: 0.6 });

export const pegInsertSideExpert: Expert = {
  differs:
    "Keeps a peg that hangs a little lower in the fingers; the official one goes down after it and often fails.",
  gain: 25,
  phases: [
    {
      name: "above the peg",
      when: ({ hand, object }) => distanceXY(hand, object) > 0.04,
      to: beside([0, 0, 0.3]),
      grip: closeOnPeg,
    },
    {
      name: "down to the peg",
      // A peg in the air hangs a little lower in the fingers; the official policy then chases it and often fails.
      when: ({ hand, object }) => Math.abs(hand[2] - object[2]) > (object[2] > 0.04 ? 0.05 : 0.025),
      to: beside([0, 0, 0]),
      grip: closeOnPeg,
    },
    {
      name: "lift it to the hole's height",
      when: (sight) => {
        const way = subtract(sight.object, hole(sight));
        return norm([0, way[1], way[2]]) > 0.03;
      },
      to: (sight) => add(hole(sight), [0.4, 0, 0]),
      grip: closeOnPeg,
    },
    { name: "push it in", to: hole, grip: closeOnPeg },
  ],
};
