//! Closed lists whose members have a stable code (data files, tables, the wire) and a Chinese word (people).

/// Declares an enum with `ALL`, `code`, `chinese`, `Display` (the code) and `FromStr` (the code).
macro_rules! coded {
    ($(#[$note:meta])* $name:ident, $what:literal: $($(#[$member_note:meta])* $member:ident = $code:literal $chinese:literal,)+) => {
        $(#[$note])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$member_note])* $member,)+
        }

        impl $name {
            /// Every member, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The stable code of data files, tables and the wire.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$member => $code,)+
                }
            }

            /// The word that Chinese readers are shown.
            #[must_use]
            pub fn chinese(self) -> &'static str {
                match self {
                    $(Self::$member => $chinese,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|member| member.code() == text).ok_or_else(|| {
                    let codes: Vec<_> = Self::ALL.iter().map(|member| member.code()).collect();
                    $crate::error::Error::malformed($what, text, format!("must be one of {}", codes.join(", ")))
                })
            }
        }
    };
}
pub(crate) use coded;
