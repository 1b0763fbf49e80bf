//! Machine integers: 64, 128 and 256 bits, of which the narrowest that holds a plan's bounds is taken.

use std::{
    fmt,
    ops::{Add, Mul, Shl, Shr, Sub},
};

use super::Int;

/// Machine integer of enough bits for a plan's bounds.
pub trait Integer:
    Copy
    + Ord
    + fmt::Debug
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// `0`.
    const ZERO: Self;
    /// `1`.
    const ONE: Self;
    /// The magnitude that it holds, in bits, with room for the offsets of a decomposition.
    const BITS: u32;
    /// From 256 bits, of which the low bits are taken.
    fn of(value: Int) -> Self;
    /// To 256 bits.
    fn wide(self) -> Int;
    /// From 64 bits.
    fn of_short(value: i64) -> Self;
    /// To 64 bits, if they hold it.
    fn short(self) -> Option<i64>;
}

impl Integer for i64 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const BITS: u32 = 61;
    fn of(value: Int) -> Self {
        value.as_i64()
    }
    fn wide(self) -> Int {
        Int::from(self)
    }
    fn of_short(value: i64) -> Self {
        value
    }
    fn short(self) -> Option<i64> {
        Some(self)
    }
}

impl Integer for i128 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const BITS: u32 = 125;
    fn of(value: Int) -> Self {
        value.as_i128()
    }
    fn wide(self) -> Int {
        Int::from(self)
    }
    fn of_short(value: i64) -> Self {
        value.into()
    }
    fn short(self) -> Option<i64> {
        self.try_into().ok()
    }
}

impl Integer for Int {
    const ZERO: Self = Self::ZERO;
    const ONE: Self = Self::ONE;
    const BITS: u32 = 253;
    fn of(value: Int) -> Self {
        value
    }
    fn wide(self) -> Int {
        self
    }
    fn of_short(value: i64) -> Self {
        value.into()
    }
    fn short(self) -> Option<i64> {
        self.try_into().ok()
    }
}
