// What is drawn on the page of examples/browser is what its network was trained on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels } from "../../examples/browser/digit.js";
import { strokes } from "./strokes.js";

test("a digit fills the picture, wherever it is drawn and however large", () => {
  const moved = strokes[7].map((stroke) => stroke.map(([x, y]) => [3 * x + 100, 3 * y - 20]));
  assert.deepEqual(pixels(moved), pixels(strokes[7]));
  const image = pixels(strokes[7]);
  assert.ok(image.every((value) => Number.isInteger(value) && value >= 0 && value <= 16));
  for (const row of [0, 7]) assert.ok(image.slice(8 * row, 8 * row + 8).some((value) => value > 0), `row ${row}`);
});

test("nothing is nothing, and a dot is a dot", () => {
  assert.ok(pixels([]).every((value) => value === 0));
  const dot = pixels([[[5, 5]]]);
  assert.equal(dot.filter((value) => value > 0).length, 4);
  assert.ok(pixels([[[1, 1], [1, 9]]]).some((value) => value === 16 || value > 8));
});
