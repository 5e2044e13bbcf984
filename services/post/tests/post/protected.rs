//! TLS as letters travel by it: whom it trusts, and that nothing is said in plain.

use std::time::Duration;

use post::{Post, Security, SmtpSettings, deliver};
use reply::outbox::{Outbox, Outcome};

use crate::{authority::Authority, fake::Fake, outbox::Tables, outcomes::LETTER};

async fn outcome(fake: &Fake, security: Security, root_pem: Option<Vec<u8>>) -> Outcome {
    let tables = Tables::default();
    tables.write(LETTER);
    let letter = tables.take("", Duration::ZERO).await.unwrap().unwrap();
    let timeout = Duration::from_secs(5);
    let settings = SmtpSettings { security, extra_root_pem: root_pem, timeout, ..fake.settings() };
    deliver(&mut Post::new(settings), &tables, &letter).await.unwrap()
}

#[tokio::test]
async fn a_letter_goes_protected_from_the_first_byte_or_after_starttls() {
    let authority = Authority::new("IP:127.0.0.1");
    for security in [Security::Tls, Security::StartTls] {
        let fake = Fake::protected(security, authority.server(), true).await;
        // With STARTTLS the server says an answer too many before the handshake: it counts for nothing.
        let outcome = outcome(&fake, security, Some(authority.root_pem.clone())).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{security:?}: {outcome:?}");
        assert_eq!(fake.heard(|heard| heard.accepted.clone()), [LETTER]);
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_known_or_of_another_name_gets_no_password() {
    let (here, elsewhere) = (Authority::new("IP:127.0.0.1"), Authority::new("DNS:smtp.example.org"));
    for security in [Security::Tls, Security::StartTls] {
        for (authority, trusted) in [(&here, None), (&here, Some(&elsewhere)), (&elsewhere, Some(&elsewhere))] {
            let fake = Fake::protected(security, authority.server(), true).await;
            let outcome = outcome(&fake, security, trusted.map(|trusted| trusted.root_pem.clone())).await;
            assert!(matches!(outcome, Outcome::Unable { .. }), "{outcome:?}");
            assert_eq!((fake.count("AUTH"), fake.count("MAIL")), (0, 0));
        }
    }
}

#[tokio::test]
async fn where_starttls_is_not_offered_nothing_is_said_in_plain() {
    let authority = Authority::new("IP:127.0.0.1");
    let fake = Fake::protected(Security::StartTls, authority.server(), false).await;
    let outcome = outcome(&fake, Security::StartTls, Some(authority.root_pem.clone())).await;
    let Outcome::Unable { said } = outcome else { panic!("{outcome:?}") };
    assert!(said.contains("STARTTLS"), "{said}");
    assert_eq!((fake.count("AUTH"), fake.count("MAIL")), (0, 0));
}
