//! What settings promise.

use super::*;

fn keys(prefix: &str, value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) if prefix.is_empty() || !fields.is_empty() => {
            for (name, value) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                keys(&key, value, into);
            }
        }
        serde_json::Value::Array(items) if prefix == "mailbox" => keys(prefix, &items[0], into),
        _ => into.push(prefix.to_string()),
    }
}

#[test]
fn every_setting_is_described_and_nothing_else() {
    let settings = Settings { mailbox: vec![MailboxSettings::default()], ..Settings::default() };
    let mut there = Vec::new();
    keys("", &serde_json::to_value(&settings).unwrap(), &mut there);
    let mut described: Vec<String> = DESCRIBED.iter().map(|(key, ..)| (*key).to_string()).collect();
    there.sort();
    described.sort();
    assert_eq!(there, described);
}

#[test]
fn both_readmes_hold_the_settings() {
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(&markdown()), "put this into README.md:\n{}", markdown());
    let chinese: Vec<(&str, &str)> = include_str!("../../../../README.zh.md")
        .lines()
        .skip_while(|line| !line.starts_with("| 设置"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(key, rest)| (key, rest.split(" | ").next().unwrap_or_default()))
        .collect();
    let keys: Vec<&str> = DESCRIBED.iter().map(|(key, ..)| *key).collect();
    assert_eq!(chinese.iter().map(|(key, _)| *key).collect::<Vec<_>>(), keys, "README.zh.md");
    for ((key, told), (_, default, _)) in chinese.iter().zip(DESCRIBED) {
        // A default in words is translated; one in code is not.
        let is_code = default.starts_with('`') && default.matches('`').count() == 2;
        assert!(!is_code || default == told, "README.zh.md, {key}: {told} for {default}");
    }
}

fn load(toml: &str) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("caibian.toml");
    std::fs::write(&file, toml).unwrap();
    Settings::load(Some(&file))
}

#[test]
fn without_any_setting_a_watched_folder_takes_the_shipped_campaigns_mail() {
    let settings = load("").unwrap();
    assert_eq!(settings.store.url.expose_secret(), "sqlite:data/caibian.db");
    for listen in [settings.ops.address(), settings.ops.address_of_worker(), settings.ops.address_of_desk()] {
        assert!(listen.ip().is_loopback(), "{listen}");
    }
    assert_eq!(settings.mailbox[0].kind, MailboxKind::Folder);
    assert_eq!(settings.mailbox[0].address, "czzhengwen@163.com");
}

/// A mailbox that lacks nothing, and one more line.
fn mailbox(line: &str) -> String {
    format!("[[mailbox]]\nname = \"m\"\naddress = \"a@b\"\nhost = \"h\"\npassword_file = \"p\"\n{line}\n")
}

#[test]
fn a_mailbox_that_lacks_nothing_is_taken() {
    for line in
        ["", "port = 1143", "filing = \"flag:caibian\"", "answer_from = 2022-10-01T00:00:00+08:00", "idle = false"]
    {
        load(&mailbox(line)).unwrap();
    }
}

/// TLS that lacks nothing, and more lines.
fn tls(lines: &str) -> String {
    format!("[api.tls]\ncertificate_file = \"a\"\nkey_file = \"b\"\n{lines}\n")
}

/// A caller with a certificate.
fn caller(name: &str, san: &str) -> String {
    tls("client_authorities_file = \"c\"") + &format!("[[api.certificates]]\nname = {name:?}\nsan = {san:?}\n")
}

