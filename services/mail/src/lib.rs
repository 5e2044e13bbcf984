//! Talks to mail servers and mail folders; has no opinion on what a mail means.
