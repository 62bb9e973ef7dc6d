/** @file Promises that every operation keeps, checked on the examples of test/op-examples.ts. */
import { describe, expect, test } from "vitest";
import { opExamples, sources } from "../../test/op-examples.ts";
import { opSuite } from "../../test/op-suite.ts";
import * as ops from "./ops/index.ts";

test("every record bears the name it is exported by", () => {
  const named = Object.entries(ops).flatMap(([name, op]) => ("record" in op ? [[name, op.record.name]] : []));
  expect(named.map(([, name]) => name)).toEqual(named.map(([name]) => name));
});

test("every operation has examples, and nothing else has", () =>
  expect([...Object.keys(opExamples), ...sources].sort()).toEqual(Object.keys(ops).sort()));

describe.each(Object.entries(opExamples))("%s", (op, examples) => opSuite(op, examples));