/// An issuer that lacks nothing, with one line in place of what it had.
fn issuer(line: &str) -> String {
    let usual = [
        "name = \"staff\"",
        "issuer = \"https://i\"",
        "audience = \"api\"",
        "jwks_url = \"https://i/keys\"",
        "role_claim = \"roles\"",
        "roles = { \"E.d\" = \"editor\" }",
    ];
    let key = line.split(' ').next();
    let kept = usual.into_iter().filter(|usual| usual.split(' ').next() != key);
    format!("[[api.issuers]]\n{}\n{line}\n", kept.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_words_of_an_issuers_roles_are_kept_letter_by_letter() {
    let settings = load(&issuer("")).unwrap();
    assert_eq!(settings.api.issuers[0].roles["E.d"], TokenRole::Editor);
}

#[test]
fn a_wrong_setting_is_named_with_its_place() {
    let cases = [
        ("data = \"\"", "setting data: a folder"),
        ("[store]\nurll = \"x\"", "setting store: unknown field `urll`"),
        ("[store]\nurl = \"mysql://x\"", "setting store.url: expected sqlite:PATH"),
        ("[store]\npassword_file = \"p\"", "setting store.password_file: SQLite asks for no password"),
        ("[worker]\nlease_seconds = 3", "setting worker.lease_seconds: expected 4 to 3600"),
        ("[api]\nlisten = \"nowhere\"", "setting api.listen: invalid socket address"),
        ("[api]\ntokens = [{ name = \"a\", sha256 = \"zz\" }]", "setting api.tokens[0].sha256: not a SHA-256"),
        ("[api.tls]\ncertificate_file = \"a\"", "setting api.tls.key_file: "),
        ("[api.tls]\nclient_authorities_file = \"a\"", "setting api.tls.certificate_file: "),
        (&tls("client_certificates = \"required\""), "setting api.tls.client_authorities_file: required with"),
        (&tls("client_certificates = \"no\""), "setting api.tls.client_certificates: expected one of"),
        (
            &tls("[[api.certificates]]\nname = \"a\"\nsan = \"b\""),
            "setting api.tls.client_authorities_file: required with",
        ),
        (&caller("", "spiffe://b"), "setting api.certificates[0].name: "),
        (&caller("a", "采编"), "setting api.certificates[0].san: "),
        (
            &(caller("a", "b.cn") + "[[api.certificates]]\nname = \"c\"\nsan = \"B.cn\""),
            "setting api.certificates[1].san: ",
        ),
        (&(caller("a", "b") + "[[api.certificates]]\nname = \"a\"\nsan = \"c\""), "setting api.certificates[1].name: "),
        (&issuer("name = \"a:b\""), "setting api.issuers[0].name: "),
        (&issuer("audience = \"\""), "setting api.issuers[0].audience: what"),
        (
            &(issuer("audience = \"us\"") + "[oidc]\nissuer = \"https://i\"\nclient_id = \"us\""),
            "setting api.issuers[0].audience: tokens",
        ),
        (&issuer("jwks_file = \"k\""), "setting api.issuers[0].jwks_url: either"),
        (&issuer("jwks_url = \"http://i/keys\""), "setting api.issuers[0].jwks_url: expected https"),
        (&issuer("role_claim = \"\""), "setting api.issuers[0].role_claim: "),
        (&issuer("roles = {}"), "setting api.issuers[0].roles: nobody"),
        (&(issuer("name = \"a\"") + &issuer("name = \"b\"")), "setting api.issuers[1].issuer: "),
        (
            &(issuer("name = \"a\"") + "[api]\ntokens = [{ name = \"a:x\", sha256 = \"" + &"ab".repeat(32) + "\" }]"),
            "setting api.issuers[0].name: ",
        ),
        ("[desk]\napi = \"127.0.0.1:50051\"", "setting desk.api: expected https"),
        ("[desk]\napi = \"http://h:1\"\napi_authorities_file = \"a\"", "setting desk.api: certificates ask"),
        ("[desk]\napi = \"https://h:1\"\napi_key_file = \"a\"", "setting desk.api_key_file: "),
        ("[procurement]\nterm = 1", "setting procurement: unknown field `term`"),
        ("[procurement.severities]\nCONTRACT_TERM = \"OFF\"", "setting procurement.severities.CONTRACT_TERM: "),
        ("[traces]\nendpoint = \"collector:4317\"", "setting traces.endpoint: expected https"),
        ("[traces]\nendpoint = \"http://h:1/v1/traces\"", "setting traces.endpoint: expected https"),
        ("[traces]\nendpoint = \"http://a:b@h:1\"", "setting traces.endpoint: expected https"),
        ("[traces]\nheaders_file = \"f\"", "setting traces.endpoint: the collector"),
        ("[traces]\nsample_ratio = 1.5", "setting traces.sample_ratio: expected 0 to 1"),
        ("[traces]\nendpoint = \"http://h:1\"\nheaders = { a = \"b\" }", "setting traces.headers: they may hold"),
        ("[traces]\nendpoint = \"https://h:1\"\nheaders = { \"a b\" = \"c\" }", "setting traces.headers: expected"),
        (
            "[traces]\nendpoint = \"https://h:1\"\nheaders_file = \"f\"\nheaders = { a = \"b\" }",
            "setting traces.headers_file: either",
        ),
        ("[traces]\nendpoint = \"http://h:1\"\nauthorities_file = \"a\"", "setting traces.authorities_file: "),
        ("[log]\nformat = \"xml\"", "setting log.format: expected one of `text` `json`"),
        ("[log]\nfilter = \"a=b=c\"", "setting log.filter: "),
        ("data = \"x", "line 1, column "),
        ("\n\n  data = = 1", "line 3, column 10: "),
        ("[mailbox]\nname = \"m\"", "setting mailbox: expected a sequence"),
        ("[[mailbox]]\naddress = \"a@b\"\nhost = \"h\"", "setting mailbox[0].name: "),
        ("[[mailbox]]\nname = \"m\"\naddress = \"a@b\"", "setting mailbox[0].host: "),
        ("[[mailbox]]\nname = \"m\"\naddress = \"ab\"", "setting mailbox[0].address: "),
        ("[[mailbox]]\nname = \"m\"\naddress = \"a@b\"\nkind = \"folder\"", "setting mailbox[0].path: "),
        ("[[mailbox]]\nname = \"m\"\naddress = \"a@b\"\nhost = \"h\"", "setting mailbox[0].password_file: "),
        (&mailbox("password = \"x\""), "setting mailbox[0].password_file: either"),
        (&mailbox("foldr = 1"), "setting mailbox[0]: unknown field `foldr`"),
        (&mailbox("filing = \"burn\""), "setting mailbox[0].filing: "),
        (&mailbox("filing = 'flag:\\Seen'"), "setting mailbox[0].filing: "),
        (&mailbox("filing = \"flag:a b\""), "setting mailbox[0].filing: "),
        (&mailbox("security = \"none\""), "setting mailbox[0].security: expected one of `tls` `starttls` `plain`"),
        (&mailbox("port = 70000"), "setting mailbox[0].port: expected"),
        (&mailbox("folders = [\"\"]"), "setting mailbox[0].folders: "),
        (&mailbox("folders = [\"INBOX\", \"INBOX\"]"), "setting mailbox[0].folders: "),
        (&mailbox("folders = \"INBOX\""), "setting mailbox[0].folders: expected"),
        (&mailbox("answer_from = \"2022-10-01\""), "setting mailbox[0].answer_from: expected an instant"),
        (&mailbox("sweep_seconds = 0"), "setting mailbox[0].sweep_seconds: expected 1 to 86400"),
        (&mailbox("command_timeout_seconds = 0"), "setting mailbox[0].command_timeout_seconds: "),
        (&mailbox("window_timeout_seconds = 99999"), "setting mailbox[0].window_timeout_seconds: "),
        (&mailbox("size_bytes_max = 0"), "setting mailbox[0].size_bytes_max: "),
        (&(mailbox("") + &mailbox("")), "setting mailbox[1].name: another"),
        (&mailbox("").replace("\"h\"", "\"imap://h\""), "setting mailbox[0].host: only the name"),
        ("[reply]\nmessage_id_domain = \"a b\"", "setting reply.message_id_domain: "),
        ("[reply]\nname = \"a\\nb\"", "setting reply.name: "),
        ("[reply]\non_uncertain = \"guess\"", "setting reply.on_uncertain: "),
        ("[reply.caps]\nhours = 1", "setting reply.caps: unknown field `hours`"),
        (&mailbox("smtp = { hots = \"h\" }"), "setting mailbox[0].smtp: unknown field `hots`"),
        (&mailbox("smtp = { host = \"smtp://h\" }"), "setting mailbox[0].smtp.host: only the name"),
        (
            &mailbox("smtp = { host = \"192.0.2.1\", security = \"plain\" }"),
            "setting mailbox[0].smtp.security: `plain` is only",
        ),
        (&mailbox("smtp = { host = \"h\", timeout_seconds = 0 }"), "setting mailbox[0].smtp.timeout_seconds: "),
        (
            &mailbox("smtp = { host = \"h\", password = \"x\", password_file = \"p\" }"),
            "setting mailbox[0].smtp.password_file: either",
        ),
        (&mailbox("smtp = { host = \"h\" }"), "setting mailbox[0].address: letters cannot come from"),
        (
            "[[mailbox]]\nname = \"m\"\nkind = \"folder\"\npath = \"p\"\naddress = \"a@b.cn\"\nsmtp = { host = \"h\" }",
            "setting mailbox[0].smtp.password_file: a password",
        ),
        (
            &mailbox("security = \"plain\"").replace("\"h\"", "\"192.0.2.1\""),
            "setting mailbox[0].security: `plain` is only",
        ),
    ];
    for (toml, place) in cases {
        let error = load(toml).expect_err(toml).to_string();
        assert!(error.contains(place), "{toml}: {error}");
    }
}

#[test]
fn the_token_of_an_empty_variable_opens_nothing() {
    let toml = format!("[api]\ntokens = [{{ name = \"a\", sha256 = \"{}\" }}]", stdx::Sha256::of(b""));
    assert!(load(&toml).unwrap_err().to_string().contains("api.tokens[0].sha256"));
}

#[test]
fn an_error_never_shows_a_value() {
    let cases = [
        "[[mailbox]]\npassword = \"geheim",
        "[[mailbox]]\npassword = geheim",
        "[[mailbox]]\npassword = \"geheim\"\"",
        "[[mailbox]]\npassword = \"geheim\\q\"",
        "[[mailbox]]\npassword = \"geheim\" password_file = \"x\"",
        "[[mailbox]]\nport = \"geheim\"",
        "mailbox = \"geheim\"",
        "[api]\ntokens = [\"geheim\"]",
        "[api]\ntokens = [{ name = \"a\", sha256 = \"geheim\" }]",
        "[traces]\nheaders = \"geheim\"",
        "[traces]\nheaders = { authorization = [\"geheim\"] }",
        "store = \"postgres://a:geheim@h/d\"",
        "[store]\nurl = \"geheim://a:geheim@h/d\"",
    ];
    for toml in cases {
        let error = load(toml).expect_err(toml);
        assert!(!format!("{error} {error:?}").contains("geheim"), "{toml}: {error}");
    }
}

#[test]
fn the_example_that_ships_is_understood() {
    let settings = load(include_str!("../../../../deploy/caibian.example.toml")).unwrap();
    assert_eq!(settings.mailbox[0].host, "imap.163.com");
    assert_eq!(settings.mailbox[0].port, 993);
    // A placeholder, until deploy/prepare has made a token.
    let container = include_str!("../../../../deploy/caibian.container.toml");
    load(&container.replace("@API_TOKEN_SHA256@", &"ab".repeat(32))).unwrap();
    let cluster = load(include_str!("../../../../deploy/kubernetes/caibian.toml")).unwrap();
    assert!(!cluster.store.migrate_at_start);
}

#[test]
fn the_password_of_the_database_may_lie_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let with = |url: &str| load(&format!("[store]\nurl = \"{url}\"\npassword_file = {:?}", file.display().to_string()));
    let address = |url: &str| with(url).unwrap().store.address();
    let missing = address("postgres://caibian@db/caibian").unwrap_err().to_string();
    assert!(missing.contains("setting store.password_file: "), "{missing}");
    std::fs::write(&file, "ge/he@im\n").unwrap();
    let found = address("postgres://caibian@db/caibian").unwrap();
    assert_eq!(found.expose_secret(), "postgres://caibian:ge%2Fhe%40im@db/caibian");
    let twice = address("postgres://caibian:x@db/caibian").unwrap_err().to_string();
    assert!(twice.contains("either this or a password in store.url"), "{twice}");
}

#[test]
fn a_password_is_never_shown() {
    let toml = "[store]\nurl = \"postgres://caibian:geh@eim@db.example/caibian?sslmode=require&sslpassword=geheim\"\n"
        .to_owned()
        + "[[mailbox]]\nname = \"m\"\nhost = \"h\"\naddress = \"a@b\"\npassword = \"geheim\"";
    let settings = load(&toml).unwrap();
    let shown = toml::to_string(&settings).unwrap();
    assert!(shown.contains("postgres://caibian:***@db.example/caibian?sslmode=require&sslpassword=***"), "{shown}");
    for text in [shown, format!("{settings:?}")] {
        assert!(!text.contains("geh") && !text.contains("eim"), "{text}");
    }
}

#[test]
fn what_a_collector_is_sent_is_never_shown_and_may_lie_in_a_file() {
    let set = "[traces]\nendpoint = \"https://collector.example.cn:4317\"\n";
    let settings = load(&format!("{set}headers = {{ authorization = \"Bearer geheim\" }}")).unwrap();
    for shown in [toml::to_string(&settings).unwrap(), format!("{settings:?}")] {
        assert!(shown.contains("authorization") && !shown.contains("geheim"), "{shown}");
    }
    let (name, value) = settings.traces.read_headers().unwrap().remove(0);
    assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Bearer geheim"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headers");
    let settings = load(&format!("{set}headers_file = {:?}", file.display().to_string())).unwrap();
    std::fs::write(&file, "Authorization: Bearer geheim\n\nx-scope: 采编\n").unwrap();
    let told = settings.traces.read_headers().unwrap_err().to_string();
    assert!(told.starts_with("setting traces.headers_file: ") && told.contains("line 3"), "{told}");
    assert!(!told.contains("geheim") && !told.contains("采编"), "{told}");
    std::fs::write(&file, "Authorization: Bearer geheim\n\nx-scope: a:b\n").unwrap();
    let read = settings.traces.read_headers().unwrap();
    assert_eq!((read.len(), read[1].1.to_str().unwrap()), (2, "a:b"));
}

