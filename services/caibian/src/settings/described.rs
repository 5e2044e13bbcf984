//! Every setting, explained to people; tests hold it against the structs, and both READMEs against it.

/// One setting, explained: key, default as shown, meaning.
pub type Described = (&'static str, &'static str, &'static str);

/// Every setting, in the order of the struct.
pub const DESCRIBED: &[Described] = &[
    ("data", "`data`", "Folder for everything that has no place of its own"),
    ("store.url", "`sqlite:` in `data`", "The database: `sqlite:PATH` or `postgres://user:password@host/name`"),
    (
        "store.password_file",
        "none",
        "A file that holds the password of `store.url`, which then has none; read at start",
    ),
    (
        "store.migrate_at_start",
        "`true`",
        "Bring the tables up to date (under a lock) when `all`, `api` or `worker` starts",
    ),
    (
        "blobs.folder",
        "`blobs` in `data`",
        "Raw mails and attachments, each under its SHA-256; with a bucket, drafts and copies of what was used last. Each machine has its own then",
    ),
    (
        "blobs.cache_bytes_max",
        "`10737418240`",
        "With a bucket: bytes of copies from which those used least recently go; what was used within the hour stays",
    ),
    (
        "blobs.s3.bucket",
        "none",
        "Bucket of an S3 server that keeps raw mails and attachments; without one they stay in `blobs.folder`",
    ),
    ("blobs.s3.endpoint", "AWS in the region", "The server, such as `https://s3.example.cn`"),
    ("blobs.s3.region", "`us-east-1`", "The region that requests are signed for"),
    ("blobs.s3.prefix", "none", "What keys begin with, such as `caibian/mail`"),
    (
        "blobs.s3.bucket_in_host",
        "`false`",
        "Whether the bucket's name stands in the host (`https://BUCKET.HOST`) instead of the path, as some providers ask",
    ),
    ("blobs.s3.access_key_id", "required with `bucket`", "The name of the key that requests are signed with"),
    ("blobs.s3.secret_access_key", "none", "The key"),
    ("blobs.s3.secret_access_key_file", "none", "A file that holds the key instead; read at start"),
    (
        "blobs.s3.root_certificate_file",
        "none",
        "PEM file of one more root certificate, for a server with a private one",
    ),
    (
        "blobs.s3.allow_http",
        "`false`",
        "Whether `http` is taken beyond this machine: mails then cross the network unprotected",
    ),
    (
        "api.listen",
        "`127.0.0.1:50051`",
        "Address of the gRPC service; port 0 takes a free one and writes it to `api.address` in `data`",
    ),
    (
        "api.tls.certificate_file",
        "none",
        "PEM file of the service's certificate, and those between it and its authority; with it the service answers by TLS alone. Read again when it changes, like the other files of `api.tls` and those of `desk.api_…`",
    ),
    ("api.tls.key_file", "required with `certificate_file`", "PEM file of its key"),
    (
        "api.tls.client_authorities_file",
        "none",
        "PEM file of the authorities of callers' certificates (mutual TLS); a certificate of another authority opens no line",
    ),
    (
        "api.tls.client_certificates",
        "`optional`",
        "With authorities: whether a caller may show a certificate, `optional`, or must, `required`",
    ),
    (
        "api.tokens",
        "none",
        "Who may call: a list of `{ name, sha256, role }`, the SHA-256 of each bearer token and its caller's role: `viewer`, `editor`, `chief-editor` or `administrator` (also when unset); without a token, certificate or issuer only loopback is served, and who brings none is an administrator",
    ),
    (
        "api.certificates",
        "none",
        "Who may call without a token: a list of `{ name, san, role }`, a subject alternative name of each caller's certificate, `spiffe://…` or another URI or a host's name, and the caller's role as for `api.tokens`",
    ),
    (
        "api.issuers",
        "none",
        "Whose signed tokens (JWT) are believed: a list of `{ name, issuer, audience, jwks_url, role_claim, roles }`, or `jwks_file` for keys in a file, and `root_certificate_file` for a private authority of `jwks_url`; `roles` says which word of the claim is which role, such as `{ \"caibian-editor\" = \"editor\" }`",
    ),
    (
        "api.page_token_key_file",
        "`page-token.key` in `data`",
        "32 bytes that seal page tokens and tickets, made when missing; several servers share one",
    ),
    (
        "desk.listen",
        "`127.0.0.1:8088`",
        "Address of the editors' desk; port 0 takes a free one and writes it to `desk.address` in `data`",
    ),
    (
        "desk.public_url",
        "none",
        "How people reach the desk, such as `https://desk.example.cn` behind a proxy with TLS, which tells whence in `X-Forwarded-For`; needed beyond loopback",
    ),
    (
        "desk.api",
        "`api.listen`",
        "Where the desk reaches the gRPC service, such as `http://127.0.0.1:50051` or `https://api.example.cn:50051`; required with `api.tls`, by a name of the certificate",
    ),
    (
        "desk.api_authorities_file",
        "the usual ones",
        "PEM file of the authorities that the service's certificate must be of, such as a private one",
    ),
    (
        "desk.api_certificate_file",
        "none",
        "PEM file of a certificate that the desk shows to the service; people's rights are still those of their sessions",
    ),
    ("desk.api_key_file", "required with it", "PEM file of its key"),
    (
        "desk.content_listen",
        "`127.0.0.1:8089`",
        "Address of what shows mail as it was sent, an origin apart from the desk; port 0 takes a free one and writes it to `content.address` in `data`",
    ),
    (
        "desk.content_public_url",
        "none",
        "How browsers reach that, such as `https://mail.example.cn`: another host than `desk.public_url`, and needed with it, or there is no such view",
    ),
    (
        "oidc.issuer",
        "none",
        "Identity provider (OpenID Connect) that people sign in at besides here, such as `https://id.example.cn/realms/office`, as its tokens say it; `http` on this machine alone. It sends browsers back to `/sign-in/provider/return` at `desk.public_url`",
    ),
    ("oidc.client_id", "required with `issuer`", "The name by which the provider knows this installation"),
    ("oidc.client_secret", "none", "Its secret; without one, a public client"),
    ("oidc.client_secret_file", "none", "A file that holds the secret instead; read at start"),
    ("oidc.root_certificate_file", "none", "PEM file of one more root certificate, for a provider with a private one"),
    ("oidc.name_zh", "`统一身份认证`", "What people call the provider, on the button in Chinese"),
    ("oidc.name_en", "`single sign-on`", "The same in English"),
    (
        "oidc.user_claim",
        "`preferred_username`",
        "The claim of the ID token that ties a person to an invited user name at the first sign-in; it must be one that people cannot choose for themselves",
    ),
    (
        "oidc.unknown_users",
        "`refuse`",
        "People without an account: `refuse`, or `viewer` to give them one with this role",
    ),
    (
        "procurement.severities",
        "none",
        "Weights of procurement rules by code, `OFF`, `WARNING` or `ERROR`, such as `{ EVALUATOR_INDEPENDENT = \"ERROR\" }`; what is the law's is never weakened",
    ),
    ("procurement.term_months_max", "`12`", "Longest term of a contract, in months (102号令 §24)"),
    (
        "procurement.term_with_basis_months_max",
        "`36`",
        "The same where budget, content, funding and price are steady (102号令 §24)",
    ),
    ("procurement.amendments_percent_max", "`10`", "All supplements against the first amount (政府采购法 §49)"),
    ("procurement.signing_days_max", "`30`", "Days from the award letter to the signature (政府采购法 §46)"),
    ("procurement.publication_workdays_max", "`2`", "Working days until a contract is published (实施条例 §50)"),
    ("procurement.filing_workdays_max", "`7`", "Working days until a copy is filed (政府采购法 §47)"),
    (
        "procurement.negative_words",
        "as shipped",
        "Words that point at what may not be bought as a service (102号令 §10): a list of `{ exclusion, words }`",
    ),
    (
        "ops.listen",
        "`127.0.0.1:9464`",
        "Address of `/livez`, `/readyz` and `/metrics`, without a password and without personal data; unset, a worker alone takes port 9465 and a desk alone 9466; port 0 takes a free one and writes it to `ops.address` in `data`",
    ),
    ("worker.name", "host name and `data`", "Who holds the leases; two workers need two names"),
    (
        "worker.lease_seconds",
        "`60`",
        "How long a lease lasts without renewal: another worker takes over after a quarter more at most",
    ),
    ("reply.name", "`编辑部`", "The name beside the address of our letters"),
    ("reply.message_id_domain", "the address's domain", "Right side of the `Message-ID`s of our letters"),
    (
        "reply.authserv_id",
        "none",
        "Name by which the receiving server signs `Authentication-Results`; with it, mail with a forged sender is never answered",
    ),
    (
        "reply.answers_unproven",
        "`false`",
        "With `authserv_id`: whether mail is answered whose sender is neither proved nor refuted",
    ),
    (
        "reply.on_uncertain",
        "`hold`",
        "A letter of which nobody knows whether it went: `hold` for a person, or `resend` once",
    ),
    ("reply.hold_declines", "`true`", "Whether a letter that declines waits until a person approves it"),
    ("reply.caps.sender_day", "`10`", "Automatic letters to one sender in 24 hours"),
    ("reply.caps.sender_bare_day", "`1`", "Of these, answers to mail without a manuscript"),
    ("reply.caps.hour", "`60`", "Letters to anybody in an hour"),
    ("reply.caps.day", "`400`", "Letters to anybody in 24 hours"),
    ("reply.caps.failed_min", "`5`", "Failures in an hour from which letters stop"),
    ("reply.caps.failed_percent", "`30`", "Share of failures in that hour from which they do, in percent"),
    ("reply.caps.pause_minutes", "`60`", "How long they stop before one letter tries again"),
    (
        "scan.clamd",
        "none",
        "Where a clamd listens that sees each mail before it is taken apart: `unix:/run/clamav/clamd.ctl` or `host:port`; a mail in which it finds something is quarantined, and without its answer mail waits",
    ),
    (
        "scan.size_bytes_max",
        "`26214400`",
        "Bytes that clamd takes, its `StreamMaxLength`; of a longer mail it sees each part that is not longer, and films usually are",
    ),
    (
        "history.digests_file",
        "`history.digests` in `data`",
        "A file that gets one line a day, the digest of all histories; keep it, or its copies, where those who can change the database cannot",
    ),
    (
        "retention.other_mail_days",
        "`0`",
        "Days after which mails that are no submission are erased, 30 at least; 0 keeps them. Manuscripts are kept as their campaign says",
    ),
    ("log.format", "`text`", "`text` or `json`"),
    (
        "log.filter",
        "`info`",
        "Such as `info,worker=debug`; what libraries write below INFO could hold a password or a mail, and stays off whatever this says",
    ),
    (
        "traces.endpoint",
        "none",
        "Collector that traces are told to (OTLP over gRPC), such as `http://127.0.0.1:4317`; without one no trace is made",
    ),
    (
        "traces.sample_ratio",
        "`1.0`",
        "Share of traces that is kept, 0 to 1; a trace is kept whole or not at all, whatever callers say of theirs",
    ),
    (
        "traces.headers",
        "none",
        "What each request to the collector bears, such as `{ authorization = \"Bearer …\" }`; over `https`, or on this machine",
    ),
    ("traces.headers_file", "none", "A file that holds them instead, `NAME: VALUE` a line; read at start"),
    (
        "traces.authorities_file",
        "the usual ones",
        "PEM file of the authorities that the collector's certificate must be of, such as a private one; read at start",
    ),
    ("mailbox.name", "required", "Unique; ties the mailbox to its rows, never change it"),
    ("mailbox.kind", "`imap`", "`imap`, or `folder` for a watched folder of `.eml` files or a Maildir"),
    ("mailbox.address", "required", "The address that authors write to; campaigns with this address take its mail"),
    ("mailbox.path", "required for `folder`", "The watched folder"),
    ("mailbox.host", "required for `imap`", "The IMAP server"),
    ("mailbox.port", "`993`, or `143`", "Its port; 143 unless `security` is `tls`"),
    ("mailbox.security", "`tls`", "`tls`, `starttls`, or `plain` (loopback only)"),
    ("mailbox.auth", "`login`", "`login`, `plain` or `xoauth2`"),
    ("mailbox.user", "the address", "The login name"),
    ("mailbox.password", "empty", "Password, authorisation code (授权码) or OAuth token"),
    ("mailbox.password_file", "none", "A file that holds the password instead; read at start"),
    ("mailbox.root_certificate_file", "none", "PEM file of one more root certificate, for a server with a private one"),
    ("mailbox.folders", "`[\"INBOX\"]`", "Folders to sweep, by the names that people see; add the junk folder"),
    ("mailbox.sweep_seconds", "`60`", "Most seconds between two sweeps; new mail is also told by IDLE"),
    ("mailbox.idle", "`true`", "Wait by IDLE where the server can"),
    ("mailbox.answer_from", "first contact", "Mail received before this instant is recorded and never answered"),
    (
        "mailbox.filing",
        "`leave`",
        "What happens to a recorded mail on the server: `leave`, `flag:KEYWORD`, `move:FOLDER`",
    ),
    ("mailbox.size_bytes_max", "`1610612736`", "Larger mails stay on the server, with a row that says so"),
    ("mailbox.command_timeout_seconds", "`30`", "Time limit of one IMAP command"),
    ("mailbox.window_timeout_seconds", "`60`", "Time limit of one window (1 MiB) of a mail"),
    ("mailbox.smtp.host", "none", "The server that letters to authors leave by; without it none is written"),
    ("mailbox.smtp.port", "`465`, `587` or `25`", "Its port, by `security`"),
    ("mailbox.smtp.security", "`tls`", "`tls`, `starttls`, or `plain` (loopback only)"),
    ("mailbox.smtp.user", "the mailbox's", "The login name"),
    ("mailbox.smtp.password", "the mailbox's", "Password or authorisation code (授权码)"),
    ("mailbox.smtp.password_file", "none", "A file that holds the password instead; read at start"),
    ("mailbox.smtp.root_certificate_file", "none", "PEM file of one more root certificate"),
    (
        "mailbox.smtp.timeout_seconds",
        "`60`",
        "Time limit of one step of sending; the answer to the end of a letter has five times as long",
    ),
];

/// The settings as a Markdown table, as the README holds it.
pub fn markdown() -> String {
    let mut table = String::from("| setting | default | meaning |\n| --- | --- | --- |\n");
    for (key, default, meaning) in DESCRIBED {
        table.push_str(&format!("| `{key}` | {default} | {meaning} |\n"));
    }
    table
}
