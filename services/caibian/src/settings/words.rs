//! Settings that take one of a few words, or an instant; an error tells what is taken.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An enum whose words in settings stand beside its variants.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
        }

        impl $name {
            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match String::deserialize(deserializer)?.as_str() {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(D::Error::custom(concat!("expected one of", $(" `", $word, "`",)+))),
                }
            }
        }
    };
}

words! {
    /// How a log line looks.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

words! {
    /// Where mails come from.
    MailboxKind {
        /// An IMAP server.
        Imap = "imap",
        /// A watched folder of `.eml` files or a Maildir.
        Folder = "folder",
    }
}

words! {
    /// How the line is protected.
    Security {
        /// TLS from the first byte.
        Tls = "tls",
        /// TLS after STARTTLS.
        Starttls = "starttls",
        /// None; loopback only.
        Plain = "plain",
    }
}

words! {
    /// How the user proves itself.
    Auth {
        /// `LOGIN`.
        Login = "login",
        /// `AUTHENTICATE PLAIN`.
        Plain = "plain",
        /// `AUTHENTICATE XOAUTH2`.
        Xoauth2 = "xoauth2",
    }
}

words! {
    /// What becomes of people whom the identity provider knows and we do not.
    UnknownUsers {
        /// Told that they have no account.
        Refuse = "refuse",
        /// Given one, as viewers.
        Viewer = "viewer",
    }
}

words! {
    /// Whether callers show certificates, where their authorities are set.
    ClientCertificates {
        /// They may.
        Optional = "optional",
        /// They must, or no line is opened.
        Required = "required",
    }
}

/// An instant with its zone.
pub(super) fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_rfc3339(&text)
        .map(|instant| Some(instant.to_utc()))
        .map_err(|_| D::Error::custom("expected an instant with its zone, such as 2022-10-01T00:00:00+08:00"))
}
