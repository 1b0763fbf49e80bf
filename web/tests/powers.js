// Powers of tau as snarkjs writes them, of secrets that everybody knows: for tests of ceremonies, of which a real one takes the public file.
//
// tau is two, so that each power is the double of the one before; alpha is three, and beta five.
import { bn254 } from "@noble/curves/bn254";

const u32 = (n) => Buffer.from(Uint32Array.of(n).buffer);
const u64 = (n) => Buffer.from(BigUint64Array.of(BigInt(n)).buffer);
const PRIME = bn254.fields.Fp.ORDER;
const littleEndian = (x) => Buffer.from(x.toString(16).padStart(64, "0"), "hex").toReversed();
/** A coordinate, in Montgomery's form. */
const coordinate = (x) => (typeof x === "bigint" ? [littleEndian((x << 256n) % PRIME)] : [...coordinate(x.c0), ...coordinate(x.c1)]);

function doubles(group, factor, count) {
  const points = [];
  for (let point = group.ProjectivePoint.BASE.multiply(factor); points.length < count; point = point.double()) points.push(point);
  return Buffer.concat(group.ProjectivePoint.normalizeZ(points).flatMap((point) => [point.x, point.y].flatMap(coordinate)));
}

/** The bytes of a `.ptau` file for 2^k rows, without contributions. */
export function powers(k) {
  const { G1, G2 } = bn254;
  const n = 2 ** k;
  const sections = [
    Buffer.concat([u32(32), littleEndian(PRIME), u32(k), u32(k)]),
    doubles(G1, 1n, 2 * n - 1),
    doubles(G2, 1n, n),
    doubles(G1, 3n, n),
    doubles(G1, 5n, n),
    doubles(G2, 5n, 1),
    u32(0),
  ];
  return Buffer.concat([Buffer.from("ptau"), u32(1), u32(sections.length), ...sections.flatMap((section, i) => [u32(i + 1), u64(section.length), section])]);
}
