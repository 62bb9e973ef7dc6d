/** @file Promises that every operation keeps, checked on the examples of op-examples.ts. */
import { describe, expect, test } from "vitest";
import { UserError } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { differencesOf, relativeError, truthOf } from "./float64-truth.ts";
import { compile, grad, input } from "./index.ts";
import { joined, opExamples, programsOf, sources } from "./op-examples.ts";
import * as ops from "./ops/index.ts";

const device = cpu({ threads: 1 });

test("every record bears the name it is exported by", () => {
  const named = Object.entries(ops).flatMap(([name, op]) => ("record" in op ? [[name, op.record.name]] : []));
  expect(named.map(([, name]) => name)).toEqual(named.map(([name]) => name));
});

test("every operation has examples, and nothing else has", () =>
  expect([...Object.keys(opExamples), ...sources].sort()).toEqual(Object.keys(ops).sort()));

describe.each(Object.entries(opExamples))("%s", (op, { examples, refuses, gradient }) => {
  test("has examples that run, and some that are refused", () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(refuses.length).toBeGreaterThan(0);
  });

  test("on device cpu gives the results and gradients of the float64 kernels", async () => {
    const all = joined(programsOf(op));
    const truth = truthOf(all.inputs, all.f, all.numbers);
    await using program = await compile(all.inputs, all.f, { device });
    const found = await program.run(all.numbers);
    for (const name of Object.keys(truth))
      expect.soft(relativeError(found[name], truth[name]), name).toBeLessThan(1e-5);
  });

  test.each([1, 2])(
    "repeats itself bit for bit on %i threads, within a session and in a new one",
    async (threads) => {
      const all = joined(programsOf(op));
      const device = cpu({ threads });
      await using program = await compile(all.inputs, all.f, { device });
      await using another = await compile(all.inputs, all.f, { device });
      const first = await program.run(all.numbers);
      expect(await program.run(all.numbers)).toEqual(first);
      expect(await another.run(all.numbers)).toEqual(first);
    },
  );

  test.each(refuses.map(([call, message]) => [message, call] as const))("throws %j", (message, call) => {
    let thrown: unknown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as Error).message).toBe(message);
  });

  if (gradient === "absent")
    test("has no gradient, and says so", () => {
      const values = Object.entries(programsOf(op)[0].inputs).map(([name, spec]) => input(name, spec));
      const [result] = [examples[0].call(...values)].flat();
      expect(() => grad(ops.sum(result), values)).toThrow(`${op} has no gradient`);
    });
  else
    test("VJP agrees with central differences of the float64 kernels", () => {
      for (const { inputs, numbers, f, loss, smooth } of programsOf(op)) {
        const found = truthOf(inputs, f, numbers);
        for (const name of smooth) {
          const truth = differencesOf(inputs, loss, numbers, name);
          if (gradient === "stopped") truth.fill(0);
          expect.soft(relativeError(found[`d_${name}`], truth), name).toBeLessThan(1e-9);
        }
      }
    });
});
