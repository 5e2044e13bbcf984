//! One node: `deploy/compose.yaml`.

use std::{fs, time::Duration};

use proto::intake::v1::Stage;
use tests::{Visitor, world::plain_mail};

use crate::{ALONE, Caller, Installation, channel, runtime, status_of};

const BOUND: Duration = Duration::from_secs(120);

#[test]
fn one_container_without_privileges_or_shell_takes_a_mail_and_shows_it() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let one = Installation::prepare(&["compose.yaml"], &["haproxy"], &[]);
    one.composed(&["up", "--detach"]);
    runtime().block_on(async {
        one.healthy(&["caibian"], BOUND).await;
        let container = one.container("caibian");

        let status = status_of(&one.engine, &container);
        let says = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
            line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
        };
        assert_eq!(says("Uid"), "65532 65532 65532 65532");
        for (name, wanted) in
            [("CapEff", "0000000000000000"), ("CapBnd", "0000000000000000"), ("NoNewPrivs", "1"), ("Seccomp", "2")]
        {
            assert_eq!(says(name), wanted, "{name}");
        }
        for shell in ["sh", "/bin/sh", "bash", "ls"] {
            let said = one.engine.docker(&["exec", &container, shell]);
            assert!(said.contains("executable file not found") || said.contains("no such file"), "{shell}: {said}");
        }
        // Whatever the program could be made to do, its own file stays.
        let read_only = one.engine.ask(&["inspect", "--format", "{{.HostConfig.ReadonlyRootfs}}", &container]);
        assert_eq!(read_only.trim(), "true");

        // The watched folder, since no mailbox is set up.
        let mail = one.local("one.eml");
        fs::write(&mail, plain_mail("li.na", 1, 20)).expect("our own folder");
        let inbox = format!("{container}:/var/lib/caibian/inbox/1.eml");
        one.engine.ask(&["cp", &mail.display().to_string(), &inbox]);
        let root = one.root();
        let caller = Caller::new(channel(&root), &one.secret("api.token"));
        let ledger = caller.settled(1, BOUND).await;
        ledger.assert_sound();
        assert_eq!(
            (ledger.messages[0].stage(), ledger.submissions.len()),
            (Stage::Recorded, 1),
            "{:?}",
            ledger.messages
        );
        let stranger = Caller::new(channel(&root), "none").ledger().await.expect_err("a call needs a token");
        assert_eq!(stranger.code(), tonic::Code::Unauthenticated);

        let mut admin = one.administrator("caibian", Visitor::over_tls("desk.localhost:8443", &root)).await;
        let list = admin.get("/submissions").await;
        let submission = admin.get(&list.link("/submissions/0")).await;
        assert!(submission.status == 200 && submission.html.contains("浙江省财政厅"), "{}", submission.html);

        assert!(one.caibian("caibian", &["verify"]).contains("no faults"));
        // What it keeps outlives the container.
        one.composed(&["up", "--detach", "--force-recreate"]);
        one.healthy(&["caibian"], BOUND).await;
        assert_eq!(caller.settled(1, BOUND).await.submissions, ledger.submissions);
        let container = one.container("caibian");
        one.composed(&["stop"]);
        let code = one.engine.ask(&["inspect", "--format", "{{.State.ExitCode}}", &container]);
        assert_eq!(code.trim(), "0", "it drains when it is asked to stop");
    });
}
