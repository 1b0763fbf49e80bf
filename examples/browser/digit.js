// What is drawn, as the network sees it: 8 by 8 pixels from 0 to 16, made as those that it was trained on were. There a digit fills a bitmap of
// 32 by 32, and a pixel is how many of a block of 4 by 4 are set.

const SIZE = 32;
const BLOCK = 4;
/** The width of a stroke there, and the widest that a digit is. */
const STROKE = 5.5;
const WIDEST = 24;

/** The distance of a point from a line between two others. */
function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** The pixels of strokes, each a list of points `[x, y]` in any unit; all zero if there are none. */
export function pixels(strokes) {
  const points = strokes.flat();
  const image = new Float64Array((SIZE / BLOCK) ** 2);
  if (points.length === 0) return image;
  const ends = [0, 1].map((axis) => points.map((point) => point[axis])).map((all) => [Math.min(...all), Math.max(...all)]);
  const [[left, right], [top, bottom]] = ends;
  // A dot stays one.
  const scale = Math.min((SIZE - STROKE) / Math.max(bottom - top, 1e-9), (WIDEST - STROKE) / Math.max(right - left, 1e-9));
  const fit = Number.isFinite(scale) && scale < 1e6 ? scale : 0;
  const place = ([x, y]) => [(x - (left + right) / 2) * fit + SIZE / 2, (y - (top + bottom) / 2) * fit + SIZE / 2];
  const placed = strokes.map((stroke) => stroke.map(place));
  const inked = (point) =>
    placed.some((stroke) => stroke.some((end, i) => distance(point, stroke[Math.max(i - 1, 0)], end) <= STROKE / 2));
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const block = Math.floor(y / BLOCK) * (SIZE / BLOCK) + Math.floor(x / BLOCK);
      if (inked([x + 0.5, y + 0.5])) image[block] += 1;
    }
  }
  return image;
}
