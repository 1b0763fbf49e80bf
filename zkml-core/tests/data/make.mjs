// Makes `poseidon_cipher.json`: what the packages of zk-kit compute, which `gadget::hash::cipher` and `gadget::curve` must
// compute too. Deterministic: running it again leaves the file as it is.
//
// In a copy of this folder, with Node.js 20 or newer:
//
//   npm install --no-save @zk-kit/poseidon-cipher@0.3.2 @zk-kit/baby-jubjub@1.0.3
//   node make.mjs > poseidon_cipher.json
//
// All numbers are decimal strings. `points` are sums and multiples on Baby Jubjub; `cases` are messages of 0 to 7 elements, and one
// of 34, from `sender` to `receiver`.

import { createHash } from "node:crypto"
import { poseidonDecrypt, poseidonEncrypt, poseidonPerm } from "@zk-kit/poseidon-cipher"
import { Base8, addPoint, mulPointEscalar, r, subOrder } from "@zk-kit/baby-jubjub"

// A number below `bound`, of the 512 bits of a hash.
const number = (bound, ...name) => BigInt("0x" + createHash("sha512").update(name.join(" ")).digest("hex")) % bound
const scalar = (...name) => 1n + number(subOrder - 1n, ...name)
const pair = (secret) => ({ secret, public: mulPointEscalar(Base8, secret) })

const points = [1n, 2n, 3n, 8n, subOrder - 1n, scalar("point")].map((secret) => {
    const point = mulPointEscalar(Base8, secret)
    return { secret, point, double: addPoint(point, point), plusBase: addPoint(point, Base8) }
})

const nonces = [0n, 1n, 2n ** 128n - 1n]
const cases = [0, 1, 2, 3, 4, 5, 6, 7, 34].map((length, i) => {
    const sender = pair(scalar("sender", length))
    const receiver = pair(scalar("receiver", length))
    const shared = mulPointEscalar(receiver.public, sender.secret)
    const same = mulPointEscalar(sender.public, receiver.secret)
    if (shared[0] !== same[0] || shared[1] !== same[1]) throw new Error("the keys do not agree")
    const nonce = i < nonces.length ? nonces[i] : number(2n ** 128n, "nonce", length)
    const message = Array.from({ length }, (_, k) => (k === 1 ? r - 1n : number(r, "message", length, k)))
    const ciphertext = poseidonEncrypt(message, shared, nonce)
    const back = poseidonDecrypt(ciphertext, shared, nonce, length)
    if (back.some((x, k) => x !== message[k]) || back.length !== length) throw new Error("it does not decrypt")
    return { sender, receiver, shared, nonce, message, ciphertext }
})

const permutation = { input: [0n, 1n, 2n, 3n], output: poseidonPerm([0n, 1n, 2n, 3n]) }
const text = (_, value) => (typeof value === "bigint" ? value.toString() : value)
console.log(JSON.stringify({ permutation, points, cases }, text, 2))
