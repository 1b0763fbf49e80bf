// The address of a bounty, computed from its terms: whoever answers for an address can name no other terms for it.
import { type Address, type Hex, concat, encodePacked, getContractAddress, getCreate2Address, keccak256, zeroHash } from "viem";
import type { Terms } from "./bounty";

/** What OpenZeppelin's `Clones` puts around the address of the code, before the arguments; and the bytes of code before these. */
const CLONE_HEAD = "0x3d81600a3d39f3363d3d373d3d3d363d73";
const CLONE_TAIL = "0x5af43d82803e903d91602b57fd5bf3";
const CLONE_BYTES = 0x2d;

/** As `PackedTerms.pack` in `contracts/src/Terms.sol`. */
function pack(t: Terms): Hex {
  const flags = (t.development ? 1 : 0) | (t.open ? 2 : 0) | (t.best ? 4 : 0);
  return concat([
    encodePacked(["address", "address", "uint128", "uint128", "bytes32", "bytes32"], [t.host, t.token, t.reward, t.bond, t.dataKey, t.accuracyKey]),
    encodePacked(["bytes32", "bytes32", "uint8", "uint256"], [t.deliveryKey, t.setup, flags, t.dataset]),
    encodePacked(["uint16", "uint16", "uint16", "uint32"], [t.chunks, t.groups, t.items, t.threshold]),
    encodePacked(["uint256", "uint256", "uint16", "uint16"], [t.hostKeyX, t.hostKeyY, t.deliveryChunks, t.deliveryElements]),
    encodePacked(["uint40", "uint40", "uint40", "uint32"], [t.commitUntil, t.revealUntil, t.proveUntil, t.deliveryWindow]),
  ]);
}

/** Where the factory makes the bounty with these terms, and no other one. */
export function addressOf(factory: Address, terms: Terms): Address {
  // The first contract that the factory made: the code of all bounties.
  const code = getContractAddress({ from: factory, nonce: 1n });
  const packed = pack(terms);
  const length = encodePacked(["uint16"], [(packed.length - 2) / 2 + CLONE_BYTES]);
  const init = concat(["0x61", length, CLONE_HEAD, code, CLONE_TAIL, packed]);
  return getCreate2Address({ from: factory, salt: zeroHash, bytecodeHash: keccak256(init) });
}
