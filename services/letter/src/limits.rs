//! Every bound of this room in one place. Whoever raises one should know what it costs in memory and time.

/// Bounds on what is read of one mail (the figures are those of Dovecot and of common mail gateways).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Levels of multiparts and of mails within mails.
    pub depth_max: usize,
    /// Parts, containers counted.
    pub parts_max: usize,
    /// Bytes of the mail's own header.
    pub header_bytes_max: usize,
    /// Bytes of all part headers together.
    pub part_header_bytes_max: usize,
    /// Fields in one header.
    pub headers_max: usize,
    /// Addresses in one field.
    pub addresses_max: usize,
    /// Bytes of a decoded subject, and of any other field that is kept as text.
    pub field_bytes_max: usize,
    /// Bytes of a decoded file name.
    pub name_bytes_max: usize,
    /// Bytes of the body's text and of each document's text.
    pub text_bytes_max: usize,
    /// Bytes of HTML that are turned into text.
    pub html_bytes_max: usize,
    /// Documents whose text is read.
    pub documents_max: usize,
    /// Bytes of all documents' texts together.
    pub documents_bytes_max: usize,
    /// Uuencoded files taken out of one text.
    pub uuencoded_max: usize,
    /// Faults that are told.
    pub faults_max: usize,
    /// Bytes of the whole letter as JSON.
    pub letter_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 100,
            parts_max: 10_000,
            header_bytes_max: 1 << 20,
            part_header_bytes_max: 1 << 20,
            headers_max: 1_000,
            addresses_max: 10_000,
            field_bytes_max: 16 << 10,
            name_bytes_max: 1 << 10,
            text_bytes_max: 256 << 10,
            html_bytes_max: 1 << 20,
            documents_max: 200,
            documents_bytes_max: 6 << 20,
            uuencoded_max: 100,
            faults_max: 200,
            letter_bytes_max: 16 << 20,
        }
    }
}
