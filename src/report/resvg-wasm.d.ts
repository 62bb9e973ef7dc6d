/** @file The part of @resvg/resvg-wasm that is used: its own types are not found by way of its package.json's exports. */
declare module "@resvg/resvg-wasm" {
  export function initWasm(module: BufferSource): Promise<void>;
  export class Resvg {
    constructor(svg: string, options: ResvgOptions);
    render(): { asPng(): Uint8Array };
    free(): void;
  }
  interface ResvgOptions {
    readonly font: {
      readonly fontBuffers: readonly Uint8Array[];
      readonly defaultFontFamily: string;
      readonly sansSerifFamily: string;
    };
    readonly fitTo: { readonly mode: "zoom"; readonly value: number };
  }
}
