/** @file Parts of a Markdown document that can be checked: blocks of code, code in sentences, links, headings. */

/** Text of a document and the line it begins at, from 1. */
export interface Piece {
  readonly line: number;
  readonly text: string;
}
export interface Block extends Piece {
  /** Language after the fence: "ts", "sh"; "" if it names none. */
  readonly language: string;
  /** File that its first line names in a comment: "// my-env.ts", "# planner.yaml". */
  readonly file: string | undefined;
}
export interface Document {
  readonly blocks: readonly Block[];
  /** Code in sentences, on one line. */
  readonly spans: readonly Piece[];
  /** Targets of links and pictures. */
  readonly links: readonly Piece[];
  /** What a link may have behind "#". */
  readonly anchors: readonly string[];
}

export function parseDocument(text: string): Document {
  const blocks: Block[] = [];
  const prose: string[] = []; // the document's lines, empty where a block is
  let open: { readonly language: string; readonly line: number } | undefined;
  let code: string[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const fence = /^ *```(\w*)/.exec(line);
    prose.push(fence || open ? "" : line);
    if (fence && open) {
      blocks.push({ ...open, text: code.join("\n"), file: fileNamed(code[0] ?? "") });
      open = undefined;
    } else if (fence) [open, code] = [{ language: fence[1], line: i + 2 }, []];
    else if (open) code.push(line);
  }
  const sentences = prose.join("\n");
  const piecesOf = (pattern: RegExp, where: string): Piece[] =>
    [...where.matchAll(pattern)].map(({ index, 1: found }) => ({
      line: where.slice(0, index).split("\n").length,
      text: found.replaceAll("\n", " "),
    }));
  const codeSpan = /`((?:[^`\n]|\n(?!\n))+)`/g;
  const blank = (span: string) => span.replace(/[^\n]/g, " ");
  return {
    blocks,
    spans: piecesOf(codeSpan, sentences),
    links: piecesOf(/\]\(([^)\s]+)\)/g, sentences.replace(codeSpan, blank)),
    anchors: prose.filter((line) => /^#+ /.test(line)).map(anchorOf),
  };
}

const fileNamed = (line: string) => /^(?:\/\/|#) ([\w./-]+\.\w+)$/.exec(line)?.[1];

/** Anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  const words = heading.replace(/^#+ /, "").toLowerCase();
  return words.replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}
