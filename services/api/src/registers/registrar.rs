//! What every register does the same way: names, pages, filters, masks, etags, request ids, soft deletion.

/// The arguments that every List call has. Made by [`list_of!`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// 0 is 50; at most 1,000.
    pub page_size: i32,
    /// Of the page before.
    pub page_token: String,
    /// See `filter`.
    pub filter: String,
    /// Comma-separated fields, each with an optional ` desc`.
    pub order_by: String,
    /// Deleted ones too.
    pub show_deleted: bool,
    /// Whether the size of the whole is told.
    pub return_total: bool,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<M> {
    /// In the order asked for.
    pub resources: Vec<M>,
    /// Empty at the end.
    pub next_page_token: String,
    /// How many there are in all, if asked.
    pub total_size: Option<i64>,
}

/// The arguments that every writing call has, with what makes it the same call. Made by [`write_of!`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The full name of the method: `caibian.procurement.v1.PurchaserService/CreatePurchaser`.
    pub method: &'static str,
    /// A UUID, or empty.
    pub request_id: String,
    /// Everything is tried, and nothing is kept.
    pub validate_only: bool,
    /// Who calls, for the history.
    pub caller: String,
    /// SHA-256 of the encoded request.
    pub body_sha256: Option<stdx::Sha256>,
}
