// How digits are drawn: strokes of points in a square of 100 by 100.
const arc = (cx, cy, rx, ry, from, to) =>
  Array.from({ length: 25 }, (_, i) => from + ((to - from) * i) / 24).map((t) => [
    cx + rx * Math.cos(t * Math.PI),
    cy + ry * Math.sin(t * Math.PI),
  ]);

export const strokes = {
  0: [arc(50, 50, 26, 40, -0.5, 1.5)],
  1: [[[40, 24], [54, 10], [54, 90]]],
  2: [[...arc(48, 32, 24, 22, -1, 0.2), [26, 88], [78, 88]]],
  3: [[...arc(46, 31, 22, 21, -0.9, 0.5), ...arc(46, 71, 24, 20, -0.5, 0.9)]],
  4: [[[52, 10], [24, 58], [80, 58]], [[62, 34], [58, 92]]],
  7: [[[24, 12], [76, 12], [46, 90]]],
};