#[test]
fn an_identity_provider_is_reached_by_tls_or_on_this_machine_and_its_secret_stands_in_one_place() {
    let load = |lines: &str| load(&format!("[oidc]\n{lines}"));
    let kept =
        load("issuer = \"https://id.example.cn/realms/office\"\nclient_id = \"caibian\"\nclient_secret = \"geheim\"");
    let shown = serde_json::to_string(&kept.unwrap()).unwrap();
    assert!(!shown.contains("geheim"), "{shown}");
    load("issuer = \"http://127.0.0.1:8080\"\nclient_id = \"caibian\"").unwrap();
    for (lines, key) in [
        ("issuer = \"http://id.example.cn\"\nclient_id = \"caibian\"", "oidc.issuer"),
        ("issuer = \"https://id.example.cn?x=1\"\nclient_id = \"caibian\"", "oidc.issuer"),
        ("issuer = \"https://id.example.cn\"", "oidc.client_id"),
        ("client_id = \"caibian\"", "oidc.issuer"),
        (
            "issuer = \"https://id.example.cn\"\nclient_id = \"c\"\nclient_secret = \"a\"\nclient_secret_file = \"b\"",
            "oidc.client_secret_file",
        ),
        ("issuer = \"https://id.example.cn\"\nclient_id = \"c\"\nname_zh = \"\"", "oidc.name_zh"),
        ("issuer = \"https://id.example.cn\"\nclient_id = \"c\"\nunknown_users = \"editor\"", "oidc.unknown_users"),
    ] {
        let told = load(lines).unwrap_err().to_string();
        assert!(told.starts_with(&format!("setting {key}: ")), "{lines}: {told}");
    }
}

