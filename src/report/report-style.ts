/** @file Style sheet of a report: light or dark as the reader's system is, on a phone, on paper. */
import { styleOf } from "../charts/index.ts";

/** Lines of a chart whose colours a dark page changes. */
const lines = Array.from({ length: 36 }, (_, i) => `.style-${i} { color: ${styleOf(i).onDark}; }`);

/** CSS. */
export const reportStyle = `
:root { color-scheme: light dark; --page: #fdfdfc; --text: #1a1a1a; --faint: #5c5c5c; --rule: #d8d8d4; --block: #f1f1ee; }
@media screen and (prefers-color-scheme: dark) {
:root { --page: #14161a; --text: #e8e6e3; --faint: #a5a5a5; --rule: #3a3d44; --block: #1f2228; }
${lines.join("\n")}
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h1, h2, h3, p, figcaption { overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.25rem 0 0.25rem; }
p { max-width: 42rem; margin: 0.75rem 0; }
pre { background: var(--block); padding: 0.75rem; border-radius: 4px; font-size: 0.85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 1.2rem 0.4rem 0; border-bottom: 1px solid var(--rule); }
th { font-weight: 500; }
td small, th small { display: block; color: var(--faint); }
td.intervals { vertical-align: middle; padding-right: 0; }
.note, footer, figcaption { color: var(--faint); font-size: 0.9rem; }
figure { margin: 0; }
.replays { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem; margin-top: 0.75rem; }
.replays img { width: 100%; max-width: 484px; height: auto; }
.replays .lone img { max-width: 360px; }
.replays .still { display: none; }
#still:checked ~ .replays .still { display: block; }
#still:checked ~ .replays .moving { display: none; }
.halves { display: grid; grid-template-columns: 1fr 1fr; max-width: 484px; font-size: 0.9rem; }
.chart { margin-top: 1rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0 0.5rem; margin: 0.5rem 0; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 1rem; }
.panels svg { width: 100%; height: auto; max-width: 30rem; }
.panels.pairs { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.panels.small { grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); margin-top: 1rem; }
.panels.small svg { max-width: 18rem; }
a { color: inherit; }
@media (prefers-reduced-motion: reduce) {
.replays .still { display: block; }
.replays .moving, #still, #still + label { display: none; }
}
@media (max-width: 34rem) { td.intervals { display: none; } th, td { padding-right: 0.8rem; } }
@media print {
:root { --page: #ffffff; }
body { font-size: 10pt; }
main { max-width: none; padding: 0; }
figure, tr, svg, img { break-inside: avoid; }
h2 { break-after: avoid; }
.replays { grid-template-columns: 1fr 1fr; }
.panels { grid-template-columns: repeat(3, 1fr); }
.replays .still { display: block; }
.replays .moving, #still, #still + label { display: none; }
}
`;
