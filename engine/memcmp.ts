/**
 * @file Part of `npm run build:engine`: MuJoCo's engine with a `memcmp` that compares eight bytes at a time, and one at a time
 * only where they differ. At every step the engine asks in this way, body by body, whether a force is applied. The answers
 * stay. Usage: `engine/memcmp.ts <in> <out>`
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import binaryen from "binaryen";

const [, , from, to] = process.argv;
const module = binaryen.readBinary(readFileSync(from));
module.setFeatures(binaryen.Features.All);
const { i32, i64, local } = module;

// Arguments are variables 0 to 2: two addresses, and how many bytes are left.
const get = (index: number) => local.get(index, binaryen.i32);
const [a, b, left] = [() => get(0), () => get(1), () => get(2)];
const [byteOfA, byteOfB] = [() => i32.load8_u(0, 1, a()), () => i32.load8_u(0, 1, b())];
/** Goes on by `bytes`, and once more through the loop. */
const next = (bytes: number, loop: string) =>
  module.block(null, [
    local.set(0, i32.add(a(), i32.const(bytes))),
    local.set(1, i32.add(b(), i32.const(bytes))),
    local.set(2, i32.sub(left(), i32.const(bytes))),
    module.br(loop),
  ]);

module.removeFunction("memcmp");
module.addFunction(
  "memcmp",
  binaryen.createType([binaryen.i32, binaryen.i32, binaryen.i32]),
  binaryen.i32,
  [],
  module.block(
    null,
    [
      module.loop(
        "words",
        module.if(
          i32.ge_u(left(), i32.const(8)),
          module.if(i64.eq(i64.load(0, 1, a()), i64.load(0, 1, b())), next(8, "words")),
        ),
      ),
      module.loop(
        "bytes",
        module.if(
          left(),
          module.if(
            i32.eq(byteOfA(), byteOfB()),
            next(1, "bytes"),
            module.return(i32.sub(byteOfA(), byteOfB())),
          ),
        ),
      ),
      i32.const(0),
    ],
    binaryen.i32,
  ),
);
if (!module.validate()) throw new Error(`${from}: the engine with another memcmp is no valid module.`);
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, module.emitBinary());
