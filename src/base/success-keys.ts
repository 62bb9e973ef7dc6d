/** @file Names under which programs say that a task is solved. */

/**
 * The names, the likeliest first. Sources: Meta-World, ManiSkill and Adroit ("success"), Gymnasium-Robotics and LeRobot
 * ("is_success"), Adroit in D4RL ("goal_achieved"), stacked arrays ("successes"), RoboSuite's demonstrations ("task_success").
 */
export const successKeys: readonly string[] = [
  "success",
  "is_success",
  "goal_achieved",
  "successes",
  "task_success",
];
