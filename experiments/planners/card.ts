/** @file A planner's card for people. */
import type { PlannerCard } from "../../src/wire/index.ts";

const title = (name: string) => (name === "pretrained" ? "Pre-trained planner" : `Planner of ${name}`);

/** Markdown. */
export function cardText(card: PlannerCard): string {
  const { name, summary, parameters, weights_sha256, data, commands, protocol, evaluations, license } = card;
  const rows = evaluations.map(
    ({ task, checkpoint, step, here, n, successes, pc_success, ci95: [low, high] }) =>
      `| ${task} | ${checkpoint}, ${step.toLocaleString("en-US")}${here ? " (here)" : ""} | ${pc_success.toFixed(1)} % (${low.toFixed(0)} to ${high.toFixed(0)}) | ${successes} of ${n} |`,
  );
  const last = protocol.first_seed + evaluations[0].n - 1;
  return `# ${title(name)}

${summary} Preset \`laptop\`: a diffusion planner with an MLP of ${parameters.toLocaleString("en-US")} parameters, 10 denoising steps, 2 observations
in, 8 actions out. Weights: 16-bit floats, sha256 of their data \`${weights_sha256.slice(0, 16)}...\` (checked whenever they are read).
Licence: ${license}.

**Data.** ${data.join(" ")}

**Success**, of the weights as they are stored, on starts that no training uses (seeds ${protocol.first_seed} to ${last}, at most ${protocol.max_steps} steps; ${protocol.rule}).
"Best" is the checkpoint with the highest success in the training's own evaluations. One training seed: another one's would differ.

| task | checkpoint, step | success (95 % interval, Wilson) | solved |
|---|---|---|---|
${rows.join("\n")}

**Use.** \`npx sodp demo${card.task === null ? "" : ` ${name}`}\`; as \`--policy.path\` of \`eval\`, \`finetune\`, \`replay\` and \`export\` it is this folder.

**Made by** \`npx tsx experiments/planners/run.ts outputs/planners\`, which runs:

\`\`\`sh
${commands.join("\n")}
\`\`\`
`;
}
