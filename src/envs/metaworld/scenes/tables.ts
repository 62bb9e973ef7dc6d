/** @file Tables: figures of the compiled official models (Meta-World 7ea2b50). Metres, kilograms, quaternions wxyz. */

import type { Body } from "../../mjcf.ts";
import { box, seen, solid } from "./shapes.ts";

/** The colour of the tables and of what is sunk into them. */
export const wood = [0.76, 0.62, 0.46, 1];

/** A wooden table top, 1.4 x 0.8 m, upper face at z = 0. */
export const table: Body = {
  name: "tablelink",
  rgba: wood,
  geoms: [
    ...seen([box([0.7, 0.4, 0.027], [0, 0, -0.027])]),
    { ...box([0.7, 0.4, 0.46], [0, 0, -0.46]), contype: 0 },
  ],
};

/** The low wall around the table. */
export const retainingWall: Body = {
  name: "RetainingWall",
  rgba: [0.55, 0.42, 0.3, 1],
  geoms: solid({ contype: 0 }, [
    box([0.7, 0.01, 0.06], [0, -0.39, 0]),
    box([0.7, 0.01, 0.06], [0, 0.39, 0]),
    box([0.01, 0.38, 0.06], [-0.69, 0, 0]),
    box([0.01, 0.38, 0.06], [0.69, 0, 0]),
  ]),
};

/** The table with a square hole. */
export const tableWithHole: Body = {
  name: "tablelink",
  rgba: wood,
  geoms: [
    ...seen([
      box([0.08, 0.28, 0.05], [0, -0.12, 0]),
      box([0.31, 0.4, 0.05], [-0.39, 0, 0]),
      box([0.31, 0.4, 0.05], [0.39, 0, 0]),
      box([0.08, 0.04, 0.05], [0, 0.36, 0]),
      box([0.7, 0.4, 0.015], [0, 0, -0.065]),
    ]),
    ...solid({ contype: 0 }, [
      box([0.7, 0.4, 0.46], [0, 0, -0.46]),
      box([0.69, 0.38, 0.43], [0, 0, -0.483]),
      box([0.08, 0.28, 0.05], [0, -0.12, 0]),
      box([0.31, 0.4, 0.05], [-0.39, 0, 0]),
      box([0.31, 0.4, 0.05], [0.39, 0, 0]),
      box([0.08, 0.04, 0.05], [0, 0.36, 0]),
    ]),
  ],
};
