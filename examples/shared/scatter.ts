/** @file Points of the plane, drawn for a terminal and as SVG. */

/** The square [-limit, limit]² as text, the denser the darker. points: (N, 2) */
export function scatterText(points: Float32Array, limit: number, columns = 56, rows = 28): string {
  const counts = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  for (let i = 0; i < points.length; i += 2) {
    const column = Math.floor(((points[i] / limit + 1) / 2) * columns);
    const row = Math.floor(((1 - points[i + 1] / limit) / 2) * rows);
    if (counts[row]?.[column] !== undefined) counts[row][column] += 1;
  }
  const shades = " ·:+*#@";
  const shade = (count: number) => shades[Math.min(Math.ceil(Math.sqrt(count)), shades.length - 1)];
  return counts.map((line) => line.map(shade).join("").trimEnd()).join("\n");
}

/** The square [-limit, limit]² as a picture. Each set of points, (N, 2), in its colour. */
export function scatterSvg(sets: Readonly<Record<string, Float32Array>>, limit: number): string {
  const size = 480;
  const place = (x: number) => (((x / limit + 1) / 2) * size).toFixed(1);
  const groups = Object.entries(sets).map(([color, points]) => {
    const dots: string[] = [];
    for (let i = 0; i < points.length; i += 2)
      dots.push(`<circle cx="${place(points[i])}" cy="${place(-points[i + 1])}" r="1.6"/>`);
    return `<g fill="${color}" fill-opacity="0.5">${dots.join("")}</g>`;
  });
  const frame = `<rect width="${size}" height="${size}" fill="white"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}">${frame}${groups.join("")}</svg>\n`;
}
