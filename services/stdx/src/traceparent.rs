//! Where something stands in a trace, as programs tell each other (W3C Trace Context): the trace and one span of it.

use std::{fmt, str::FromStr};

/// Bytes of a `traceparent` of version 00.
const BYTES: usize = 55;

/// One span of one trace. Ids that are all zero are none, so there is no such value with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Traceparent {
    trace_id: u128,
    span_id: u64,
    is_sampled: bool,
}

/// The text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: expected 00-TRACE-SPAN-FLAGS in lower-case hexadecimal digits")]
pub struct NotATraceparent;

impl Traceparent {
    /// A span of a trace; none when an id is zero.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64, is_sampled: bool) -> Option<Self> {
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id, is_sampled })
    }

    /// The trace.
    #[must_use]
    pub fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The span.
    #[must_use]
    pub fn span_id(self) -> u64 {
        self.span_id
    }

    /// Whether the span is kept, as its maker says.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.is_sampled
    }
}

impl fmt::Display for Traceparent {
    /// Of version 00: 55 characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }
}

impl FromStr for Traceparent {
    type Err = NotATraceparent;

    /// What a version above 00 adds is left out, as the recommendation asks (§4.3).
    fn from_str(text: &str) -> Result<Self, NotATraceparent> {
        let (head, more) = text.split_at_checked(BYTES).ok_or(NotATraceparent)?;
        let mut parts = head.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(part)
        };
        let read = (part(2), part(32), part(16), part(2));
        let (Some(version), Some(trace_id), Some(span_id), Some(flags)) = read else { return Err(NotATraceparent) };
        if version == "ff" || (version == "00" && !more.is_empty()) || !(more.is_empty() || more.starts_with('-')) {
            return Err(NotATraceparent);
        }
        let trace_id = u128::from_str_radix(trace_id, 16).map_err(|_| NotATraceparent)?;
        let span_id = u64::from_str_radix(span_id, 16).map_err(|_| NotATraceparent)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| NotATraceparent)?;
        Self::new(trace_id, span_id, flags & 1 == 1).ok_or(NotATraceparent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of the recommendation.
    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_written_is_read_again() {
        let read: Traceparent = TEXT.parse().unwrap();
        assert_eq!((read.to_string().as_str(), read.is_sampled()), (TEXT, true));
        let unsampled: Traceparent = TEXT.replace("-01", "-00").parse().unwrap();
        assert!(!unsampled.is_sampled());
        assert_eq!(unsampled.to_string().len(), BYTES);
    }

    #[test]
    fn what_is_none_is_refused() {
        let of = |from: &str, to: &str| TEXT.replacen(from, to, 1);
        for text in [
            String::new(),
            TEXT[1..].to_owned(),
            format!("{TEXT}-more"),
            of("00-", "ff-"),
            of("00-", "0g-"),
            of("4bf", "4BF"),
            of("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            of("00f067aa0ba902b7", &"0".repeat(16)),
            of("-01", "_01"),
            of("-01", "-+1"),
            of("4bf", "采"),
            format!("{}x", of("00-", "01-")),
        ] {
            assert_eq!(text.parse::<Traceparent>(), Err(NotATraceparent), "{text}");
        }
        // A later version may say more.
        assert_eq!(format!("{}-more", of("00-", "01-")).parse::<Traceparent>().unwrap().to_string(), TEXT);
    }
}
