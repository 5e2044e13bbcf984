//! Writes bits for the parameter sets and slices of a video (ITU-T H.264 and H.265).

/// Bits, the most significant first.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    used: u8,
}

impl Bits {
    /// Appends the lowest `count` bits of a number.
    pub(crate) fn put(&mut self, value: u32, count: u32) -> &mut Self {
        for index in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if value >> index & 1 == 1
                && let Some(last) = self.bytes.last_mut()
            {
                *last |= 0x80 >> self.used;
            }
            self.used = (self.used + 1) % 8;
        }
        self
    }

    /// Appends an unsigned Exp-Golomb code.
    pub(crate) fn golomb(&mut self, value: u32) -> &mut Self {
        let length = 32 - (value + 1).leading_zeros();
        self.put(0, length - 1).put(value + 1, length)
    }

    /// Closes with the stop bit and puts the emulation prevention bytes in (ITU-T H.264, 7.4.1).
    pub(crate) fn unit(&mut self, header: &[u8]) -> Vec<u8> {
        self.put(1, 1);
        let mut unit = header.to_vec();
        let mut zeros = 0;
        for &byte in &self.bytes {
            if zeros >= 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}
