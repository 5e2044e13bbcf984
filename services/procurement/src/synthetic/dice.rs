//! Small repeatable randomness: the same seed, name and number throw the same dice on every machine and in every release.

/// SplitMix64 (Steele, Lea, Flood 2014), begun at a place that depends on seed, name and number.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    pub(super) fn new(seed: u64, name: &str, number: u64) -> Self {
        let named = name.bytes().fold(mix(seed), |state, byte| mix(state ^ u64::from(byte)));
        Self(mix(named ^ mix(number)))
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to below `n`; 0 for 0. The bias of multiply-and-shift is below n/2⁶⁴.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.throw()) * u128::from(n)) >> 64) as u64
    }

    /// An index into something of this length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }
}

/// Puts the numbers below n into another order without a table: exact quotas in constant memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permutation {
    n: u64,
    factor: u64,
    shift: u64,
}

impl Permutation {
    pub(super) fn new(n: u64, mut dice: Dice) -> Self {
        let n = n.max(1);
        let shift = dice.below(n);
        // A factor without a common divisor makes i ↦ factor·i + shift (mod n) one to one. 1 is always such a factor.
        let mut factor = dice.below(n).max(1);
        while greatest_divisor(factor, n) != 1 {
            factor = factor % n + 1;
        }
        Self { n, factor, shift }
    }

    pub(super) fn rank(&self, number: u64) -> u64 {
        let moved = u128::from(self.factor) * u128::from(number) + u128::from(self.shift);
        (moved % u128::from(self.n)) as u64
    }
}

fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_permutation_meets_every_number_once(n in 1u64..500, seed: u64) {
            let order = Permutation::new(n, Dice::new(seed, "test", 0));
            let mut ranks: Vec<u64> = (0..n).map(|number| order.rank(number)).collect();
            ranks.sort_unstable();
            prop_assert_eq!(ranks, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn dice_stay_in_range_and_repeat(seed: u64, number: u64, n in 1u64..1_000_000) {
            let throw = || Dice::new(seed, "test", number).below(n);
            prop_assert!(throw() < n);
            prop_assert_eq!(throw(), throw());
        }
    }

    #[test]
    fn dice_are_the_same_in_every_release() {
        let mut dice = Dice::new(1, "test", 2);
        expect_test::expect!["161 462 509"].assert_eq(&format!(
            "{} {} {}",
            dice.below(1000),
            dice.below(1000),
            dice.below(1000)
        ));
    }
}