#[test]
fn a_bucket_is_reached_by_tls_or_on_this_machine_and_its_key_stands_in_one_place() {
    let whole = "bucket = \"magazine\"\naccess_key_id = \"a\"\n";
    let load = |lines: &str| load(&format!("[blobs.s3]\n{lines}"));
    let kept = load(&format!("{whole}endpoint = \"https://s3.example.cn\"\nsecret_access_key = \"geheim\"")).unwrap();
    for shown in [serde_json::to_string(&kept).unwrap(), format!("{kept:?}")] {
        assert!(!shown.contains("geheim"), "{shown}");
    }
    let keyed = format!("{whole}secret_access_key_file = \"k\"\n");
    for lines in [
        "",
        "endpoint = \"http://127.0.0.1:9000/\"",
        "prefix = \"a/b-c\"",
        "allow_http = true\nendpoint = \"http://s3\"",
    ] {
        load(&format!("{keyed}{lines}")).unwrap();
    }
    for (lines, key) in [
        ("endpoint = \"http://s3.example.cn\"", "endpoint"),
        ("endpoint = \"s3.example.cn\"", "endpoint"),
        ("endpoint = \"https://s3.example.cn/magazine\"", "endpoint"),
        ("endpoint = \"https://user@s3.example.cn\"", "endpoint"),
        ("prefix = \"/a\"", "prefix"),
        ("prefix = \"a/../b\"", "prefix"),
        ("region = \"\"", "region"),
        ("secret_access_key = \"k\"", "secret_access_key_file"),
    ] {
        let told = load(&format!("{keyed}{lines}")).unwrap_err().to_string();
        assert!(told.starts_with(&format!("setting blobs.s3.{key}: ")), "{lines}: {told}");
    }
    for (lines, key) in [
        (whole.to_owned(), "secret_access_key_file"),
        (keyed.replace("magazine", "a b"), "bucket"),
        (keyed.replace("bucket = \"magazine\"", ""), "bucket"),
        (keyed.replace("access_key_id = \"a\"", ""), "access_key_id"),
    ] {
        let told = load(&lines).unwrap_err().to_string();
        assert!(told.starts_with(&format!("setting blobs.s3.{key}: ")), "{lines}: {told}");
    }
}
