/** @file Writing a Parquet file, a group of rows at a time. */
import type { SchemaElement } from "hyparquet";
import { type ColumnSource, fileWriter, ParquetWriter } from "hyparquet-writer";

type Data = ColumnSource["data"];
/** Type of a column's rows: an element, or lists of them, so many levels deep. By default 0. */
export interface ParquetType {
  readonly element: "float" | "double" | "uint8" | "int64" | "boolean" | "string";
  readonly lists?: number;
}

export interface ParquetOutput {
  /** So far. */
  readonly bytes: number;
  /** Adds a group of rows. columns: by name, all of equal length */
  add(columns: Readonly<Record<string, Data>>): void;
  /** Until this has been called there is no Parquet file. */
  finish(): void;
}

/** types: of the columns, by name, in their order. metadata: kept with the file */
export function newParquet(
  path: string,
  types: Readonly<Record<string, ParquetType>>,
  metadata: Readonly<Record<string, string>> = {},
): ParquetOutput {
  const names = Object.keys(types);
  const output = fileWriter(path);
  const writer = new ParquetWriter({
    writer: output,
    schema: [
      { name: "schema", num_children: names.length },
      ...names.flatMap((name) => schemaOf(name, types[name])),
    ],
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: "sodp",
  });
  return {
    get bytes() {
      return output.offset;
    },
    add(columns) {
      const columnData = names.map((name) => ({ name, data: columns[name] }));
      writer.write({ columnData, rowGroupSize: Math.max(1, columnData[0].data.length) });
    },
    finish() {
      writer.finish();
    },
  };
}

const elements: Readonly<Record<ParquetType["element"], Omit<SchemaElement, "name">>> = {
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  uint8: { type: "INT32", converted_type: "UINT_8" },
  int64: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

function schemaOf(name: string, { element, lists = 0 }: ParquetType): SchemaElement[] {
  if (lists === 0) return [{ name, repetition_type: "OPTIONAL", ...elements[element] }];
  return [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    ...schemaOf("element", { element, lists: lists - 1 }),
  ];
}
